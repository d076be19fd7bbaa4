// What people type, and how findings, hours and holds are told.

import { afterEach, describe, expect, it } from "vitest";
import type { Alarm, Finding, Hold } from "../src/api/types";
import { figuresOf } from "../src/format/findings";
import { lines, parseNumber } from "../src/format/forms";
import { holdLeft, holdsOf, holdText } from "../src/format/holds";
import { hoursText } from "../src/format/hours";
import { fromLocal, toLocal } from "../src/format/time";
import { prefs } from "../src/state/prefs.svelte";
import { addFinding, byNewest, groupOf } from "../src/state/reduce";

const before = prefs.lang;
afterEach(() => {
  prefs.lang = before;
});

describe("numbers as people type them", () => {
  it.each([
    ["7.01", 7.01],
    [" 7,01 ", 7.01],
    ["0，5", 0.5],
    ["\u22123", -3],
    [".5", 0.5],
    ["1e-3", 0.001],
    ["", null],
    ["7.0 mg/L", null],
    ["1,000.5", null],
    ["Infinity", null],
  ])("%s is %s", (text, number) => expect(parseNumber(text)).toBe(number));
  it("evidence is a text a line", () => expect(lines(" a \n\n b\n")).toEqual(["a", "b"]));
});

describe("a moment on the site's wall clock", () => {
  it.each([
    ["2026-11-23T09:57", "Asia/Shanghai", "2026-11-23T01:57:00.000Z"],
    ["2026-07-01T12:00", "Europe/Berlin", "2026-07-01T10:00:00.000Z"],
    // An hour before and after the clocks are put back at 03:00.
    ["2026-10-25T01:30", "Europe/Berlin", "2026-10-24T23:30:00.000Z"],
    ["2026-10-25T04:30", "Europe/Berlin", "2026-10-25T03:30:00.000Z"],
  ])("%s in %s", (local, zone, utc) => {
    expect(new Date(fromLocal(local, zone) ?? 0).toISOString()).toBe(utc);
    expect(toLocal(Date.parse(utc), zone)).toBe(local);
  });
  it("that is none", () => expect(fromLocal("", "UTC")).toBeNull());
});

describe("opening hours", () => {
  it.each([
    [["mon-sun 06:00-22:00"], "每天 06:00–22:00", "daily 06:00–22:00"],
    [
      ["mon-fri 06:00-12:00,14:00-22:00", "sat,sun 08:00-20:00"],
      "周一至周五 06:00–12:00、14:00–22:00；周六、周日 08:00–20:00",
      "Mon to Fri 06:00–12:00, 14:00–22:00; Sat, Sun 08:00–20:00",
    ],
    [["never"], "never", "never"],
  ])("%s", (written, zh, en) => {
    expect(hoursText(written, "zh-CN")).toBe(zh);
    expect(hoursText(written, "en")).toBe(en);
  });
});

describe("findings", () => {
  const finding = (id: number, to: string) => ({ id, to }) as Finding;
  it("stand once, the newest first", () => {
    const old = finding(1, "2026-11-01T00:00:00Z");
    const late = finding(2, "2026-11-02T00:00:00Z");
    expect(byNewest([old, late]).map((one) => one.id)).toEqual([2, 1]);
    expect(addFinding([late, old], { ...old, kind: "bottle" }).map((one) => one.kind)).toEqual([undefined, "bottle"]);
  });
  it("tell each number in its unit", () => {
    prefs.lang = "en";
    const numbers = { back_secs: 7200, share_near: 0.649, celsius: 21.26, noise: 0.00123, before: 5.5, places: 12 };
    const point = { decimals: 2, unit: "mg/L" };
    expect(figuresOf(numbers, point).map(({ value }) => value.replaceAll("\u202f", " "))).toEqual([
      "2 h",
      "64 %",
      "21.3 °C",
      "0.0012 mg/L",
      "5.50 mg/L",
      "12",
    ]);
  });
});

describe("alarms that are quiet or go together", () => {
  const hold: Hold = {
    since: "2026-11-23T00:00:00Z",
    until: null,
    by: "pool.availability.pool-1",
    why: { zh: "设备数据可用性", en: "Availability" },
    by_design: true,
  };
  it("say why and until when", () => {
    prefs.lang = "en";
    const shelved = { ...hold, by: "Zhang", by_design: false, until: "2026-11-23T01:00:00Z" };
    const held = holdsOf({ held: "shelved", shelved, suppressed: [hold], out_of_service: null });
    expect(held.map(({ kind }) => kind)).toEqual(["suppressed", "shelved"]);
    expect(holdText(hold)).toBe("because of the alarm: Availability");
    expect(holdText(shelved)).toBe("Zhang: Availability");
    expect(holdLeft(hold, 0)).toBe("until its cause ends");
    expect(holdLeft(shelved, Date.parse("2026-11-23T00:30:00Z"))).toMatch(/^30\s?min left$/);
    expect(holdLeft({ ...hold, by_design: false }, 0)).toBe("until somebody returns it");
  });
  it("name the others of their group in the area, the first out ahead", () => {
    const alarm = (id: string, group: string | null, first_out = false, area = "pool") =>
      ({ id, group, first_out, area, raised_at: `2026-11-23T00:00:0${id}Z` }) as Alarm;
    const mine = alarm("1", "chlorine");
    const all = [alarm("3", "chlorine"), mine, alarm("4", "chlorine", true), alarm("5", "chlorine", false, "spa"), alarm("6", null)];
    expect(groupOf(all, mine).map((one) => one.id)).toEqual(["4", "3"]);
    expect(groupOf(all, alarm("6", null))).toEqual([]);
  });
});

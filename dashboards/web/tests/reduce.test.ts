// What an event does to the picture, and in which order things stand on the screen.

import { describe, expect, it } from "vitest";
import type { Alarm, Sample, Verdict } from "../src/api/types";
import {
  applyRequirement,
  applySample,
  countAlarms,
  findRequirement,
  inboxOrder,
  worst,
  worstFirst,
  worstOf,
  type RequirementCell,
  type SampleCell,
} from "../src/state/reduce";

const sample = (t: string, value: number | null, quality: Sample["quality"] = "good"): Sample => ({
  t,
  value,
  quality,
  reason: null,
  flag: "N",
});
const alarm = (rest: Partial<Alarm>): Alarm =>
  ({
    id: "a",
    area: "pool",
    priority: "medium",
    state: "active_unacknowledged",
    raised_at: "2026-11-22T10:00:00Z",
    ...rest,
  }) as Alarm;

describe("samples", () => {
  it("replace older ones and are replaced by newer ones only", () => {
    const cell: SampleCell = { sample: null, lastGood: null, staleAtLoad: true };
    expect(applySample(cell, sample("2026-11-22T10:00:05.000Z", 1))).toBe(true);
    expect(cell.staleAtLoad).toBe(false);
    expect(applySample(cell, sample("2026-11-22T10:00:00.000Z", 9))).toBe(false);
    expect(cell.sample?.value).toBe(1);
    expect(applySample(cell, sample("2026-11-22T10:00:05.000Z", 2))).toBe(true);
    expect(cell.sample?.value).toBe(2);
  });
  it("keep the last good one when a bad one comes", () => {
    const cell: SampleCell = { sample: null, lastGood: null, staleAtLoad: false };
    applySample(cell, sample("2026-11-22T10:00:00.000Z", 4));
    applySample(cell, sample("2026-11-22T10:00:05.000Z", null, "bad"));
    expect(cell.sample?.quality).toBe("bad");
    expect(cell.lastGood?.value).toBe(4);
  });
});

describe("requirements", () => {
  const cell = (
    id: string,
    points: string[],
    verdict: Verdict | null = "compliant",
    warning = false,
  ): RequirementCell => ({
    id,
    points,
    verdict,
    warning,
    since: null,
    value: null,
    note: { zh: "", en: "" },
    early: null,
  });
  it("bound twice are told apart by their first point", () => {
    const cabinets = [cell("cycle", ["cabinet-1.t"]), cell("cycle", ["cabinet-2.t"])];
    expect(findRequirement(cabinets, "cycle", ["cabinet-2.t", "cabinet-2.door"])).toBe(cabinets[1]);
    expect(findRequirement(cabinets, "cycle", ["cabinet-9.t"])).toBeUndefined();
    expect(findRequirement(cabinets, "other", ["cabinet-1.t"])).toBeUndefined();
  });
  it("take over what the event says, also that they do not apply", () => {
    const one = cell("ph", ["pool-1.ph"]);
    applyRequirement(one, {
      area: "pool",
      requirement: "ph",
      points: ["pool-1.ph"],
      verdict: null,
      since: "t",
      value: 7,
      note: { zh: "未营业", en: "closed" },
      early_warning: { level: "orange", expected_at: null },
    });
    expect(one).toMatchObject({ verdict: null, since: "t", value: 7, note: { en: "closed" } });
    expect(one.early?.level).toBe("orange");
  });
  it("yield the worst verdict, and warnings yield none", () => {
    expect(worst(["compliant", "indeterminate", null])).toBe("indeterminate");
    expect(worst(["non_compliant", "indeterminate"])).toBe("non_compliant");
    expect(worst([null])).toBeNull();
    expect(worstOf([cell("a", [], "compliant"), cell("b", [], "non_compliant", true)])).toBe("compliant");
    expect(worstOf([cell("b", [], "non_compliant", true)])).toBeNull();
  });
});

describe("alarms", () => {
  it("are counted while they are open", () => {
    const all = [
      alarm({}),
      alarm({ state: "active_acknowledged", priority: "high" }),
      alarm({ state: "returned_unacknowledged" }),
      alarm({ state: "closed", priority: "high" }),
    ];
    expect(countAlarms(all)).toEqual({
      open: 3,
      active: 2,
      unacknowledged: 2,
      highest: "high",
      highestActive: "high",
    });
    expect(countAlarms([])).toEqual({
      open: 0,
      active: 0,
      unacknowledged: 0,
      highest: null,
      highestActive: null,
    });
  });
  it("stand in the order in which somebody should look at them", () => {
    const order = inboxOrder([
      alarm({ id: "returned", state: "returned_unacknowledged", priority: "high" }),
      alarm({ id: "seen", state: "active_acknowledged", priority: "high" }),
      alarm({ id: "low", priority: "low" }),
      alarm({ id: "old", priority: "high", raised_at: "2026-11-22T09:00:00Z" }),
      alarm({ id: "new", priority: "high" }),
    ]).map((one) => one.id);
    expect(order).toEqual(["new", "old", "low", "seen", "returned"]);
  });
});

describe("areas", () => {
  const none = countAlarms([]);
  it("stand worst first, and equals keep their place", () => {
    const order = worstFirst([
      { id: "fine-a", verdict: "compliant" as const, alarms: none, index: 0 },
      { id: "closed", verdict: null, alarms: none, index: 1 },
      { id: "fine-alarm", verdict: "compliant" as const, alarms: countAlarms([alarm({})]), index: 2 },
      { id: "unknown", verdict: "indeterminate" as const, alarms: none, index: 3 },
      { id: "breach", verdict: "non_compliant" as const, alarms: none, index: 4 },
      { id: "fine-b", verdict: "compliant" as const, alarms: none, index: 5 },
    ]).map((area) => area.id);
    expect(order).toEqual(["breach", "unknown", "fine-alarm", "fine-a", "fine-b", "closed"]);
  });
});

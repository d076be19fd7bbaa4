// Time in the site's zone, also where the day is not 24 hours long.

import { describe, expect, it } from "vitest";
import {
  dayStart,
  formatAge,
  formatDuration,
  formatMoment,
  formatStamp,
  lastDays,
  lastHours,
  offsetLabel,
  safeZone,
} from "../src/format/time";

const words = { second: "s", minute: "min", hour: "h", day: "d" };
const at = (text: string) => Date.parse(text);
const SHANGHAI = "Asia/Shanghai";
const BERLIN = "Europe/Berlin";

describe("ages and durations", () => {
  it.each([
    [0, "0\u202fs", "0\u202fs"],
    [3_400, "3\u202fs", "3\u202fs"],
    [65_000, "1\u202fmin", "1\u202fmin 5\u202fs"],
    [7_500_000, "2\u202fh", "2\u202fh 5\u202fmin"],
    [7_205_000, "2\u202fh", "2\u202fh"],
    [273_600_000, "3\u202fd", "3\u202fd 4\u202fh"],
    [-5_000, "0\u202fs", "0\u202fs"],
  ])("%s ms", (ms, age, duration) => {
    expect(formatAge(ms, words)).toBe(age);
    expect(formatDuration(ms, words)).toBe(duration);
  });
});

describe("the site's wall clock", () => {
  it("shows the site's time whatever the browser's zone", () => {
    expect(formatStamp(at("2026-11-22T16:00:05Z"), SHANGHAI)).toBe("2026-11-23 00:00:05");
    expect(formatMoment(at("2026-11-22T16:00:05Z"), SHANGHAI, "en", at("2026-11-22T18:00:00Z"))).toBe(
      "00:00:05",
    );
    expect(formatMoment(at("2026-11-22T15:59:05Z"), SHANGHAI, "en", at("2026-11-22T18:00:00Z"))).toBe(
      "22 Nov 23:59:05",
    );
  });
  it("names the offset", () => {
    expect(offsetLabel(at("2026-11-22T00:00:00Z"), SHANGHAI)).toBe("UTC+8");
    expect(offsetLabel(at("2026-11-22T00:00:00Z"), "Asia/Kolkata")).toBe("UTC+5:30");
    expect(offsetLabel(at("2026-07-01T00:00:00Z"), "America/New_York")).toBe("UTC\u22124");
  });
  it("falls back to UTC for a zone that this browser does not know", () => {
    expect(safeZone("Mars/Olympus")).toBe("UTC");
    expect(safeZone(SHANGHAI)).toBe(SHANGHAI);
  });
});

describe("days and hours", () => {
  it("begins the day at the site's midnight", () => {
    expect(dayStart(at("2026-11-22T17:30:00Z"), SHANGHAI)).toBe(at("2026-11-22T16:00:00Z"));
  });
  it("is right on days of 23 and of 25 hours", () => {
    expect(dayStart(at("2026-03-29T12:00:00Z"), BERLIN)).toBe(at("2026-03-28T23:00:00Z"));
    expect(dayStart(at("2026-10-25T12:00:00Z"), BERLIN)).toBe(at("2026-10-24T22:00:00Z"));
    const days = lastDays(at("2026-10-27T12:00:00Z"), 4, BERLIN);
    expect(days.slice(1).map((day, index) => (day - (days[index] ?? 0)) / 3_600_000)).toEqual([24, 25, 24]);
  });
  it("cuts hours on the site's clock, also in a zone off by half an hour", () => {
    const hours = lastHours(at("2026-11-22T10:10:00Z"), 24, "Asia/Kolkata");
    expect(hours).toHaveLength(24);
    expect(hours.at(-1)).toBe(at("2026-11-22T09:30:00Z"));
  });
});

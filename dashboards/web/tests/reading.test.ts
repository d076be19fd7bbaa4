// A value that is stale, bad, or from a lost gateway must never look like a live one, and a moment
// beyond the limit of a mean must never look like a violation.

import { describe, expect, it } from "vitest";
import type { Sample, Verdict } from "../src/api/types";
import {
  ageOf,
  read,
  side,
  standingOf,
  type BoundLimit,
  type Circumstances,
  type Heard,
} from "../src/format/reading";
import { needleOf, scaleOf } from "../src/format/scale";

const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const sample = (value: number | null, ageMs = 1000, rest: Partial<Sample> = {}): Sample => ({
  t: new Date(NOW - ageMs).toISOString(),
  value,
  quality: "good",
  reason: null,
  flag: "N",
  ...rest,
});
const band: BoundLimit = { low: 3, high: 10, warning: false, applies: true };
interface Input extends Heard, Circumstances {
  limits: BoundLimit[];
  verdict: Verdict | null;
}
const look = (rest: Partial<Input>) => {
  const input: Input = {
    sample: sample(5),
    lastGood: null,
    lastSuccess: null,
    staleAfterMs: 15_000,
    stale: false,
    connected: true,
    now: NOW,
    limits: [band],
    verdict: "compliant",
    ...rest,
  };
  const reading = read(input, standingOf(input.sample, input), input.limits, input.verdict);
  return { ...reading, age: ageOf(input, input.now) };
};

describe("what is not live shows no value", () => {
  const bad = { quality: "bad", reason: "comm_failure", flag: "B" } as const;
  it.each([
    ["the gateway is lost", { connected: false }, "lost", "lost"],
    ["nothing came for too long", { sample: sample(5, 15_001) }, "stale", "stale"],
    ["the gateway called it stale", { stale: true }, "stale", "stale"],
    ["the device does not answer", { sample: sample(null, 500, bad) }, "bad", "comm_failure"],
    ["a bad sample with a number in it", { sample: sample(5, 500, bad) }, "bad", "comm_failure"],
    ["nothing ever came", { sample: null }, "none", "waiting_for_initial_data"],
  ] as const)("%s", (_, rest, standing, reason) => {
    const reading = look({ ...rest, verdict: "compliant" });
    expect(reading).toMatchObject({ standing, reason, value: null, mark: "unknown", tone: "unknown" });
  });

  it("keeps an uncertain value apart, with its reason", () => {
    const reading = look({ sample: sample(10, 0, { quality: "uncertain", reason: "manual_value" }) });
    expect(reading).toMatchObject({
      standing: "uncertain",
      value: 10,
      tone: "unknown",
      reason: "manual_value",
    });
  });
  it("counts a silent device's age from its last good value, not from its last failure", () => {
    const failed = sample(null, 500, bad);
    expect(look({ sample: failed, lastGood: sample(4.2, 60_000) })).toMatchObject({
      age: 60_000,
      last: 4.2,
    });
    const answered = new Date(NOW - 90_000).toISOString();
    expect(look({ sample: failed, lastSuccess: answered }).age).toBe(90_000);
    expect(look({ sample: failed }).age).toBeNull();
    expect(look({ sample: failed, lastGood: sample(4.2, 60_000), connected: false }).age).toBe(60_000);
  });
  it("knows no negative age", () => {
    expect(look({ sample: sample(5, -3000) }).age).toBe(0);
  });
});

describe("the verdict decides the colour, the limits the shape", () => {
  it.each([
    [5, "compliant", "ok", "calm"],
    [2, "compliant", "below", "warn"],
    [12, "indeterminate", "above", "warn"],
    [2, "non_compliant", "below", "alarm"],
    [5, "non_compliant", "breach", "alarm"],
    [5, "indeterminate", "unknown", "unknown"],
    [5, null, "idle", "calm"],
  ] as const)("%s and %s: %s, %s", (value, verdict, mark, tone) => {
    expect(look({ sample: sample(value), verdict })).toMatchObject({ mark, tone, value });
  });
  it("holds the limits themselves allowed", () => {
    expect(side(3, [band])).toBeNull();
    expect(side(10, [band])).toBeNull();
    expect(side(10.001, [band])).toBe("above");
  });
  it("asks nothing of a closed pool", () => {
    const closed = { ...band, applies: false };
    expect(look({ sample: sample(0.1), limits: [closed], verdict: null })).toMatchObject({
      mark: "idle",
      tone: "calm",
    });
  });
});

describe("the bar's scale", () => {
  it("is made by the limits, not by a measuring range of ten thousand", () => {
    const scale = scaleOf([{ low: null, high: 2.5, warning: false, applies: true }], [0.05, 10_000]);
    expect(scale?.hi).toBe(3.75);
    expect(scale?.edges).toHaveLength(1);
  });
  it("clips to the measuring range but never hides a limit", () => {
    expect(scaleOf([band], [0, 8])?.hi).toBe(10);
    expect(scaleOf([{ low: 0.3, high: 1, warning: false, applies: true }], [0, 5])?.lo).toBe(0);
  });
  it("puts a value off the scale at its end, as an arrow", () => {
    const scale = scaleOf([band], null);
    if (!scale) throw new Error("no scale");
    expect(needleOf(99, scale)).toEqual({ at: 1, beyond: "above" });
    expect(needleOf(-99, scale)).toEqual({ at: 0, beyond: "below" });
    expect(needleOf(6.5, scale).beyond).toBeNull();
  });
  it("draws a warning that equals the limit once", () => {
    const scale = scaleOf([band, { ...band, warning: true }], null);
    expect(scale?.edges).toHaveLength(2);
    expect(scale?.warnings).toEqual([]);
  });
  it("is none without limits and range", () => {
    expect(scaleOf([], null)).toBeNull();
    expect(scaleOf([], [0, 40])?.band).toBeNull();
  });
});

// Gaps stay gaps: where nothing good was received, no line may be drawn, and the foot says why.

import { describe, expect, it } from "vitest";
import type { Bucket, Sample } from "../src/api/types";
import { foldSample, fromBuckets, fromRaw, sparkPaths } from "../src/chart/series";

const T0 = Date.parse("2026-11-22T10:00:00.000Z");
const iso = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();
const good = (seconds: number, value: number): Sample => ({
  t: iso(seconds),
  value,
  quality: "good",
  reason: null,
  flag: "N",
});
const bad = (seconds: number, reason = "comm_failure"): Sample => ({
  t: iso(seconds),
  value: null,
  quality: "bad",
  reason,
  flag: "B",
});
const STALE = 15_000;
const raw = (samples: Sample[], until: number) => fromRaw(samples, STALE, T0, T0 + until * 1000);
const seconds = (ms: number) => (ms - T0) / 1000;

describe("raw samples", () => {
  it("are one line while they come in time", () => {
    const line = raw([good(0, 1), good(5, 2), good(20, 3)], 25);
    expect(line.mean).toEqual([1, 2, 3]);
    expect(line.stretches).toEqual([]);
  });
  it("break where the next one is later than the point allows", () => {
    const line = raw([good(0, 1), good(5, 2), good(20.001, 3)], 25);
    expect(line.mean).toEqual([1, 2, null, 3]);
    expect(line.stretches).toHaveLength(1);
    const [gap] = line.stretches;
    expect([seconds(gap?.from ?? 0), seconds(gap?.to ?? 0), gap?.kind]).toEqual([5, 20.001, "missing"]);
  });
  it("break at a sample that is not good, whatever number it carries", () => {
    const line = raw([good(0, 1), { ...bad(5), value: 9 }, bad(10), good(15, 2)], 16);
    expect(line.mean).toEqual([1, null, null, 2]);
    expect(line.stretches.map((s) => [seconds(s.from), seconds(s.to), s.kind, s.reason])).toEqual([
      [5, 15, "bad", "comm_failure"],
    ]);
  });
  it("tell different causes apart", () => {
    const line = raw([bad(0, "calibration"), bad(5, "comm_failure"), good(10, 1)], 11);
    expect(line.stretches.map((s) => s.reason)).toEqual(["calibration", "comm_failure"]);
  });
  it("show silence at the start and at the end", () => {
    const line = raw([good(60, 1)], 120);
    expect(line.stretches.map((s) => [seconds(s.from), seconds(s.to)])).toEqual([
      [0, 60],
      [60, 120],
    ]);
  });
  it("are all missing if there are none", () => {
    const line = raw([], 60);
    expect(line.xs).toEqual([]);
    expect(line.stretches.map((s) => [seconds(s.from), seconds(s.to)])).toEqual([[0, 60]]);
  });
  it("say of a failing device that stopped saying so: first bad, then missing", () => {
    const line = raw([good(0, 1), bad(5)], 60);
    expect(line.stretches.map((s) => [s.kind, seconds(s.from), seconds(s.to)])).toEqual([
      ["bad", 5, 20],
      ["missing", 20, 60],
    ]);
  });
  it("take the later one of two at the same moment, and keep the time increasing", () => {
    const line = raw([good(0, 1), good(0, 2), good(5, 3)], 6);
    expect(line.mean).toEqual([2, 3]);
    expect(line.xs).toHaveLength(2);
  });
  it("never yield a value between two samples that a gap parts (random walks)", () => {
    let seed = 7;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let run = 0; run < 200; run += 1) {
      let t = 0;
      const samples = Array.from({ length: 40 }, () => {
        t += random() < 0.2 ? 5 + random() * 60 : 5;
        return random() < 0.15 ? bad(t) : good(t, random());
      });
      const line = raw(samples, t + 1);
      for (let i = 1; i < line.xs.length; i += 1) {
        expect(line.xs[i]).toBeGreaterThan(line.xs[i - 1] ?? 0);
        const joined = line.mean[i] !== null && line.mean[i - 1] !== null;
        if (joined) expect((line.xs[i] ?? 0) - (line.xs[i - 1] ?? 0)).toBeLessThanOrEqual(STALE / 1000);
      }
    }
  });
});

describe("buckets", () => {
  const STEP = 60_000;
  const bucket = (minute: number, mean: number | null, notGood = 0): Bucket => ({
    t: iso(minute * 60),
    min: mean === null ? null : mean - 1,
    mean,
    max: mean === null ? null : mean + 1,
    good: mean === null ? 0 : 12,
    not_good: notGood,
  });
  const line = (buckets: Bucket[], minutes: number, stale = STALE) =>
    fromBuckets(buckets, STEP, stale, T0, T0 + minutes * STEP);

  it("break where a step is left out", () => {
    const drawn = line([bucket(0, 1), bucket(1, 2), bucket(4, 3)], 5);
    expect(drawn.mean).toEqual([1, 2, null, 3]);
    expect(drawn.stretches.map((s) => [seconds(s.from), seconds(s.to)])).toEqual([[120, 240]]);
  });
  it("do not break for a slow point that leaves out steps as a matter of course", () => {
    const drawn = line([bucket(0, 1), bucket(3, 2), bucket(6, 3)], 7, 4 * STEP);
    expect(drawn.mean).toEqual([1, 2, 3]);
    expect(drawn.stretches).toEqual([]);
  });
  it("are null where nothing was good, and marked where not everything was", () => {
    const drawn = line([bucket(0, 1), bucket(1, null, 12), bucket(2, 2, 3)], 3);
    expect(drawn.mean).toEqual([1, null, 2]);
    expect(drawn.stretches.map((s) => s.kind)).toEqual(["bad", "uncertain"]);
  });
  it("take in a live sample as the gateway would have", () => {
    const buckets = [bucket(0, 2)];
    foldSample(buckets, good(30, 15), STEP);
    expect(buckets[0]).toMatchObject({ min: 1, max: 15, good: 13, mean: 3 });
    foldSample(buckets, good(61, 4), STEP);
    expect(buckets[1]).toMatchObject({ t: iso(60), min: 4, mean: 4, max: 4, good: 1, not_good: 0 });
    foldSample(buckets, bad(62), STEP);
    expect(buckets[1]).toMatchObject({ good: 1, not_good: 1, mean: 4 });
    foldSample(buckets, good(10, 99), STEP);
    expect(buckets).toHaveLength(2);
    expect(buckets[0]?.max).toBe(15);
  });
});

describe("the little trend", () => {
  it("has a path for each unbroken run, and a dot for a lone sample", () => {
    const line = raw([good(0, 0), good(5, 1), bad(10), good(15, 1)], 16);
    const paths = sparkPaths(line, T0, T0 + 20_000, [0, 1], 100, 20);
    expect(paths).toEqual(["M0.0 20.0L25.0 0.0", "M75.0 0.0h0.01"]);
  });
});

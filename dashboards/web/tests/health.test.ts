// How devices and links are doing, in figures: what gets a colour, and what is never rounded away.

import { describe, expect, it } from "vitest";
import type { Device, Health, Link } from "../src/api/types";
import {
  failures,
  isAsked,
  percentText,
  shareOf,
  tripScale,
  worseDevice,
  worseLink,
} from "../src/format/health";

const text = { zh: "原因", en: "cause" };
const health = (rest: Partial<Health> = {}): Health => ({
  state: "online",
  last_error: null,
  last_success: null,
  round_trip_ms: null,
  round_trip: null,
  scan_ms: null,
  requests_per_scan: 1,
  successes: 0,
  timeouts: 0,
  crc_errors: 0,
  invalid_answers: 0,
  late_answers: 0,
  exceptions: 0,
  skipped_scans: 0,
  breaker: "closed",
  cause: null,
  refused: [],
  identity: [],
  last_frames: null,
  ...rest,
});

describe("round-trip times", () => {
  const trip = { last_ms: 20, median_ms: 25, p95_ms: 50, max_ms: 90 };
  it("stand on an axis that ends at the timeout", () => {
    const scale = tripScale(trip, 100);
    expect(scale).toEqual({ end: 100, median: 0.25, p95: 0.5, max: 0.9, timeout: 1, tight: false });
  });
  it("never leave the axis, even if an answer took longer than the timeout of now", () => {
    const scale = tripScale({ ...trip, max_ms: 200 }, 100);
    expect(scale).toMatchObject({ end: 200, max: 1, timeout: 0.5, tight: false });
  });
  it("are tight from 80 % of the timeout on", () => {
    expect(tripScale({ ...trip, p95_ms: 79 }, 100).tight).toBe(false);
    expect(tripScale({ ...trip, p95_ms: 80 }, 100).tight).toBe(true);
  });
  it("need no timeout, and no answer that takes any time", () => {
    expect(tripScale(trip, null)).toMatchObject({ end: 90, timeout: null, tight: false });
    const instant = tripScale({ last_ms: 0, median_ms: 0, p95_ms: 0, max_ms: 0 }, null);
    expect(Object.values(instant).every((part) => part === null || Number.isFinite(Number(part)))).toBe(true);
  });
});

describe("counts", () => {
  it("a failed exchange is counted once; a late answer is none of its own", () => {
    const some = health({ timeouts: 1, crc_errors: 2, invalid_answers: 3, exceptions: 4, late_answers: 9 });
    expect(failures(some)).toBe(10);
  });
  it("are shares of all exchanges", () => {
    expect(shareOf(5, health({ successes: 15, timeouts: 5 }))).toBe(0.25);
    expect(shareOf(0, health())).toBeNull();
  });
  it.each([
    [0, "0\u202f%"],
    [0.0004, "<\u202f0.1\u202f%"],
    [0.026, "2.6\u202f%"],
    [0.5, "50\u202f%"],
    [0.977, "98\u202f%"],
    [0.9977, "99.7\u202f%"],
    [0.99999, "99.9\u202f%"],
    [1, "100\u202f%"],
    [7, "100\u202f%"],
  ])("%d is %s", (share, shown) => {
    expect(percentText(share)).toBe(shown);
  });
});

describe("what is to be looked at first", () => {
  it("devices: not heard, never heard, heard with a likely cause, well", () => {
    const all = [
      health(),
      health({ cause: text }),
      health({ state: "waiting" }),
      health({ state: "offline" }),
      health({ state: "offline", cause: text }),
    ];
    const order = [...all].sort(worseDevice).map((one) => [one.state, one.cause !== null]);
    expect(order).toEqual([
      ["offline", true],
      ["offline", false],
      ["waiting", false],
      ["online", true],
      ["online", false],
    ]);
  });
  it("links: down, crowded or noisy, well", () => {
    const link = (id: string, up: boolean, cause: Link["cause"]) => ({ id, up, cause }) as Link;
    const all = [link("well", true, null), link("noisy", true, text), link("down", false, null)];
    expect([...all].sort(worseLink).map((one) => one.id)).toEqual(["down", "noisy", "well"]);
  });
  it("a device that publishes is not asked", () => {
    const device = (unit_id: number | null, requests_per_scan: number) =>
      isAsked({ unit_id, health: health({ requests_per_scan }) } as Device);
    expect([device(3, 0), device(null, 2), device(null, 0)]).toEqual([true, true, false]);
  });
});

// How a device or a link is doing, in figures that a bar can show: pure, so that what counts as
// worth a colour stands in one place.

import type { Device, Health, Link, RoundTrip } from "../api/types";

/** From here on a link has little room left: one device that does not answer fills it. */
export const BUSY_MARK = 0.8;
/** Answers that take this share of the time they have are close to being none. */
export const TIGHT_MARK = 0.8;

/** Whether the gateway asks it; the others publish by themselves. */
export const isAsked = ({ unit_id, health }: Pick<Device, "unit_id" | "health">): boolean =>
  unit_id !== null || health.requests_per_scan > 0;

/** Round-trip times as shares of an axis that ends at the timeout, or at the longest if that is later. */
export interface TripScale {
  /** What the axis ends at, in milliseconds. */
  end: number;
  median: number;
  p95: number;
  max: number;
  /** Where the timeout stands; null without one. */
  timeout: number | null;
  /** 95 % of the answers only just come in time. */
  tight: boolean;
}

export function tripScale(trip: RoundTrip, timeoutMs: number | null): TripScale {
  const end = Math.max(trip.max_ms, timeoutMs ?? 0, 1);
  return {
    end,
    median: trip.median_ms / end,
    p95: trip.p95_ms / end,
    max: trip.max_ms / end,
    timeout: timeoutMs === null ? null : timeoutMs / end,
    tight: timeoutMs !== null && trip.p95_ms >= TIGHT_MARK * timeoutMs,
  };
}

/** A round-trip time with the digits that matter. */
export const tripDecimals = (ms: number): number => (ms < 10 ? 1 : 0);

/** The ways in which an exchange fails; each failed exchange is one of them. */
export const FAILURES = ["timeouts", "crc_errors", "invalid_answers", "exceptions"] as const;

/** Exchanges that failed. */
export const failures = (health: Health): number =>
  FAILURES.reduce((sum, kind) => sum + health[kind], 0);

/** Share of all exchanges, 0 to 1; null before the first. */
export function shareOf(count: number, health: Health): number | null {
  const all = health.successes + failures(health);
  return all === 0 ? null : count / all;
}

/** A share in percent: none is `0 %` and a trace is not none, all is `100 %` and nearly all is not. */
export function percentText(share: number): string {
  const percent = Math.min(Math.max(share, 0), 1) * 100;
  if (percent === 0) return "0\u202f%";
  if (percent < 0.1) return "<\u202f0.1\u202f%";
  if (percent === 100) return "100\u202f%";
  const rounded = percent < 10 ? percent.toFixed(1) : Math.floor(percent * 10) / 10;
  return percent > 99 || percent < 10 ? `${rounded}\u202f%` : `${percent.toFixed(0)}\u202f%`;
}

const RANK = { offline: 0, waiting: 1, online: 2 };

/** Which of two devices is to be looked at first. */
export const worseDevice = (a: Health, b: Health): number =>
  RANK[a.state] - RANK[b.state] || Number(a.cause === null) - Number(b.cause === null);

/** Which of two links is to be looked at first. */
export const worseLink = (a: Link, b: Link): number =>
  Number(a.up) - Number(b.up) || Number(a.cause === null) - Number(b.cause === null);

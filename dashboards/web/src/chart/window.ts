// Which stretch of time a trend shows and how finely: read from the address, written back to it.

import { DAY, HOUR } from "../format/time";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const RANGES = { "1h": HOUR, "6h": 6 * HOUR, "24h": DAY, "7d": 7 * DAY } as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

/** Up to this span every sample is drawn, beyond it minimum, mean and maximum of steps. */
const RAW_SPAN_MS = 65 * MINUTE;
/** As many steps as there are columns of pixels worth looking at. */
const STEPS_MAX = 760;
const STEPS = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400].map((s) => s * SECOND);
/** Less cannot be told apart on the time axis. */
const SPAN_MIN_MS = 30 * SECOND;
const SPAN_MAX_MS = 400 * DAY;

/** A window that ends now, or one between two fixed moments. */
export type Window = { range: RangeName; fixed: null } | { range: null; fixed: { from: number; to: number } };

export function parseWindow(query: URLSearchParams): Window {
  const from = Date.parse(query.get("from") ?? "");
  const to = Date.parse(query.get("to") ?? "");
  if (Number.isFinite(from) && Number.isFinite(to)) {
    const span = to - from;
    if (span >= SPAN_MIN_MS && span <= SPAN_MAX_MS) return { range: null, fixed: { from, to } };
  }
  const name = query.get("range");
  return { range: name !== null && Object.hasOwn(RANGES, name) ? (name as RangeName) : "1h", fixed: null };
}

export const rangeQuery = (range: RangeName): Record<string, string | null> => ({
  range: range === "1h" ? null : range,
  from: null,
  to: null,
});

export function fixedQuery(from: number, to: number): Record<string, string | null> {
  const middle = (from + to) / 2;
  const half = Math.max(to - from, SPAN_MIN_MS) / 2;
  return {
    range: null,
    from: new Date(middle - half).toISOString(),
    to: new Date(middle + half).toISOString(),
  };
}

/** Milliseconds of a step, or null for every sample. */
export function stepFor(span: number): number | null {
  if (span <= RAW_SPAN_MS) return null;
  return STEPS.find((step) => span / step <= STEPS_MAX) ?? DAY;
}

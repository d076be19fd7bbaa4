// The scale of a bullet bar: which stretch of values to show so that the legal band sits in the
// middle, and where on it the needle stands. A measuring range of 0 to 10 000 would hide a limit
// of 2.5; so the limits decide, and the range only clips.

import type { BoundLimit } from "./reading";

export interface Scale {
  lo: number;
  hi: number;
  /** The legal band within the scale, as shares 0 to 1; null without limits. */
  band: { from: number; to: number } | null;
  /** Edges of the legal band that are drawn as ticks, as shares. */
  edges: number[];
  /** Edges of warning limits, as shares. */
  warnings: number[];
}

export interface Needle {
  /** Share 0 to 1, clipped to the scale. */
  at: number;
  /** The value lies outside of the scale. */
  beyond: "above" | "below" | null;
}

/** Share of the band's width that is shown on either side of it. */
const MARGIN = 0.5;

const defined = (values: (number | null)[]): number[] => values.filter((v) => v !== null);

/** The tightest band of a group of limits. */
function tightest(limits: BoundLimit[]): { low: number | null; high: number | null } {
  const lows = defined(limits.map((limit) => limit.low));
  const highs = defined(limits.map((limit) => limit.high));
  return {
    low: lows.length > 0 ? Math.max(...lows) : null,
    high: highs.length > 0 ? Math.min(...highs) : null,
  };
}

/** The stretch to show for a band, before clipping to the measuring range. */
function stretch(low: number | null, high: number | null): [number, number] {
  if (low !== null && high !== null) {
    const margin = (high - low) * MARGIN || Math.abs(high) * MARGIN || 1;
    return [low - margin, high + margin];
  }
  if (high !== null) return high > 0 ? [0, high * (1 + MARGIN)] : [high * 2 - 1, high / 2 + 1];
  const edge = low ?? 0;
  return edge > 0 ? [edge * (1 - MARGIN), edge * (1 + MARGIN)] : [edge - 1, edge + 1];
}

/** None if there is neither a limit nor a measuring range. */
export function scaleOf(limits: BoundLimit[], range: [number, number] | null): Scale | null {
  const legal = limits.filter((limit) => !limit.warning);
  const soft = limits.filter((limit) => limit.warning);
  const band = tightest(legal.length > 0 ? legal : soft);
  if (band.low === null && band.high === null) {
    if (range === null || range[1] <= range[0]) return null;
    return { lo: range[0], hi: range[1], band: null, edges: [], warnings: [] };
  }
  let [lo, hi] = stretch(band.low, band.high);
  if (range !== null) {
    lo = Math.max(lo, Math.min(range[0], band.low ?? range[0]));
    hi = Math.min(hi, Math.max(range[1], band.high ?? range[1]));
  }
  if (hi <= lo) return null;
  const share = (value: number) => (value - lo) / (hi - lo);
  const inside = (value: number) => value > lo && value < hi;
  const edges = legal.length > 0 ? defined([band.low, band.high]).filter(inside) : [];
  const warnings = defined(soft.flatMap((limit) => [limit.low, limit.high])).filter(
    (v) => inside(v) && !edges.includes(v),
  );
  return {
    lo,
    hi,
    band: { from: share(band.low ?? lo), to: share(band.high ?? hi) },
    edges: edges.map(share),
    warnings: [...new Set(warnings)].map(share),
  };
}

export function needleOf(value: number, scale: Scale): Needle {
  const share = (value - scale.lo) / (scale.hi - scale.lo);
  if (share > 1) return { at: 1, beyond: "above" };
  if (share < 0) return { at: 0, beyond: "below" };
  return { at: share, beyond: null };
}

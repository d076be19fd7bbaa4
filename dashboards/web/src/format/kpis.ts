// Figures of the alarm system for the eye: bars of the rate, and which figure is worth a colour.

import type { AlarmKpis } from "../api/types";

/** Targets of ISA-18.2 and EEMUA 191 for one operator. */
export const TARGET = { mean: 1, most: 10, shareOver: 0.01, topShare: 0.05, stale: 5, chattering: 0 };

/** Bars that fit a chart. */
const BARS_MAX = 144;

export interface Bar {
  from: number;
  to: number;
  /** Alarms in the worst ten minutes of the bar, and in all of it. */
  most: number;
  sum: number;
}

/** The rate in at most so many bars of equal length, the empty ones too. */
export function bars(kpis: Pick<AlarmKpis, "from" | "to" | "step_secs" | "rate">, max = BARS_MAX): Bar[] {
  const step = kpis.step_secs * 1000;
  const first = Math.floor(Date.parse(kpis.from) / step);
  const end = Math.max(first + 1, Math.ceil(Date.parse(kpis.to) / step));
  const steps = Math.ceil((end - first) / max);
  const list: Bar[] = [];
  for (let at = first; at < end; at += steps)
    list.push({ from: at * step, to: Math.min(at + steps, end) * step, most: 0, sum: 0 });
  for (const { t, count } of kpis.rate) {
    const bar = list[Math.floor((Math.floor(Date.parse(t) / step) - first) / steps)];
    if (bar === undefined) continue;
    bar.most = Math.max(bar.most, count);
    bar.sum += count;
  }
  return list;
}

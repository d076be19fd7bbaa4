// From samples to lines: gaps stay gaps. A line breaks where the next sample is later than the
// point allows, and where a sample is not good; each break is also a stretch with its cause, which
// the trend marks along its foot. Pure, so that it can be tested to the millisecond.

import type { Bucket, Sample } from "../api/types";

/** One stretch without usable values. */
export interface Stretch {
  from: number;
  to: number;
  /** `missing`: nothing was received. Else the quality's reason. */
  reason: string;
  kind: "missing" | "bad" | "uncertain";
}

/** What uPlot draws: seconds, and one value (or null) for each. */
export interface Line {
  /** Unix seconds, strictly increasing. */
  xs: number[];
  mean: (number | null)[];
  /** Only with steps: the extremes. */
  min: (number | null)[];
  max: (number | null)[];
  /** Good samples behind each x; 0 at a break. */
  good: number[];
  stretches: Stretch[];
}

const emptyLine = (): Line => ({ xs: [], mean: [], min: [], max: [], good: [], stretches: [] });

function push(
  line: Line,
  t: number,
  min: number | null,
  mean: number | null,
  max: number | null,
  good: number,
): void {
  const x = t / 1000;
  const last = line.xs.at(-1);
  // Two samples of one moment: the later one counts, as in the store.
  if (last !== undefined && x <= last) {
    if (x < last) return;
    for (const column of [line.xs, line.min, line.mean, line.max, line.good]) column.pop();
  }
  line.xs.push(x);
  line.min.push(min);
  line.mean.push(mean);
  line.max.push(max);
  line.good.push(good);
}

/** Adds a stretch, or lengthens the last one if it goes on with the same cause. Between two gaps
 * there was a sample. */
function mark(stretches: Stretch[], next: Stretch): void {
  if (next.to <= next.from) return;
  const last = stretches.at(-1);
  const goesOn = last !== undefined && last.kind === next.kind && last.reason === next.reason;
  if (goesOn && last.kind !== "missing" && next.from - last.to <= 1) {
    last.to = next.to;
  } else {
    stretches.push(next);
  }
}

/**
 * Raw samples, in order of time. `until` is the end of what can be known: the range's end, or now.
 */
export function fromRaw(samples: Sample[], staleAfterMs: number, from: number, until: number): Line {
  const line = emptyLine();
  let previous: number | null = null;
  for (const [index, sample] of samples.entries()) {
    const t = Date.parse(sample.t);
    const quietSince: number = previous ?? from;
    if (t - quietSince > staleAfterMs) {
      const start = previous === null ? from : previous;
      if (previous !== null) push(line, (previous + t) / 2, null, null, null, 0);
      mark(line.stretches, { from: start, to: t, reason: "missing", kind: "missing" });
    }
    const good = sample.quality === "good" && sample.value !== null;
    push(
      line,
      t,
      good ? sample.value : null,
      good ? sample.value : null,
      good ? sample.value : null,
      good ? 1 : 0,
    );
    if (!good) {
      const next = samples[index + 1];
      const ends = next === undefined ? until : Date.parse(next.t);
      mark(line.stretches, {
        from: t,
        to: Math.min(ends, t + staleAfterMs),
        reason: sample.reason ?? "unspecified",
        kind: sample.quality === "uncertain" ? "uncertain" : "bad",
      });
    }
    previous = t;
  }
  markTail(line, previous ?? from, staleAfterMs, until);
  return line;
}

/** Buckets of `step` milliseconds; steps without samples are left out by the gateway. */
export function fromBuckets(
  buckets: Bucket[],
  step: number,
  staleAfterMs: number,
  from: number,
  until: number,
): Line {
  const line = emptyLine();
  // A slow point leaves out steps as a matter of course; that is no gap until it is stale.
  const allowed = Math.max(step * 1.5, staleAfterMs + step);
  let previous: number | null = null;
  for (const bucket of buckets) {
    const t = Date.parse(bucket.t);
    if (previous === null) {
      if (t - from > allowed) mark(line.stretches, { from, to: t, reason: "missing", kind: "missing" });
    } else if (t - previous > allowed) {
      push(line, previous + step, null, null, null, 0);
      mark(line.stretches, { from: previous + step, to: t, reason: "missing", kind: "missing" });
    }
    push(line, t, bucket.min, bucket.mean, bucket.max, bucket.good);
    if (bucket.not_good > 0) {
      const to = Math.min(t + step, until);
      mark(line.stretches, {
        from: t,
        to,
        reason: "unspecified",
        kind: bucket.good > 0 ? "uncertain" : "bad",
      });
    }
    previous = t;
  }
  markTail(line, previous === null ? from : previous + step, staleAfterMs, until);
  return line;
}

function markTail(line: Line, since: number, staleAfterMs: number, until: number): void {
  if (until - since <= staleAfterMs) return;
  const last = line.stretches.at(-1);
  const start = last && last.to > since && last.to < until ? last.to : since;
  mark(line.stretches, { from: start, to: until, reason: "missing", kind: "missing" });
}

/** Takes a live sample into buckets, in place. The gateway counts steps from the epoch. */
export function foldSample(buckets: Bucket[], sample: Sample, step: number): void {
  const t = Math.floor(Date.parse(sample.t) / step) * step;
  let bucket = buckets.at(-1);
  const last = bucket === undefined ? -Infinity : Date.parse(bucket.t);
  if (t < last) return;
  if (bucket === undefined || t > last) {
    bucket = { t: new Date(t).toISOString(), min: null, mean: null, max: null, good: 0, not_good: 0 };
    buckets.push(bucket);
  }
  const { value } = sample;
  if (sample.quality !== "good" || value === null) {
    bucket.not_good += 1;
    return;
  }
  bucket.min = bucket.min === null ? value : Math.min(bucket.min, value);
  bucket.max = bucket.max === null ? value : Math.max(bucket.max, value);
  bucket.mean = ((bucket.mean ?? 0) * bucket.good + value) / (bucket.good + 1);
  bucket.good += 1;
}

/** A small line for a card: an SVG path per unbroken run, in a box of `width` × `height`. */
export function sparkPaths(
  line: Line,
  from: number,
  to: number,
  domain: [number, number],
  width: number,
  height: number,
): string[] {
  const [lo, hi] = domain;
  const span = hi - lo || 1;
  const x = (seconds: number) => ((seconds * 1000 - from) / (to - from)) * width;
  const y = (value: number) => height - ((Math.min(Math.max(value, lo), hi) - lo) / span) * height;
  const paths: string[] = [];
  let run: string[] = [];
  const close = () => {
    // A lone sample is a dot, not nothing.
    if (run.length === 1) paths.push(`M${run[0]}h0.01`);
    else if (run.length > 1) paths.push(`M${run.join("L")}`);
    run = [];
  };
  for (const [index, seconds] of line.xs.entries()) {
    const value = line.mean[index] ?? null;
    if (value === null) close();
    else run.push(`${x(seconds).toFixed(1)} ${y(value).toFixed(1)}`);
  }
  close();
  return paths;
}

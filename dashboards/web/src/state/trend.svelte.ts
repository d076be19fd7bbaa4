// The data behind one trend: loaded for a window, kept up by live samples, loaded anew after a
// loss of the gateway.

import { api } from "../api/client";
import type { Bucket, Sample } from "../api/types";
import { foldSample, fromBuckets, fromRaw, type Line } from "../chart/series";
import { stepFor } from "../chart/window";
import type { PointCell } from "./cells.svelte";

export class Trend {
  line = $state.raw<Line>(fromRaw([], 0, 0, 0));
  step = $state.raw<number | null>(null);
  truncated = $state(false);
  loading = $state(true);
  error = $state.raw<unknown>(null);
  samples: Sample[] = [];
  buckets: Bucket[] = [];
  readonly #point: PointCell;
  #abort: AbortController | null = null;
  /** Live samples that came while a load was under way. */
  #held: Sample[] = [];
  /** End of the stretch that the buckets were asked for. */
  #until = 0;

  constructor(point: PointCell) {
    this.#point = point;
  }

  async load(from: number, to: number, now: number): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const step = stepFor(to - from);
    this.loading = true;
    try {
      if (step === null) {
        const answer = await api.raw(this.#point.id, from, to, abort.signal);
        this.samples = answer.samples;
        this.buckets = [];
        this.truncated = answer.truncated;
      } else {
        const { buckets } = await api.bucketed(this.#point.id, from, to, step, abort.signal);
        this.buckets = buckets;
        this.#until = to;
        this.samples = [];
        this.truncated = false;
      }
      this.step = step;
      this.error = null;
      // The answer may lack the very latest: what is read is heard of before it can be asked for.
      for (const sample of this.#held.splice(0)) this.#append(sample);
      this.draw(from, to, now);
    } catch (cause) {
      if (abort.signal.aborted) return;
      this.error = cause;
    }
    this.loading = false;
  }

  /** Works the line out again, e.g. because time has passed. */
  draw(from: number, to: number, now: number): void {
    const stale = this.#point.meta.stale_after_ms;
    const until = Math.min(to, now);
    if (this.step === null) {
      // Keeps one sample before the window, so that the line enters it instead of starting in it.
      const first = this.samples.findIndex((sample) => Date.parse(sample.t) >= from);
      if (first > 1) this.samples.splice(0, first - 1);
      this.line = fromRaw(this.samples, stale, from, until);
    } else {
      this.line = fromBuckets(this.buckets, this.step, stale, from, until);
    }
  }

  /** A live sample; does not draw. */
  add(sample: Sample): void {
    if (this.loading) this.#held.push(sample);
    else this.#append(sample);
  }

  #append(sample: Sample): void {
    if (this.step !== null) {
      // A bucket of the answer has counted it already.
      if (Date.parse(sample.t) > this.#until) foldSample(this.buckets, sample, this.step);
      return;
    }
    const last = this.samples.at(-1);
    if (last === undefined || Date.parse(sample.t) > Date.parse(last.t)) this.samples.push(sample);
  }

  stop(): void {
    this.#abort?.abort();
  }
}

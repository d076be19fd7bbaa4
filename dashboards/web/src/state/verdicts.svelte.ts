// The verdicts of a stretch of days, asked for day by day, because one answer holds only so many.

import { api, VERDICT_LIMIT } from "../api/client";
import type { VerdictRow } from "../api/types";
import { DAY } from "../format/time";

export class Verdicts {
  rows = $state.raw<VerdictRow[]>([]);
  loading = $state(true);
  /** Some day had more verdicts than one answer holds. */
  truncated = $state(false);
  error = $state.raw<unknown>(null);
  #generation = 0;

  async load(from: number, to: number): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.loading = true;
    const days: [number, number][] = [];
    for (let start = from; start < to; start += DAY) days.push([start, Math.min(start + DAY, to)]);
    try {
      const answers = await Promise.all(days.map(([start, end]) => api.verdicts(start, end)));
      if (generation !== this.#generation) return;
      // A verdict that reaches over midnight is in two answers.
      const known = new Map(answers.flat().map((row) => [row.id, row]));
      this.rows = [...known.values()];
      this.truncated = answers.some((answer) => answer.length >= VERDICT_LIMIT);
      this.error = null;
    } catch (cause) {
      if (generation === this.#generation) this.error = cause;
    }
    if (generation === this.#generation) this.loading = false;
  }

  add(row: VerdictRow): void {
    if (!this.rows.some((known) => known.id === row.id)) this.rows = [...this.rows, row];
  }
}

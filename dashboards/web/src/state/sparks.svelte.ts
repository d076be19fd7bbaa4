// The little trends of the cards: the last hour in minutes, asked for only by what is on screen,
// a few at a time, and not again within a minute.

import { SvelteMap } from "svelte/reactivity";
import { api } from "../api/client";
import type { Bucket } from "../api/types";
import { clock } from "./clock.svelte";

export const SPARK_SPAN_MS = 3_600_000;
export const SPARK_STEP_MS = 60_000;
const FRESH_MS = 60_000;
const PARALLEL = 3;

export interface Spark {
  from: number;
  to: number;
  buckets: Bucket[];
}

class Sparks {
  readonly all = new SvelteMap<string, Spark>();
  #asked = new Map<string, number>();
  #queue: string[] = [];
  #running = 0;

  /** Asks for a point's last hour unless that was done within the last minute. */
  want(point: string): void {
    const asked = this.#asked.get(point);
    if (asked !== undefined && clock.exact() - asked < FRESH_MS) return;
    this.#asked.set(point, clock.exact());
    this.#queue.push(point);
    this.#next();
  }

  #next(): void {
    while (this.#running < PARALLEL) {
      const point = this.#queue.shift();
      if (point === undefined) return;
      this.#running += 1;
      void this.#fetch(point).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #fetch(point: string): Promise<void> {
    const to = clock.exact();
    const from = to - SPARK_SPAN_MS;
    try {
      const { buckets } = await api.bucketed(point, from, to, SPARK_STEP_MS);
      this.all.set(point, { from, to, buckets });
    } catch {
      // A card without its little trend is still a card; ask again in a minute.
    }
  }
}

export const sparks = new Sparks();

// Values that are words: the phase of a sterilizer, a door. What the profile says comes first; a
// switch without such words gets those of the catalogue.

import type { Point } from "../api/types";
import { booleanText, say } from "../i18n/index.svelte";

export type Stated = Pick<Point, "kind" | "parameter" | "states">;

/** Whether a value of the point is one of a few states, and not a measurement. */
export const isStated = (meta: Stated): boolean => meta.kind === "boolean" || meta.states.length > 0;

/** What a value means; null for a measurement, and for a value that is none of the states. */
export function stateText(meta: Stated, value: number): string | null {
  const state = meta.states.find((one) => one.value === value);
  if (state !== undefined) return say(state.name);
  return meta.kind === "boolean" ? booleanText(meta.parameter, value !== 0) : null;
}

/** Every value that the point may have, in order; empty for a measurement. */
export function stateValues(meta: Stated): number[] {
  if (meta.kind === "boolean") return [0, 1];
  return meta.states.map((state) => state.value).sort((a, b) => a - b);
}

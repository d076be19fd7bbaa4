// How a point reads at this moment: is its value live, where does it lie against its limits, and
// how loudly should the screen say so. One place decides, so that a value that is stale, bad or
// from a lost gateway can nowhere look like a live one.

import type { Sample, Verdict } from "../api/types";

/** Whether the value may be read as the present. */
export type Standing = "live" | "lost" | "stale" | "bad" | "uncertain" | "none";

/** How loudly it is said: quiet ground, colour only for the abnormal. */
export type Tone = "calm" | "info" | "warn" | "alarm" | "unknown";

export type Mark = "ok" | "above" | "below" | "breach" | "unknown" | "idle";

/** A limit with the verdict of the requirement behind it. */
export interface BoundLimit {
  low: number | null;
  high: number | null;
  warning: boolean;
  /** Whether the requirement applies now (a closed pool has no limit). */
  applies: boolean;
}

export interface Reading {
  standing: Standing;
  /** The number to show in large, null if none may be shown as the present. */
  value: number | null;
  /** A former value that may be shown, small and named as such. */
  last: number | null;
  /** Word of the gateway (`comm_failure`) or of this screen (`stale`, `lost`); null if live. */
  reason: string | null;
  /** Milliseconds since the sample's own time, of a bad one since the last good one; null if unknown. */
  age: number | null;
  mark: Mark;
  tone: Tone;
}

export interface ReadingInput {
  sample: Sample | null;
  /** The latest good sample that was seen, and when the device last answered. */
  lastGood: Sample | null;
  lastSuccess: string | null;
  staleAfterMs: number;
  /** The gateway itself called it stale when it was last asked. */
  stale: boolean;
  /** Whether the gateway is heard. */
  connected: boolean;
  now: number;
  limits: BoundLimit[];
  verdict: Verdict | null;
}

/** Where a value lies against the limits that apply: the worst of them. */
export function side(value: number, limits: BoundLimit[]): "above" | "below" | null {
  for (const limit of [...limits].sort((a, b) => Number(a.warning) - Number(b.warning))) {
    if (!limit.applies) continue;
    if (limit.high !== null && value > limit.high) return "above";
    if (limit.low !== null && value < limit.low) return "below";
  }
  return null;
}

function standing(input: ReadingInput, age: number | null): Standing {
  const { sample } = input;
  if (sample === null) return "none";
  if (!input.connected) return "lost";
  if (sample.quality === "bad") return "bad";
  if (input.stale || (age !== null && age > input.staleAfterMs)) return "stale";
  if (sample.quality === "uncertain" || sample.value === null) return "uncertain";
  return "live";
}

export function read(input: ReadingInput): Reading {
  const { sample, verdict } = input;
  const age = since(input.now, sample?.t ?? null);
  const stands = standing(input, age);
  if (stands === "live") {
    const value = sample?.value ?? null;
    return {
      standing: stands,
      value,
      last: null,
      reason: null,
      age,
      ...loudness(value, input.limits, verdict),
    };
  }
  const shown = stands === "uncertain" ? (sample?.value ?? null) : null;
  // A device that does not answer yields a fresh sample each time, saying so. What counts then is
  // how long ago there was a value.
  const silent = sample?.quality === "bad";
  return {
    standing: stands,
    value: shown,
    last: shown === null ? (sample?.value ?? input.lastGood?.value ?? null) : null,
    reason: reasonOf(stands, sample),
    age: silent ? since(input.now, input.lastGood?.t ?? input.lastSuccess) : age,
    mark: "unknown",
    tone: "unknown",
  };
}

const since = (now: number, time: string | null): number | null =>
  time === null ? null : Math.max(0, now - Date.parse(time));

function reasonOf(stands: Standing, sample: Sample | null): string {
  if (stands === "lost") return "lost";
  if (stands === "none") return "waiting_for_initial_data";
  if (stands === "stale") return "stale";
  return sample?.reason ?? "unspecified";
}

/** The verdict decides the colour, the limits only the shape: a moment above the limit of a daily
 * mean is a warning, not a violation. */
function loudness(
  value: number | null,
  limits: BoundLimit[],
  verdict: Verdict | null,
): { mark: Mark; tone: Tone } {
  const beyond = value === null ? null : side(value, limits);
  if (verdict === "non_compliant") return { mark: beyond ?? "breach", tone: "alarm" };
  if (beyond !== null) return { mark: beyond, tone: "warn" };
  if (verdict === "indeterminate") return { mark: "unknown", tone: "unknown" };
  if (verdict === "compliant") return { mark: "ok", tone: "calm" };
  return { mark: "idle", tone: "calm" };
}

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
  mark: Mark;
  tone: Tone;
}

/** What a point is known to have said. */
export interface Heard {
  sample: Sample | null;
  /** The latest good sample that was seen, and when the device last answered. */
  lastGood: Sample | null;
  lastSuccess: string | null;
}

/** What decides whether that still stands. */
export interface Circumstances {
  now: number;
  staleAfterMs: number;
  /** The gateway itself called it stale when it was last asked. */
  stale: boolean;
  /** Whether the gateway is heard. */
  connected: boolean;
}

/** Where a value lies against the limits that apply: the worst of them. */
export function side(value: number, limits: readonly BoundLimit[]): "above" | "below" | null {
  for (const limit of [...limits].sort((a, b) => Number(a.warning) - Number(b.warning))) {
    if (!limit.applies) continue;
    if (limit.high !== null && value > limit.high) return "above";
    if (limit.low !== null && value < limit.low) return "below";
  }
  return null;
}

const since = (now: number, time: string | null): number | null =>
  time === null ? null : Math.max(0, now - Date.parse(time));

/** Milliseconds since there was a value; null if that is not known. A device that does not answer
 * yields a fresh sample each time, saying so: then it is the age of the last good one. */
export function ageOf({ sample, lastGood, lastSuccess }: Heard, now: number): number | null {
  if (sample?.quality === "bad") return since(now, lastGood?.t ?? lastSuccess);
  return since(now, sample?.t ?? null);
}

export function standingOf(
  sample: Sample | null,
  { now, staleAfterMs, stale, connected }: Circumstances,
): Standing {
  if (sample === null) return "none";
  if (!connected) return "lost";
  if (sample.quality === "bad") return "bad";
  if (stale || now - Date.parse(sample.t) > staleAfterMs) return "stale";
  if (sample.quality === "uncertain" || sample.value === null) return "uncertain";
  return "live";
}

export function read(
  { sample, lastGood }: Heard,
  standing: Standing,
  limits: readonly BoundLimit[],
  verdict: Verdict | null,
): Reading {
  const value = sample?.value ?? null;
  if (standing === "live") {
    return { standing, value, last: null, reason: null, ...loudness(value, limits, verdict) };
  }
  const shown = standing === "uncertain" ? value : null;
  return {
    standing,
    value: shown,
    last: shown === null ? (value ?? lastGood?.value ?? null) : null,
    reason: reasonOf(standing, sample),
    mark: "unknown",
    tone: "unknown",
  };
}

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
  limits: readonly BoundLimit[],
  verdict: Verdict | null,
): { mark: Mark; tone: Tone } {
  const beyond = value === null ? null : side(value, limits);
  if (verdict === "non_compliant") return { mark: beyond ?? "breach", tone: "alarm" };
  if (beyond !== null) return { mark: beyond, tone: "warn" };
  if (verdict === "indeterminate") return { mark: "unknown", tone: "unknown" };
  if (verdict === "compliant") return { mark: "ok", tone: "calm" };
  return { mark: "idle", tone: "calm" };
}

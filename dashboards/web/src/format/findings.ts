// The numbers behind a finding, each as an operator reads it: its name in the gateway says what it is.

import type { Point } from "../api/types";
import { duration, t } from "../i18n/index.svelte";
import { formatNumber, formatShare, withUnit } from "./number";

/** Differences and scatter are smaller than what the instrument shows. */
const FINER = 2;

export interface Figure {
  name: string;
  value: string;
}

/** `point` is the one the finding is about, if the site still has it. */
export const figuresOf = (
  numbers: Record<string, number>,
  point: Pick<Point, "decimals" | "unit"> | undefined,
): Figure[] => Object.entries(numbers).map(([name, value]) => ({ name, value: figure(name, value, point) }));

function figure(name: string, value: number, point: Pick<Point, "decimals" | "unit"> | undefined): string {
  if (name.endsWith("_secs")) return duration(value * 1000);
  if (name.startsWith("share_")) return formatShare(value);
  if (name === "celsius") return withUnit(formatNumber(value, 1), "°C");
  if (name === "hours") return withUnit(formatNumber(value, 1), t("unit.hour"));
  if (name === "every_days") return withUnit(formatNumber(value, 0), t("unit.day"));
  if (name === "places") return formatNumber(value, 0);
  const decimals = (point?.decimals ?? 2) + (/^(noise|moved)/.test(name) ? FINER : 0);
  return withUnit(formatNumber(value, decimals), point?.unit ?? "1");
}

// Values and limits of a verdict or an alarm, in words and in the unit of the first point behind it.

import { hasKey, say, t } from "../i18n/index.svelte";
import type { RequirementCell } from "../state/cells.svelte";
import { live } from "../state/live.svelte";
import { findRequirement } from "../state/reduce";
import { decisiveDecimals, formatNumber, intervalText, NONE, parseInterval, withUnit } from "./number";
import { stateText } from "./states";

/** What verdicts and alarms have in common. */
export interface Judged {
  area: string;
  requirement: string;
  points: readonly string[];
  value: number | null;
  limit: string;
}

export function requirementOf(
  judged: Pick<Judged, "area" | "requirement" | "points">,
): RequirementCell | undefined {
  const area = live.areas.find((cell) => cell.id === judged.area);
  return area && findRequirement(area.requirements, judged.requirement, judged.points);
}

/** The deciding value with its unit. */
export function valueText(judged: Judged): string {
  const { value } = judged;
  const meta = live.points.get(judged.points[0] ?? "")?.meta;
  if (value === null) return NONE;
  if (meta === undefined) return formatNumber(value, 2);
  const state = stateText(meta, value);
  if (state !== null) return state;
  const interval = parseInterval(judged.limit);
  const decimals = decisiveDecimals(value, meta.decimals, interval === null ? [] : [interval]);
  return withUnit(formatNumber(value, decimals), meta.unit);
}

/** The limit; a rule in words comes in English only, so its requirement is asked for the other. */
export function limitText(judged: Judged): string {
  const meta = live.points.get(judged.points[0] ?? "")?.meta;
  if (parseInterval(judged.limit) !== null) {
    return withUnit(intervalText(judged.limit), meta?.unit ?? "1");
  }
  const text = requirementOf(judged)?.meta.limit;
  return ruleText(text !== undefined && text.en === judged.limit ? say(text) : judged.limit);
}

/** A rule as the packs write it, with its switches in words: `door_open=1` is "door open". */
export function ruleText(rule: string): string {
  return rule.replaceAll(/\b([a-z_]+)=([01])/g, (whole, parameter: string, state: string) => {
    const key = `switch.${parameter}.${state}`;
    return hasKey(key) ? t(key) : whole;
  });
}

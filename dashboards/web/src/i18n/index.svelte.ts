// Words. `t` looks a key up in the catalogue of the chosen language and puts the values in;
// `say` picks the language of a text that came from the gateway.

import type { Text } from "../api/types";
import { formatAge, formatDuration, type DurationWords, type Lang } from "../format/time";
import { prefs } from "../state/prefs.svelte";
import en from "./en.json";
import zh from "./zh-CN.json";

export type Key = keyof typeof zh;
const catalogues: Record<Lang, Record<Key, string>> = { "zh-CN": zh, en };

/** Puts `{name}` into a pattern; an unknown name stays visible, so that it is noticed. */
export function fill(pattern: string, values: Record<string, string | number>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(catalogues[prefs.lang][key], values);
}

/** A word of the gateway, e.g. a role or a reason; what is not in the catalogue is shown as it is. */
export function word(group: "role" | "reason" | "kind" | "confidence" | "code" | "seal" | "finding" | "figure", name: string): string {
  const key = `${group}.${name}`;
  return hasKey(key) ? t(key) : name.replaceAll("_", " ");
}

/** Whether a key that was put together exists. */
export const hasKey = (key: string): key is Key => Object.hasOwn(zh, key);

export function say(text: Text): string {
  const [first, second] = prefs.lang === "en" ? [text.en, text.zh] : [text.zh, text.en];
  return first === "" ? second : first;
}

const durationWords = (): DurationWords => ({
  second: t("unit.second"),
  minute: t("unit.minute"),
  hour: t("unit.hour"),
  day: t("unit.day"),
});

export const age = (ms: number): string => formatAge(ms, durationWords());
export const duration = (ms: number): string => formatDuration(ms, durationWords());

/** A switch's state in words that fit what it switches. */
export function booleanText(parameter: string, on: boolean): string {
  const key = `boolean.${parameter}.${on ? "true" : "false"}`;
  return t(hasKey(key) ? key : on ? "boolean.true" : "boolean.false");
}

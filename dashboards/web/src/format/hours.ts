// Opening hours as the site file writes them (`mon-fri 06:00-12:00,14:00-22:00`, `sat,sun 08:00-20:00`), so
// that "does not apply, closed" can be told from "nobody has judged this".

import { DAY, dayStart, zoneOffset, type Lang } from "./time";

const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const TIMES = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/;
const MINUTE = 60_000;

interface Span {
  days: Set<number>;
  /** Milliseconds after midnight; `to` may be beyond 24 h. */
  from: number;
  to: number;
}

function daysOf(text: string): Set<number> | null {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const [first = "", last = first] = part.split("-");
    const start = NAMES.indexOf(first);
    const end = NAMES.indexOf(last);
    if (start < 0 || end < 0) return null;
    for (let day = start; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === end) break;
    }
  }
  return days;
}

/** Null for hours that are not understood: then nothing may be concluded from them. */
export function parseHours(lines: readonly string[]): Span[] | null {
  const spans: Span[] = [];
  for (const line of lines) {
    const [named = "", ...times] = line
      .trim()
      .toLowerCase()
      .split(/\s+|(?<=\d),/);
    const days = daysOf(named);
    if (days === null || times.length === 0) return null;
    for (const time of times) {
      const match = TIMES.exec(time);
      if (match === null) return null;
      const [, h1, m1, h2, m2] = match.map(Number);
      const from = (h1 ?? 0) * 60 + (m1 ?? 0);
      const to = (h2 ?? 0) * 60 + (m2 ?? 0);
      spans.push({ days, from: from * MINUTE, to: (to <= from ? to + 1440 : to) * MINUTE });
    }
  }
  return spans;
}

/** Whether the site was closed during the whole stretch. Without any hours it is always open. */
export function closedThroughout(lines: readonly string[], from: number, to: number, zone: string): boolean {
  const spans = parseHours(lines);
  if (spans === null || spans.length === 0) return false;
  // The day before, because its hours may reach over midnight.
  for (let day = dayStart(from, zone) - DAY / 2; day < to + DAY / 2; day += DAY) {
    const midnight = dayStart(day, zone);
    const weekday = new Date(midnight + zoneOffset(midnight, zone)).getUTCDay();
    for (const span of spans) {
      if (span.days.has(weekday) && midnight + span.from < to && midnight + span.to > from) return false;
    }
  }
  return true;
}

const DAYS: Record<Lang, { names: readonly string[]; all: string; join: string; to: string }> = {
  "zh-CN": { names: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"], all: "每天", join: "、", to: "至" },
  en: { names: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"], all: "daily", join: ", ", to: " to " },
};

/** The hours with the days in words; what is not understood stays as it is. */
export function hoursText(written: readonly string[], lang: Lang): string {
  const { names, all, join, to } = DAYS[lang];
  const day = (name: string) => names[NAMES.indexOf(name)] ?? name;
  const line = (text: string): string => {
    if (parseHours([text]) === null) return text;
    const split = /^(\S*?[a-z])(?:\s+|,)(?=\d)(.*)$/i.exec(text.trim());
    if (split === null) return text;
    const [, named = "", times = ""] = split;
    const spans = named.toLowerCase().split(",");
    const days =
      daysOf(named.toLowerCase())?.size === 7
        ? all
        : spans.map((span) => span.split("-").map(day).join(to)).join(join);
    return `${days} ${times.replaceAll("-", "–").replaceAll(",", join).replaceAll(/\s+/g, " ")}`;
  };
  return written.map(line).join(lang === "en" ? "; " : "；");
}

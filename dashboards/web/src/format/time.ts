// Time as the site sees it: every stamp in the site's own time zone, ages and durations short.

export type Lang = "zh-CN" | "en";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(lang: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${lang}|${zone}|${JSON.stringify(options)}`;
  let found = formatters.get(key);
  if (found === undefined) {
    // British order and 24 hours for English: no 12-hour clock on a control screen.
    const locale = lang === "en" ? "en-GB" : lang;
    found = new Intl.DateTimeFormat(locale, { timeZone: safeZone(zone), hourCycle: "h23", ...options });
    formatters.set(key, found);
  }
  return found;
}

/** A zone this browser does not know must not take the screen down: UTC then, and labelled so. */
export function safeZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone }).resolvedOptions().timeZone && zone;
  } catch {
    return "UTC";
  }
}

const TIME = { hour: "2-digit", minute: "2-digit" } as const;
const CLOCK = { ...TIME, second: "2-digit" } as const;

export const formatTime = (ms: number, zone: string, lang: Lang): string =>
  formatter(lang, zone, TIME).format(ms);

export const formatClock = (ms: number, zone: string, lang: Lang): string =>
  formatter(lang, zone, CLOCK).format(ms);

/** Day and month, e.g. `11月22日` or `22 Nov`. */
export const formatDay = (ms: number, zone: string, lang: Lang): string =>
  formatter(lang, zone, { month: "short", day: "numeric" }).format(ms);

export const formatWeekday = (ms: number, zone: string, lang: Lang): string =>
  formatter(lang, zone, { weekday: "short" }).format(ms);

/** Day and clock; only the clock when it is the same day as `now`. */
export function formatMoment(ms: number, zone: string, lang: Lang, now: number): string {
  const clock = formatClock(ms, zone, lang);
  return dayStart(ms, zone) === dayStart(now, zone) ? clock : `${formatDay(ms, zone, lang)} ${clock}`;
}

/** Unmistakable stamp for tables: `2026-11-22 14:03:05`. */
export function formatStamp(ms: number, zone: string): string {
  const p = zonedParts(ms, zone);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${p.year}-${two(p.month)}-${two(p.day)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)}`;
}

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** The wall clock of a zone. */
export function zonedParts(ms: number, zone: string): Parts {
  const parts = formatter("en", zone, {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    ...CLOCK,
  }).formatToParts(ms);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return {
    year: read("year"),
    month: read("month"),
    day: read("day"),
    hour: read("hour"),
    minute: read("minute"),
    second: read("second"),
  };
}

/** Milliseconds that a zone is ahead of UTC at a moment. */
export function zoneOffset(ms: number, zone: string): number {
  const p = zonedParts(ms, zone);
  const wall = Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second);
  return wall - Math.floor(ms / SECOND) * SECOND;
}

/** `UTC+8`, `UTC+5:30`. */
export function offsetLabel(ms: number, zone: string): string {
  const minutes = Math.round(zoneOffset(ms, zone) / MINUTE);
  const hours = Math.trunc(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  const sign = minutes < 0 ? "\u2212" : "+";
  return `UTC${sign}${hours}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}

/** Midnight at the start of the site's day; right on days that are 23 or 25 hours long. */
export function dayStart(ms: number, zone: string): number {
  const p = zonedParts(ms, zone);
  const midnight = Date.UTC(p.year, p.month - 1, p.day);
  const guess = midnight - zoneOffset(ms, zone);
  return midnight - zoneOffset(guess, zone);
}

/** The starts of the last `count` days of the site, oldest first, the running day last. */
export function lastDays(now: number, count: number, zone: string): number[] {
  const starts = [dayStart(now, zone)];
  while (starts.length < count) {
    starts.unshift(dayStart((starts[0] ?? now) - 12 * HOUR, zone));
  }
  return starts;
}

/** The starts of the last `count` hours, oldest first, the running hour last. */
export function lastHours(now: number, count: number, zone: string): number[] {
  const offset = zoneOffset(now, zone);
  const running = Math.floor((now + offset) / HOUR) * HOUR - offset;
  return Array.from({ length: count }, (_, index) => running - (count - 1 - index) * HOUR);
}

/** Units of durations, in words of the language. */
export interface DurationWords {
  second: string;
  minute: string;
  hour: string;
  day: string;
}

/** One unit, rounded down: `3 s`, `12 min`, `5 h`, `2 d`. For ages. */
export function formatAge(ms: number, words: DurationWords): string {
  const age = Math.max(0, ms);
  if (age < MINUTE) return `${Math.floor(age / SECOND)}\u202f${words.second}`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)}\u202f${words.minute}`;
  if (age < DAY) return `${Math.floor(age / HOUR)}\u202f${words.hour}`;
  return `${Math.floor(age / DAY)}\u202f${words.day}`;
}

/** Two units, rounded down: `42 s`, `1 min 5 s`, `2 h 5 min`, `3 d 4 h`. For durations. */
export function formatDuration(ms: number, words: DurationWords): string {
  const steps: [number, string][] = [
    [DAY, words.day],
    [HOUR, words.hour],
    [MINUTE, words.minute],
    [SECOND, words.second],
  ];
  let rest = Math.max(0, ms);
  const out: string[] = [];
  for (const [size, word] of steps) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) out.push(`${count}\u202f${word}`);
    else if (out.length > 0) break;
    if (out.length === 2) break;
  }
  return out.length === 0 ? `0\u202f${words.second}` : out.join(" ");
}

/** A moment as `<input type="datetime-local">` has it, on the site's wall clock, to the minute. */
export const toLocal = (ms: number, zone: string): string =>
  formatStamp(ms, zone).slice(0, 16).replace(" ", "T");

/** What such an input says, on the site's wall clock; null if that is no moment. */
export function fromLocal(text: string, zone: string): number | null {
  const wall = Date.parse(`${text}Z`);
  if (!Number.isFinite(wall)) return null;
  // Where the clocks change the first guess may be an hour off; the second is not.
  return wall - zoneOffset(wall - zoneOffset(wall, zone), zone);
}

// Numbers and units as an operator reads them: fixed decimals, a real minus sign, no unit for pH.

/** What is shown where there is no number. */
export const NONE = "—";

/** A value with its fixed number of decimals. Thin groups only from five digits on. */
export function formatNumber(value: number | null, decimals: number): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  const places = Math.max(0, Math.min(decimals, 6));
  const fixed = Math.abs(value).toFixed(places);
  const [whole = "0", fraction] = fixed.split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  // "-0.00" would suggest a direction that is not there.
  const sign = value < 0 && Number(fixed) !== 0 ? "\u2212" : "";
  return sign + (fraction === undefined ? grouped : `${grouped}.${fraction}`);
}

/** An allowed interval; the limits themselves are allowed. */
export interface Interval {
  low: number | null;
  high: number | null;
}

const within = (value: number, { low, high }: Interval): boolean =>
  (low === null || value >= low) && (high === null || value <= high);

/** More decimals than usual where fewer would show the value on the wrong side of a limit: 2.996
 * against a least value of 3 is not "3.00". */
export function decisiveDecimals(value: number, decimals: number, limits: readonly Interval[]): number {
  const most = decimals + 4;
  for (let places = decimals; places < most; places += 1) {
    const shown = Number(value.toFixed(places));
    if (limits.every((limit) => within(shown, limit) === within(value, limit))) return places;
  }
  return most;
}

/** The unit as written behind a value; a pure number has none. */
export function unitText(unit: string): string {
  return unit === "1" ? "" : unit;
}

/** Value and unit with a thin space between them, as SI asks (also before °C and %). */
export function withUnit(value: string, unit: string): string {
  const symbol = unitText(unit);
  return symbol === "" ? value : `${value}\u202f${symbol}`;
}

/** A limit's number: no more decimals than it has, e.g. `0.5`, `3`. */
export function limitNumber(value: number): string {
  return String(value).replace("-", "\u2212");
}

/** Bytes, in the units of a disk. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const decimals = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(decimals)}\u202f${units[unit] ?? "B"}`;
}

/** A count with thin groups. */
export function formatCount(count: number): string {
  return formatNumber(count, 0);
}

/** A share between 0 and 1, in full percent, rounded down: only all is 100 %. */
export function formatShare(share: number): string {
  return `${Math.floor(Math.min(Math.max(share, 0), 1) * 100)}\u202f%`;
}

const NUMBER = String.raw`-?\d+(?:\.\d+)?`;
const CLOSED = new RegExp(String.raw`^\[\s*(${NUMBER})\s*,\s*(${NUMBER})\s*\]$`);
const ONE_SIDED = new RegExp(String.raw`^[≤≥]\s*(${NUMBER})$`);

/** A limit as the gateway writes it, `[3, 10]`, `≤ 0.5`, as an operator reads it, `3 – 10`; a rule
 * in words stays as it is. */
export function intervalText(limit: string): string {
  const closed = CLOSED.exec(limit.trim());
  if (!closed) return limit.trim();
  return `${limitNumber(Number(closed[1]))} – ${limitNumber(Number(closed[2]))}`;
}

/** The plain interval that a limit is; null for a rule in words. */
export function parseInterval(limit: string): Interval | null {
  const text = limit.trim();
  const closed = CLOSED.exec(text);
  if (closed) return { low: Number(closed[1]), high: Number(closed[2]) };
  const edge = ONE_SIDED.exec(text);
  if (edge === null) return null;
  return text.startsWith("≤") ? { low: null, high: Number(edge[1]) } : { low: Number(edge[1]), high: null };
}

// What people type, as what the gateway takes.

/** A number with a point or a comma, also with a real minus sign; null for anything else. */
export function parseNumber(text: string): number | null {
  const plain = text.trim().replace("\u2212", "-").replace(",", ".").replace("，", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

/** One text a line, without the empty ones. */
export const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

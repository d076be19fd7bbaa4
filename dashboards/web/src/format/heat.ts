// The compliance strip: what the verdicts say of each hour or day. A cell that nobody has judged is
// told apart from one that was closed, and neither is ever "compliant".

import type { Verdict, VerdictRow } from "../api/types";
import { worst } from "../state/reduce";

export type CellState = Verdict | "closed" | "running" | "none";

export interface Cell {
  from: number;
  to: number;
  state: CellState;
  rows: VerdictRow[];
}

export interface StripInput {
  /** Starts of the cells, oldest first. */
  starts: number[];
  /** End of the last cell. */
  end: number;
  now: number;
  rows: VerdictRow[];
  closed(from: number, to: number): boolean;
}

interface Span {
  row: VerdictRow;
  from: number;
  to: number;
}

/** One strip, from the verdicts of one requirement. */
export function strip(input: StripInput): Cell[] {
  const spans = input.rows.map((row) => ({ row, from: Date.parse(row.from), to: Date.parse(row.to) }));
  const due = dueAfter(spans, input.now);
  return input.starts.map((from, index) => {
    const to = input.starts[index + 1] ?? input.end;
    const rows = spans.filter((span) => span.from < to && span.to > from).map((span) => span.row);
    return { from, to, rows, state: stateOf(rows, from, to, due, input) };
  });
}

/** From when on a verdict may still come: a mean over a day is judged when the day is over, and so
 * says nothing of today's hours yet. */
function dueAfter(spans: readonly Span[], now: number): number {
  const judged = Math.max(...spans.map((span) => span.to));
  const longest = Math.max(...spans.map((span) => span.to - span.from));
  return now - judged <= longest ? judged : now;
}

function stateOf(rows: VerdictRow[], from: number, to: number, due: number, input: StripInput): CellState {
  const verdict = worst(rows.map((row) => row.verdict));
  if (verdict !== null) return verdict;
  if (input.closed(from, Math.min(to, input.now))) return "closed";
  return to > input.now || from >= due ? "running" : "none";
}

export interface Tally {
  judged: number;
  compliant: number;
}

/** How many of the judged cells were in order. */
export function tally(cells: readonly Cell[]): Tally {
  const judged = cells.filter((cell) => cell.rows.length > 0);
  return { judged: judged.length, compliant: judged.filter((cell) => cell.state === "compliant").length };
}

/** Rows of one requirement as bound to its first point. */
export function rowsOf(
  rows: readonly VerdictRow[],
  area: string,
  id: string,
  points: readonly string[],
): VerdictRow[] {
  return rows.filter((row) => row.area === area && row.requirement === id && row.points[0] === points[0]);
}

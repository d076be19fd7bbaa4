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

/** One strip, from the verdicts of one requirement. */
export function strip(input: StripInput): Cell[] {
  const spans = input.rows.map((row) => ({ row, from: Date.parse(row.from), to: Date.parse(row.to) }));
  return input.starts.map((from, index) => {
    const to = input.starts[index + 1] ?? input.end;
    const rows = spans.filter((span) => span.from < to && span.to > from).map((span) => span.row);
    return { from, to, rows, state: stateOf(rows, from, to, input) };
  });
}

function stateOf(rows: VerdictRow[], from: number, to: number, input: StripInput): CellState {
  const verdict = worst(rows.map((row) => row.verdict));
  if (verdict !== null) return verdict;
  if (input.closed(from, Math.min(to, input.now))) return "closed";
  return to > input.now ? "running" : "none";
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

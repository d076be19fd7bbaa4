// Compliance strips and opening hours: what nobody has judged is never compliant.

import { describe, expect, it } from "vitest";
import type { Verdict, VerdictRow } from "../src/api/types";
import { rowsOf, strip, tally } from "../src/format/heat";
import { closedThroughout, parseHours } from "../src/format/hours";

const HOUR = 3_600_000;
const T0 = Date.parse("2026-11-22T00:00:00.000Z");
const row = (from: number, to: number, verdict: Verdict, rest: Partial<VerdictRow> = {}): VerdictRow => ({
  id: from,
  t: "",
  area: "pool",
  pack: "p@1",
  requirement: "ph",
  points: ["pool-1.ph"],
  verdict,
  from: new Date(T0 + from * HOUR).toISOString(),
  to: new Date(T0 + to * HOUR).toISOString(),
  value: null,
  limit: "",
  clause: "",
  coverage: 1,
  known_at: "",
  revises: [],
  revised_for: null,
  in_force: true,
  revised_by: [],
  superseded_at: null,
  superseded_for: null,
  ...rest,
});
const cells = (rows: VerdictRow[], now = 4.5, closed = (_from: number, _to: number) => false) =>
  strip({
    starts: [0, 1, 2, 3, 4].map((h) => T0 + h * HOUR),
    end: T0 + 5 * HOUR,
    now: T0 + now * HOUR,
    rows,
    closed,
  });

describe("strips", () => {
  it("show the worst verdict that touches a cell", () => {
    const states = cells([
      row(0, 1, "compliant"),
      row(1, 1.5, "compliant"),
      row(1.5, 1.6, "non_compliant"),
      row(1.6, 3, "indeterminate"),
    ]).map((c) => c.state);
    expect(states).toEqual(["compliant", "non_compliant", "indeterminate", "none", "running"]);
  });
  it("do not count a verdict that only touches the edge", () => {
    expect(cells([row(1, 2, "non_compliant")])[0]?.rows).toEqual([]);
    expect(cells([row(1, 2, "non_compliant")])[2]?.rows).toEqual([]);
  });
  it("tell closed from not judged, also in the running cell", () => {
    const states = cells([], 4.5, (from) => from >= T0 + 3 * HOUR).map((c) => c.state);
    expect(states).toEqual(["none", "none", "none", "closed", "closed"]);
  });
  it("wait for a verdict on the day until the day is over, but not for ever", () => {
    const states = (now: number) => cells([row(-23, 1, "compliant")], now).map((cell) => cell.state);
    expect(states(4.5)).toEqual(["compliant", "running", "running", "running", "running"]);
    expect(cells([row(0, 1, "compliant")], 4.5).map((cell) => cell.state)).toEqual([
      "compliant",
      "none",
      "none",
      "none",
      "running",
    ]);
  });
  it("count only what was judged", () => {
    expect(tally(cells([row(0, 2, "compliant"), row(2, 3, "non_compliant")]))).toEqual({
      judged: 3,
      compliant: 2,
    });
  });
  it("keep bindings of one requirement apart", () => {
    const rows = [
      row(0, 1, "compliant"),
      row(0, 1, "compliant", { points: ["pool-2.ph"] }),
      row(0, 1, "compliant", { area: "spa" }),
    ];
    expect(rowsOf(rows, "pool", "ph", ["pool-1.ph"])).toHaveLength(1);
  });
});

describe("opening hours", () => {
  const zone = "Asia/Shanghai";
  const at = (text: string) => Date.parse(`${text}+08:00`);
  const closed = (lines: string[], from: string, to: string) =>
    closedThroughout(lines, at(from), at(to), zone);

  it.each([
    [["mon-sun 06:00-22:00"], "2026-11-22T22:00", "2026-11-23T06:00", true],
    [["mon-sun 06:00-22:00"], "2026-11-22T21:00", "2026-11-22T23:00", false],
    [["mon-sun 06:00-22:00"], "2026-11-22T05:00", "2026-11-22T06:00", true],
    [["mon-fri 06:00-22:00"], "2026-11-22T00:00", "2026-11-23T00:00", true],
    [["mon-fri 06:00-22:00"], "2026-11-23T00:00", "2026-11-24T00:00", false],
    [["mon-fri 06:00-12:00,14:00-22:00"], "2026-11-23T12:00", "2026-11-23T14:00", true],
    [["sat,sun 08:00-20:00", "mon-fri 06:00-22:00"], "2026-11-22T07:00", "2026-11-22T08:00", true],
    [["fri 20:00-02:00"], "2026-11-21T01:00", "2026-11-21T02:00", false],
    [["fri 20:00-02:00"], "2026-11-21T02:00", "2026-11-21T03:00", true],
    [["fri-mon 08:00-20:00"], "2026-11-23T09:00", "2026-11-23T10:00", false],
    [[], "2026-11-22T00:00", "2026-11-23T00:00", false],
  ])("%s from %s to %s", (lines, from, to, expected) => {
    expect(closed(lines, from, to)).toBe(expected);
  });
  it("conclude nothing from what they do not understand", () => {
    expect(parseHours(["whenever we like"])).toBeNull();
    expect(parseHours(["mon"])).toBeNull();
    expect(parseHours(["mon 8-20"])).toBeNull();
    expect(closed(["holidays 08:00-20:00"], "2026-11-22T00:00", "2026-11-22T01:00")).toBe(false);
  });
});

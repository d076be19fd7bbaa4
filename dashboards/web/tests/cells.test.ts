// The reactive cells, driven as events drive them: what belongs to the law and what to Weir itself.

import { describe, expect, it } from "vitest";
import type { Area, Point, Requirement } from "../src/api/types";
import { AreaCell, PointCell, RequirementCell, shapeOf } from "../src/state/cells.svelte";

const text = { zh: "", en: "" };
const requirement = (rest: Partial<Requirement>): Requirement => ({
  id: "ph",
  pack: "gb@1",
  title: text,
  clause: "",
  confidence: "V",
  limit: text,
  warning: false,
  priority: "medium",
  points: ["d.ph"],
  verdict: "compliant",
  since: null,
  value: null,
  note: text,
  early_warning: null,
  cause: text,
  consequence: text,
  response: text,
  respond_within_secs: 60,
  ...rest,
});
const point = (id: string, rest: Partial<Point> = {}): Point => ({
  id,
  device: "d",
  area: "a",
  role: "r",
  parameter: "ph",
  name: text,
  unit: "1",
  kind: "number",
  decimals: 2,
  range: null,
  states: [],
  sample: null,
  received_at: null,
  age_ms: null,
  stale: false,
  stale_after_ms: 15_000,
  limits: [],
  verdict: null,
  ...rest,
});
const area = (requirements: Requirement[], points: string[]): Area => ({
  id: "a",
  name: text,
  kind: "pool",
  class: null,
  opening_hours: [],
  packs: [],
  verdict: "compliant",
  alarms: { active: 0, unacknowledged: 0, highest_priority: null },
  requirements,
  points,
});
const connection = { connected: true };

function bind(requirements: Requirement[], points: Point[]): AreaCell {
  const cell = new AreaCell(
    area(
      requirements,
      points.map((one) => one.id),
    ),
    0,
  );
  cell.points = points.map((one) => new PointCell(one, connection));
  for (const one of cell.points)
    one.requirements = cell.requirements.filter((r) => r.points.includes(one.id));
  return cell;
}

describe("a point", () => {
  it("is not made indeterminate by another point of its device", () => {
    const cell = bind(
      [
        requirement({}),
        requirement({
          id: "availability",
          pack: "weir-system@1",
          points: ["d.ph", "d.t"],
          verdict: "indeterminate",
        }),
      ],
      [point("d.ph"), point("d.t")],
    );
    expect(cell.points[0]?.verdict).toBe("compliant");
    expect(cell.points[1]?.verdict).toBeNull();
    expect(cell.verdict).toBe("indeterminate");
  });
  it("follows the verdict of its requirement", () => {
    const cell = bind(
      [requirement({})],
      [point("d.ph", { limits: [{ requirement: "ph", low: 7, high: 8, warning: false }] })],
    );
    const [one] = cell.points;
    const [asked] = cell.requirements;
    if (!one || !asked) throw new Error("not bound");
    expect(one.limits[0]?.applies).toBe(true);
    asked.verdict = null;
    expect(one.limits[0]?.applies).toBe(false);
    asked.verdict = "non_compliant";
    expect(one.verdict).toBe("non_compliant");
    expect(cell.verdict).toBe("non_compliant");
  });
});

describe("an area", () => {
  it("has as key points those that the law asks something of", () => {
    const system = requirement({ id: "availability", pack: "weir-system@1", points: ["d.ph", "d.t"] });
    expect(
      bind([requirement({}), system], [point("d.ph"), point("d.t")]).keyPoints.map((one) => one.id),
    ).toEqual(["d.ph"]);
    expect(bind([system], [point("d.ph"), point("d.t")]).keyPoints).toHaveLength(2);
  });
  it("is not judged by warnings", () => {
    expect(
      bind([requirement({}), requirement({ id: "w", warning: true, verdict: "non_compliant" })], []).verdict,
    ).toBe("compliant");
  });
  it("keeps its cells when it is loaded anew", () => {
    const cell = bind([requirement({})], []);
    const [before] = cell.requirements;
    cell.load(area([requirement({ verdict: "non_compliant" })], []));
    expect(cell.requirements[0]).toBe(before);
    expect(before?.verdict).toBe("non_compliant");
  });
});

describe("keys and shapes", () => {
  it("tell bindings of one requirement apart", () => {
    const keys = ["x.t", "y.t"].map(
      (first) => new RequirementCell("a", requirement({ points: [first] })).key,
    );
    expect(new Set(keys).size).toBe(2);
  });
  it("do not change with the order of areas or with values", () => {
    const [one, two] = [area([], []), { ...area([], []), id: "b" }];
    expect(shapeOf([one, two], [])).toBe(shapeOf([two, one], []));
    expect(shapeOf([one], [point("d.ph")])).not.toBe(shapeOf([one], [point("d.t")]));
  });
});

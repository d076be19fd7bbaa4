// Addresses and what they mean; the window of a trend as it stands in them.

import { describe, expect, it } from "vitest";
import { fixedQuery, parseWindow, rangeQuery, stepFor } from "../src/chart/window";
import { devicePath, parsePath, pointPath, withQuery } from "../src/state/routes";

describe("paths", () => {
  it.each([
    ["/", { view: "overview" }],
    ["", { view: "overview" }],
    ["/alarms", { view: "alarms" }],
    ["/alarms/", { view: "alarms" }],
    ["/compliance", { view: "compliance" }],
    ["/gateway", { view: "gateway" }],
    ["/points/trc-1.total_residual_chlorine", { view: "point", id: "trc-1.total_residual_chlorine" }],
    ["/points/a%2Fb%20c", { view: "point", id: "a/b c" }],
    ["/devices/trc-1", { view: "device", id: "trc-1" }],
    ["/devices/a%2Fb", { view: "device", id: "a/b" }],
    ["/devices", { view: "unknown" }],
    ["/devices/a/b", { view: "unknown" }],
    ["/toString/x", { view: "unknown" }],
    ["/points/%E0%A4%A", { view: "unknown" }],
    ["/points", { view: "unknown" }],
    ["/points/a/b", { view: "unknown" }],
    ["/alarms/7", { view: "unknown" }],
    ["/nowhere", { view: "unknown" }],
  ])("%s", (path, route) => {
    expect(parsePath(path)).toEqual(route);
  });
  it("lead back to any id", () => {
    for (const id of ["ph-1.ph", "a/b?c#d", "消毒柜.温度", "100%"]) {
      expect(parsePath(pointPath(id))).toEqual({ view: "point", id });
      expect(parsePath(devicePath(id))).toEqual({ view: "device", id });
    }
  });
  it("change one key of the query and keep the others", () => {
    expect(withQuery("?span=7d&cell=x", { cell: null })).toBe("?span=7d");
    expect(withQuery("", { open: "effluent.trc~3" })).toBe("?open=effluent.trc%7E3");
    expect(withQuery("?a=1", { a: null })).toBe("");
  });
});

describe("windows", () => {
  const parse = (text: string) => parseWindow(new URLSearchParams(text));
  it("is the last hour unless the address says otherwise", () => {
    expect(parse("")).toEqual({ range: "1h", fixed: null });
    expect(parse("range=24h")).toEqual({ range: "24h", fixed: null });
    expect(parse("range=toString")).toEqual({ range: "1h", fixed: null });
    expect(parse("from=yesterday&to=now")).toEqual({ range: "1h", fixed: null });
  });
  it("refuses windows that end before they begin, or that no axis can show", () => {
    const from = "2026-11-22T10:00:00.000Z";
    expect(parse(`from=${from}&to=2026-11-22T09:00:00.000Z`).fixed).toBeNull();
    expect(parse(`from=${from}&to=2036-11-22T09:00:00.000Z`).fixed).toBeNull();
  });
  it("is read back as it was written", () => {
    const [from, to] = [Date.parse("2026-11-22T10:00:00.000Z"), Date.parse("2026-11-22T11:30:00.000Z")];
    const search = withQuery("?range=7d", fixedQuery(from, to));
    expect(parse(search.slice(1))).toEqual({ range: null, fixed: { from, to } });
    expect(parse(withQuery(search, rangeQuery("6h")).slice(1))).toEqual({ range: "6h", fixed: null });
  });
  it("widens a drag that is too short to show", () => {
    const search = withQuery("", fixedQuery(1_000_000, 1_000_100));
    expect(parse(search.slice(1)).fixed).toEqual({ from: 985_050, to: 1_015_050 });
  });
  it("asks for every sample of an hour and for some hundred steps beyond", () => {
    const hour = 3_600_000;
    expect(stepFor(hour)).toBeNull();
    for (const hours of [2, 6, 24, 168, 24 * 31, 24 * 365]) {
      const step = stepFor(hours * hour) ?? 0;
      expect((hours * hour) / step).toBeLessThanOrEqual(760);
      expect((hours * hour) / step).toBeGreaterThan(200);
    }
  });
});

// Numbers as an operator reads them, and limits as the gateway writes them.

import { describe, expect, it } from "vitest";
import {
  decisiveDecimals,
  formatBytes,
  formatNumber,
  formatShare,
  intervalText,
  NONE,
  parseInterval,
  withUnit,
} from "../src/format/number";

describe("formatNumber", () => {
  it.each([
    [5.2, 2, "5.20"],
    [-0.004, 2, "0.00"],
    [-1.5, 1, "\u22121.5"],
    [1234, 0, "1234"],
    [120345.6, 1, "120\u202f345.6"],
    [1204331, 0, "1\u202f204\u202f331"],
    [Number.NaN, 2, NONE],
    [Number.POSITIVE_INFINITY, 2, NONE],
    [null, 2, NONE],
  ])("%s with %s decimals is %s", (value, decimals, text) => {
    expect(formatNumber(value, decimals)).toBe(text);
  });
});

describe("decisiveDecimals", () => {
  const limits = [{ low: 3, high: 10 }];
  it.each([
    [5, 2],
    [3, 2],
    [2.996, 3],
    [2.9999, 4],
    [3.004, 2],
    [10.004, 3],
    [9.996, 2],
  ])("%s needs %s", (value, decimals) => {
    expect(decisiveDecimals(value, 2, limits)).toBe(decimals);
  });
  it("never rounds a violation into the limit, nor a compliant value out of it", () => {
    for (let i = 0; i < 4000; i += 1) {
      const value = 2.98 + i * 0.0000137;
      const shown = Number(value.toFixed(decisiveDecimals(value, 2, limits)));
      expect(shown < 3).toBe(value < 3);
    }
  });
});

describe("limits", () => {
  it.each([
    ["[3, 10]", { low: 3, high: 10 }, "3 – 10"],
    ["[0.3, 1]", { low: 0.3, high: 1 }, "0.3 – 1"],
    ["≤ 0.5", { low: null, high: 0.5 }, "≤ 0.5"],
    ["≥ 650", { low: 650, high: null }, "≥ 650"],
    ["[-5, 5]", { low: -5, high: 5 }, "\u22125 – 5"],
    ["no exposure with the door open", null, "no exposure with the door open"],
    ["≥ 125 °C for 15 min", null, "≥ 125 °C for 15 min"],
  ])("%s", (limit, interval, text) => {
    expect(parseInterval(limit)).toEqual(interval);
    expect(intervalText(limit)).toBe(text);
  });
});

describe("units, bytes and shares", () => {
  it("leaves a pure number without a unit", () => {
    expect(withUnit("7.35", "1")).toBe("7.35");
    expect(withUnit("5.2", "mg/L")).toBe("5.2\u202fmg/L");
  });
  it("writes bytes like a disk", () => {
    expect(formatBytes(999)).toBe("999\u202fB");
    expect(formatBytes(3_902_112)).toBe("3.9\u202fMB");
    expect(formatBytes(412_000_000)).toBe("412\u202fMB");
  });
  it("never rounds a share up to all", () => {
    expect(formatShare(1)).toBe("100\u202f%");
    expect(formatShare(0.9999)).toBe("99\u202f%");
    expect(formatShare(0)).toBe("0\u202f%");
  });
});

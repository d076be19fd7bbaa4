// The file that a trend is saved as.

import { describe, expect, it } from "vitest";
import { bucketCsv, csvName, rawCsv } from "../src/format/csv";

const t = "2026-11-22T10:00:00.000Z";

describe("raw samples", () => {
  it("are the table that `weir replay --samples` reads", () => {
    const text = rawCsv("ph-1.ph", [
      { t, value: 7.35, quality: "good", reason: null, flag: "N" },
      { t, value: null, quality: "bad", reason: "calibration", flag: "C" },
      { t, value: 7, quality: "uncertain", reason: null, flag: "D" },
    ]);
    expect(text).toBe(
      `time,point,value,quality\n${t},ph-1.ph,7.35,\n${t},ph-1.ph,,bad:calibration\n${t},ph-1.ph,7,uncertain\n`,
    );
  });
});

describe("steps", () => {
  it("leave out what was not measured", () => {
    expect(bucketCsv("a.b", [{ t, min: null, mean: null, max: null, good: 0, not_good: 3 }])).toBe(
      `time,point,min,mean,max,good,not_good\n${t},a.b,,,,0,3\n`,
    );
  });
});

describe("names", () => {
  it("are safe in any file system", () => {
    expect(csvName("a/b c.消毒", t)).toBe("a_b_c.__2026-11-22T100000Z.csv");
    expect(csvName("ph-1.ph", undefined)).toBe("ph-1.ph.csv");
  });
});

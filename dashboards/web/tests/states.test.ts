// Values that are words.

import { describe, expect, it } from "vitest";
import type { Stated } from "../src/format/states";
import { isStated, stateText, stateValues } from "../src/format/states";

const phase: Stated = {
  kind: "number",
  parameter: "phase",
  states: [
    { value: 3, name: { zh: "灭菌", en: "Sterilizing" } },
    { value: 0, name: { zh: "待机", en: "Idle" } },
    { value: -1, name: { zh: "", en: "Unknown" } },
  ],
};
const door: Stated = { kind: "boolean", parameter: "door_open", states: [] };
const chlorine: Stated = { kind: "number", parameter: "free_chlorine", states: [] };

describe("states", () => {
  it("are said in the language of the screen, or in the one there is", () => {
    expect(stateText(phase, 3)).toBe("灭菌");
    expect(stateText(phase, -1)).toBe("Unknown");
  });
  it("a value that is none of them stays a number", () => {
    expect(stateText(phase, 7)).toBeNull();
    expect(stateText(phase, 2.5)).toBeNull();
  });
  it("a switch has the words of its profile before those of the catalogue", () => {
    expect(stateText(door, 1)).toBe("门开");
    const own = { ...door, states: [{ value: 1, name: { zh: "敞开", en: "ajar" } }] };
    expect(stateText(own, 1)).toBe("敞开");
    expect(stateText(own, 0)).toBe("门关");
  });
  it("a measurement has none", () => {
    expect(stateText(chlorine, 0)).toBeNull();
    expect([isStated(phase), isStated(door), isStated(chlorine)]).toEqual([true, true, false]);
  });
  it("stand on an axis in order", () => {
    expect(stateValues(phase)).toEqual([-1, 0, 3]);
    expect(stateValues(door)).toEqual([0, 1]);
    expect(stateValues(chlorine)).toEqual([]);
  });
});

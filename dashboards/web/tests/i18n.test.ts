// The two catalogues say the same things, each in its own language.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fill } from "../src/i18n/index.svelte";
import en from "../src/i18n/en.json";
import zh from "../src/i18n/zh-CN.json";
import { preferredLang } from "../src/state/prefs.svelte";

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const source = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|svelte)$/.test(name))
  .map((name) => readFileSync(join("src", name), "utf8"))
  .join("\n");

describe("catalogues", () => {
  it("have the same keys in the same order", () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh));
  });
  it("have the same placeholders", () => {
    for (const [key, text] of Object.entries(zh)) {
      expect(placeholders(en[key as keyof typeof en]), key).toEqual(placeholders(text));
    }
  });
  it("have no empty text", () => {
    for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)])
      expect(text.trim(), key).not.toBe("");
  });
  it("have no Chinese in English, but for the name of the other language", () => {
    for (const [key, text] of Object.entries(en)) {
      if (!key.startsWith("lang."))
        expect(text, key).not.toMatch(/[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]/);
    }
  });
  it("have no key that is used nowhere", () => {
    const dynamic = /^(role|reason|kind|confidence|code|boolean|switch|seal|finding|figure)\./;
    const patterns = [...source.matchAll(/`([a-zA-Z.]+\.)\$\{[^`]*\}`/g)].map((match) => match[1] ?? "");
    const unused = Object.keys(zh).filter(
      (key) =>
        !dynamic.test(key) &&
        !source.includes(`"${key}"`) &&
        !patterns.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});

describe("every reason of the gateway has a word", () => {
  it.each([
    "unspecified",
    "sensor_not_accurate",
    "engineering_units_exceeded",
    "sub_normal",
    "manual_value",
    "clock_uncertain",
    "suspect_constant",
    "suspect_spike",
    "suspect_rate",
    "suspect_tampering",
    "configuration_error",
    "not_connected",
    "device_failure",
    "sensor_failure",
    "comm_failure",
    "out_of_service",
    "waiting_for_initial_data",
    "stale",
    "maintenance",
    "calibration",
    "out_of_range",
    "dependency_failed",
    "calibration_failed",
  ])("%s", (reason) => {
    expect(zh).toHaveProperty([`reason.${reason}`]);
  });
});

describe("every sign in the data, and every number behind one, has a word", () => {
  it.each([
    "finding.flatline",
    "finding.too_stable",
    "finding.repeated",
    "finding.hugging_limit",
    "finding.bottle",
    "finding.jump_after_access",
    "finding.jump_after_change",
    "finding.clock_behind",
    "finding.calibration_overdue",
    "figure.level",
    "figure.moved",
    "figure.moved_before",
    "figure.celsius",
    "figure.back_secs",
    "figure.places",
    "figure.limit",
    "figure.share_near",
    "figure.share_beyond",
    "figure.noise",
    "figure.noise_before",
    "figure.behind_secs",
    "figure.every_days",
    "figure.value",
    "figure.hours",
    "figure.before",
    "figure.after",
    "seal.builtin",
    "seal.signed",
    "seal.unsigned",
  ])("%s", (key) => {
    expect(zh).toHaveProperty([key]);
  });
});

describe("language", () => {
  it.each([
    [null, ["zh-CN", "en"], "zh-CN"],
    [null, ["zh-Hant-TW"], "zh-CN"],
    [null, ["en-GB", "zh-CN"], "en"],
    [null, [], "zh-CN"],
    ["en", ["zh-CN"], "en"],
    ["klingon", ["zh-CN"], "zh-CN"],
  ])("remembered %s, asked for %s: %s", (remembered, languages, lang) => {
    expect(preferredLang(remembered, languages)).toBe(lang);
  });
  it("leaves an unknown placeholder visible", () => {
    expect(fill("{a} and {b}", { a: 1 })).toBe("1 and {b}");
  });
});

// What the console weighs, and what must not be in it. Builds it, as `npm run build` would.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const KB = 1000;
const dist = mkdtempSync(join(tmpdir(), "weir-console-"));
const read = (name: string) => readFileSync(join(dist, name));
const zipped = (name: string) => gzipSync(read(name), { level: 9 }).length;
const files = () =>
  readdirSync(dist, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1));

beforeAll(async () => {
  await build({ build: { outDir: dist, emptyOutDir: true }, logLevel: "error" });
}, 60_000);
afterAll(() => rmSync(dist, { recursive: true, force: true }));

describe("weight", () => {
  it("first route: at most 90 kB of script and 15 kB of style, gzipped", () => {
    const html = read("index.html").toString();
    const referenced = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1] ?? "");
    const sum = (kind: string) =>
      referenced.filter((name) => name.endsWith(kind)).reduce((total, name) => total + zipped(name), 0);
    expect(sum(".js")).toBeGreaterThan(0);
    expect(sum(".js")).toBeLessThanOrEqual(90 * KB);
    expect(sum(".css")).toBeGreaterThan(0);
    expect(sum(".css")).toBeLessThanOrEqual(15 * KB);
  });
  it("everything: at most 600 kB", () => {
    expect(files().reduce((total, name) => total + zipped(name), 0)).toBeLessThanOrEqual(600 * KB);
  });
});

describe("content", () => {
  it("has no inline script or style: the Content-Security-Policy is default-src 'self'", () => {
    const html = read("index.html").toString();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  });
  it("names no other host, but for names of XML and the references of an error", () => {
    const allowed = /^https?:\/\/(www\.w3\.org|svelte\.dev)\//;
    for (const name of files()) {
      const hosts =
        read(name)
          .toString()
          .match(/https?:\/\/[a-z0-9.-]+\//gi) ?? [];
      expect(
        hosts.filter((host) => !allowed.test(host)),
        name,
      ).toEqual([]);
    }
  });
  it("has nothing of the development server in it", () => {
    for (const name of files()) expect(read(name).toString(), name).not.toMatch(/__mock|DEVELOPMENT ONLY/);
  });
});

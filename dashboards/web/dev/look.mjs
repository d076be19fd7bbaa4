// DEVELOPMENT ONLY. Looks at every view in every size, language and theme, in a real browser:
// pictures for the eye; for the exit code: no error in the browser's log (also none of the
// Content-Security-Policy), no request to elsewhere, nothing wider than the screen, no serious
// finding of axe, no target under 44 px on the phone, no raw key on the screen.
//   npm run look -- --url http://127.0.0.1:8080 --out /tmp/look [--only compliance]

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values: options } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    out: { type: "string", default: "look" },
    only: { type: "string", default: "" },
  },
});
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(options.out, { recursive: true });

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const VIEWS = {
  overview: "/",
  point: "/points/trc-1.total_residual_chlorine",
  "point-24h": "/points/ph-1.ph?range=24h",
  switch: "/points/room-1.door_open",
  alarms: "/alarms",
  "alarms-held": "/alarms?leaf=held",
  "alarms-figures": "/alarms?leaf=figures",
  compliance: "/compliance",
  "compliance-review": "/compliance?leaf=review",
  "compliance-findings": "/compliance?leaf=findings",
  "compliance-rules": "/compliance?leaf=rules",
  "compliance-7d": "/compliance?span=7d",
  gateway: "/gateway",
  "device-noisy": "/devices/trc-2",
  "device-off": "/devices/dose-1",
  "device-slow": "/devices/cod-1",
  "device-refusing": "/devices/flow-1",
  "device-posting": "/devices/steam-1",
  "device-waiting": "/devices/well-1",
  phase: "/points/steam-1.phase",
  "phase-24h": "/points/steam-1.phase?range=24h",
};
const faults = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
  ],
});

/** Everything that interactive things on a phone must be: large enough for a thumb. */
const smallTargets = () =>
  [...document.querySelectorAll("a, button, input, textarea, summary")]
    .filter(
      (e) => e.checkVisibility() && !e.classList.contains("skip") && getComputedStyle(e).display !== "inline",
    )
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([e, box]) => box.height > 0 && box.height < 43.5 && !e.closest(".strip"))
    .map(
      ([e, box]) =>
        `${e.tagName}.${e.className} ${Math.round(box.width)}x${Math.round(box.height)} ${e.textContent.trim().slice(0, 30)}`,
    );

async function examine(page, name, size) {
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (wide > 0) faults.push(`${name}: ${wide} px wider than the screen`);
  const raw = (await page.innerText("body")).match(
    /\b(nav|verdict|alarm|heat|device|reason|mark|times|counters|frames|identity|link|links|reload|early|seal|pack|findings|finding|figure|calibration|manual|marks)\.[a-z_]+\b/g,
  );
  if (raw) faults.push(`${name}: raw keys ${raw}`);
  if (size === "phone")
    for (const small of await page.evaluate(smallTargets)) faults.push(`${name}: small target ${small}`);
  // axe by evaluate, not by a script tag: the Content-Security-Policy would rightly refuse the tag.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag22aa"] }),
  );
  for (const violation of violations.filter((v) => v.impact === "serious" || v.impact === "critical")) {
    faults.push(
      `${name}: ${violation.id} ${violation.help}: ${violation.nodes
        .slice(0, 3)
        .map((n) => `${n.target} ${n.any[0]?.message ?? ""}`)
        .join(" | ")}`,
    );
  }
}

for (const [sizeName, viewport] of Object.entries(SIZES)) {
  for (const locale of ["zh-CN", "en-GB"]) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({
        viewport,
        locale,
        colorScheme,
        hasTouch: sizeName === "phone",
      });
      const page = await context.newPage();
      const where = `${sizeName}-${locale.slice(0, 2)}-${colorScheme}`;
      page.on(
        "console",
        (message) => message.type() === "error" && faults.push(`${where}: ${message.text()}`),
      );
      page.on("pageerror", (error) => faults.push(`${where}: ${error.stack}`));
      page.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (origin !== new URL(options.url).origin && protocol !== "blob:")
          faults.push(`${where}: asked ${request.url()}`);
      });
      for (const [view, path] of Object.entries(VIEWS)) {
        if (!view.startsWith(options.only)) continue;
        await page.goto(options.url + path);
        await page.waitForSelector('[data-testid="connection"][data-state="live"]');
        await page.waitForTimeout(1200);
        await page.screenshot({ path: `${options.out}/${view}-${where}.png` });
        if (viewport.width < 500 || view === "point" || view === "gateway" || view.startsWith("device"))
          await page.screenshot({ path: `${options.out}/${view}-${where}-full.png`, fullPage: true });
        await examine(page, `${view}-${where}`, sizeName);
      }
      await context.close();
    }
  }
}
await browser.close();
for (const fault of new Set(faults)) console.log(fault);
console.log(faults.length === 0 ? "all in order" : `${faults.length} findings`);
process.exitCode = faults.length === 0 ? 0 : 1;

// DEVELOPMENT ONLY. Uses the console as a person would, against dev/mock.mjs, and fails if it does
// not keep its word: a new alarm comes without a reload, acknowledging works and its refusals are
// words, a gateway that is killed or cut off is noticed within five seconds and comes back by
// itself, 256 points a second stay cheap.
//   npm run build && node dev/try.mjs [--out /tmp/try]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values: options } = parseArgs({
  options: { out: { type: "string", default: "" }, only: { type: "string", default: "" } },
});
if (options.out) mkdirSync(options.out, { recursive: true });
const PORT = 8937;
const URL_BASE = `http://127.0.0.1:${PORT}`;
const mockPath = fileURLToPath(new URL("mock.mjs", import.meta.url));

let mock;
async function startMock(...extra) {
  mock = spawn(process.execPath, [mockPath, "--port", String(PORT), "--shift", "8", ...extra], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => mock.stdout.once("data", resolve));
}
const stopMock = () =>
  new Promise((resolve) => {
    mock.once("exit", resolve);
    mock.kill("SIGKILL");
  });

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
const id = (name) => `[data-testid="${name}"]`;
const state = (page, value, timeout) =>
  page.waitForSelector(`${id("connection")}[data-state="${value}"]`, { timeout });
const shot = (page, name) =>
  options.out ? page.screenshot({ path: `${options.out}/${name}.png`, fullPage: true }) : undefined;
const step = (text) => console.log(`· ${text}`);

async function alarmLife(page) {
  await page.goto(`${URL_BASE}/alarms`);
  await state(page, "live", 5000);
  const active = page.locator('[data-testid^="alarm-row-"][data-state="active_unacknowledged"]');
  await active.first().waitFor({ timeout: 30_000 });
  step("a new alarm came without a reload");
  await active.first().locator(id("ack-button")).click();
  await page.locator(id("ack-name")).fill("张工");
  await page.locator(id("ack-comment")).fill("加药泵已复位，正在复测。");
  await shot(page, "alarm-open");
  await page.locator(id("ack-submit")).click();
  await page
    .locator('[data-testid^="alarm-row-effluent.trc"][data-state="active_acknowledged"]')
    .waitFor({ timeout: 3000 });
  assert.match(await page.innerText("main"), /加药泵已复位/);
  step("acknowledged, with name and comment");

  // Somebody else is faster.
  const other = page.locator('[data-testid^="alarm-row-"][data-state="returned_unacknowledged"]').first();
  const name = (await other.getAttribute("data-testid")).slice("alarm-row-".length);
  await other.locator(id("ack-button")).click();
  assert.equal(await other.locator(id("ack-name")).inputValue(), "张工", "the name is remembered");
  await page.route("**/acknowledge", (route) =>
    route.fulfill({
      status: 409,
      contentType: "application/problem+json",
      body: JSON.stringify({ code: "already_acknowledged", status: 409, detail: "李工" }),
    }),
  );
  await other.locator(id("ack-submit")).click();
  await page.waitForSelector('[data-code="already_acknowledged"]');
  await shot(page, "alarm-refused");
  await page.unroute("**/acknowledge");
  step(`refusal in words for ${name}`);
}

async function lossAndReturn(page) {
  await page.goto(`${URL_BASE}/`);
  await state(page, "live", 5000);
  const row = page.locator(id("point-trc-1.total_residual_chlorine"));
  assert.equal(await row.getAttribute("data-standing"), "live");
  let since = Date.now();
  await stopMock();
  await state(page, "lost", 5000);
  step(`killed: noticed after ${Date.now() - since} ms`);
  assert.equal(await row.getAttribute("data-standing"), "lost");
  await sleep(2500);
  await shot(page, "lost");
  await startMock();
  since = Date.now();
  await state(page, "live", 10_000);
  step(`back by itself after ${Date.now() - since} ms`);
  await row.and(page.locator('[data-standing="live"]')).waitFor({ timeout: 5000 });

  since = Date.now();
  await fetch(`${URL_BASE}/__mock/hang`, { method: "POST" });
  await state(page, "lost", 5000);
  step(`cut off without a word: noticed after ${Date.now() - since} ms`);
  await fetch(`${URL_BASE}/__mock/heal`, { method: "POST" });
  since = Date.now();
  await state(page, "live", 10_000);
  step(`healed: live again after ${Date.now() - since} ms`);
}

async function trend(page) {
  await page.goto(`${URL_BASE}/points/trc-1.total_residual_chlorine`);
  await state(page, "live", 5000);
  const chart = page.locator(id("trend"));
  await chart.locator("canvas").waitFor();
  await sleep(500);
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + 300, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 120, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  step(`zoomed by dragging: ${new URL(page.url()).search}`);
  await sleep(600);
  await chart.focus();
  const before = await page.innerText(id("trend-readout"));
  for (let i = 0; i < 5; i += 1) await page.keyboard.press("ArrowLeft");
  assert.notEqual(await page.innerText(id("trend-readout")), before, "the keyboard moves the cursor");
  await page.locator("summary").click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(id("csv")).click()]);
  step(`CSV: ${download.suggestedFilename()}`);
  await shot(page, "trend-zoomed");
}

async function verdict(page) {
  await page.goto(`${URL_BASE}/compliance`);
  await state(page, "live", 5000);
  await page.locator('.strip button[data-state="non_compliant"]').first().click();
  await page.waitForSelector(id("explanation"));
  await shot(page, "explained");
  step("a verdict explains itself");
}

async function device(page) {
  await page.goto(`${URL_BASE}/gateway`);
  await state(page, "live", 5000);
  await page.locator(id("device-link-dose-1")).click();
  await page.waitForURL(/\/devices\/dose-1$/);
  assert.match(await page.innerText(id("device-cause")), /电源指示灯/, "the likely cause, in words");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator(id("copy-frames")).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /> 01 7c 00/, "the request is in the clipboard");
  // Over plain HTTP from another machine there is no modern clipboard.
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await page.locator(id("copy-frames")).filter({ hasText: "复制" }).click();
  await page.locator(id("copy-frames")).filter({ hasText: "已复制" }).waitFor({ timeout: 5000 });
  step("a silent device says why, and its frames can be copied with or without a modern clipboard");
  await page.locator(id("point-dose-1.dose_rate")).click();
  await page.locator(id("point-device")).click();
  await page.waitForURL(/\/devices\/dose-1$/);
  await page.goto(`${URL_BASE}/devices/nope`);
  await page.getByText("没有设备 nope").waitFor();
  step("from a point to its device and back; one that is not there is said so");
}

async function reload(page) {
  await page.goto(`${URL_BASE}/gateway`);
  await state(page, "live", 5000);
  const card = page.locator(id("reload"));
  const outcome = (word) => card.and(page.locator(`[data-outcome="${word}"]`)).waitFor({ timeout: 5000 });
  const hash = async () => (await (await fetch(`${URL_BASE}/api/v1/site`)).json()).config_hash;
  await page.locator(id("reload-check")).click();
  await outcome("checked");
  const before = await hash();
  for (const word of ["refused", "rolled_back", "applied"]) {
    await page.locator(id("reload-ask")).click();
    await page.waitForFunction((confirm) => document.activeElement?.matches(confirm), id("reload-confirm"));
    await page.keyboard.press("Enter");
    await outcome(word);
    await shot(page, `reload-${word}`);
    if (word !== "applied")
      assert.ok((await page.innerText(id("reload-faults"))).length > 20, "the faults are said");
  }
  const after = await hash();
  assert.notEqual(after, before);
  await card.getByText(after).waitFor({ timeout: 5000 });
  step("checked, refused with its faults, rolled back, applied; the new site is shown at once");
}

/** Main-thread time of the page per second, in the browser's own count. */
async function cost(page, seconds) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const read = async () =>
    Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
  const before = await read();
  await sleep(seconds * 1000);
  const after = await read();
  const spent = (name) => (after[name] - before[name]) / seconds;
  step(
    `  script ${spent("ScriptDuration").toFixed(3)}, style ${spent("RecalcStyleDuration").toFixed(3)}, layout ${spent("LayoutDuration").toFixed(3)} s per second`,
  );
  return spent("TaskDuration");
}

async function load(page) {
  await stopMock();
  await startMock("--points", "256");
  await page.goto(`${URL_BASE}/`);
  await state(page, "live", 8000);
  await page.waitForFunction(() => document.querySelectorAll('[data-testid^="point-"]').length > 200);
  await sleep(15_000); // until the little trends have come
  const seconds = 10;
  const share = await cost(page, seconds);
  step(`256 points at 1 Hz: ${(share * 100).toFixed(1)} % of the main thread`);
  assert.ok(share < 0.15, "256 points must stay cheap");
}

try {
  await startMock();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "zh-CN" });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.stack));
  const acts = { alarmLife, lossAndReturn, trend, verdict, device, reload, load };
  for (const [name, act] of Object.entries(acts)) if (name.startsWith(options.only)) await act(page);
  assert.deepEqual(errors, [], "errors in the page");
} finally {
  await browser.close();
  await stopMock();
}

// The console against a running gateway, as a person would use it: a live value moves, an alarm
// comes, acknowledging works, the language changes, and every view is worth a picture.
//   node e2e/console.mjs http://127.0.0.1:8080 FOLDER-FOR-SCREENSHOTS
// The gateway is a fresh `weir demo`: its first exposure with the door open comes after 20 seconds.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [base, folder] = process.argv.slice(2);
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const VIEWS = [
  "/",
  "/points/pool-1.free_chlorine?range=7d",
  "/alarms",
  "/compliance",
  "/gateway",
  "/devices/pool-1",
];

const id = (name) => `[data-testid="${name}"]`;
const step = (text) => console.log(`· ${text}`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});

async function open(viewport, locale) {
  const context = await browser.newContext({ viewport, locale });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(`the page failed: ${error}`));
  page.on("request", (request) => {
    assert.ok(request.url().startsWith(base) || request.url().startsWith("data:"), `an external request: ${request.url()}`);
  });
  return page;
}

async function liveValueMoves(page) {
  await page.goto(`${base}/`);
  await page.waitForSelector(`${id("connection")}[data-state="live"]`);
  assert.equal(await page.locator('[data-testid^="area-card-"]').count(), 4, "four areas");
  const value = page.locator(id("point-pool-1.orp")).first();
  const first = await value.getAttribute("data-value");
  await page.waitForFunction(
    ([selector, old]) => document.querySelector(selector)?.getAttribute("data-value") !== old,
    [id("point-pool-1.orp"), first],
    { timeout: 60_000 },
  );
  step("a live value moved without a reload");
}

async function alarmComesAndIsAcknowledged(page) {
  await page.goto(`${base}/alarms`);
  const row = page
    .locator('[data-testid^="alarm-row-radiology.exposure-door-open"]')
    .filter({ has: page.locator(id("ack-button")) })
    .first();
  await row.waitFor({ timeout: 90_000 });
  step("an exposure with the door open is in the inbox");
  const name = await row.getAttribute("data-testid");
  await row.locator(id("ack-button")).click();
  await page.locator(id("ack-name")).fill("张工");
  await page.locator(id("ack-comment")).fill("已到现场，门已关闭");
  await page.locator(id("ack-submit")).click();
  await page
    .locator(`[data-testid="${name}"]`)
    .filter({ hasNot: page.locator(id("ack-button")) })
    .first()
    .waitFor({ timeout: 15_000 });
  const alarm = name.replace("alarm-row-", "");
  const alarms = await (await fetch(`${base}/api/v1/alarms?state=all`)).json();
  assert.equal(alarms.find((a) => a.id === alarm)?.acknowledged_by, "张工", "the gateway knows who");
  step("it was acknowledged, and the gateway knows by whom");
}

async function deviceSaysHowItIs(page) {
  await page.goto(`${base}/gateway`);
  await page.waitForSelector(`${id("connection")}[data-state="live"]`);
  await page.locator('[data-testid^="link-"][data-up="true"]').first().waitFor({ timeout: 30_000 });
  await page.locator(id("device-link-pool-1")).click();
  await page.locator(`${id("device-state")}[data-state="online"]`).waitFor({ timeout: 30_000 });
  const counters = await page.locator(id("device-counters")).innerText();
  assert.match(counters, /超时/, "what became of the exchanges");
  assert.ok((await page.locator(id("device-times")).innerText()).includes("ms"), "how long answers take");
  const point = page.locator(id("point-pool-1.orp")).first();
  await point.waitFor({ timeout: 10_000 });
  const device = await (await fetch(`${base}/api/v1/devices/pool-1`)).json();
  assert.ok(device.health.successes > 0 && device.health.round_trip !== null, "the API says the same");
  step("a device says how it is, and shows its points");
}

async function languages(page) {
  await page.goto(`${base}/`);
  await page.waitForSelector(`${id("connection")}[data-state="live"]`);
  const chinese = await page.locator("body").innerText();
  assert.match(chinese, /报警/, "Chinese by the browser's wish");
  await page.locator(id("lang-switch")).click();
  await page.waitForFunction(() => document.documentElement.lang.startsWith("en"));
  const english = await page.locator("nav").first().innerText();
  assert.doesNotMatch(english, /[\u4e00-\u9fff]/, "no Chinese left in the navigation");
  step("Chinese, and English at a click");
}

async function pictures() {
  for (const [size, viewport] of [["1280x800", WIDE], ["390x844", PHONE]]) {
    for (const locale of ["zh-CN", "en"]) {
      const page = await open(viewport, locale);
      for (const view of VIEWS) {
        await page.goto(base + view);
        await page.waitForSelector(`${id("connection")}[data-state="live"]`);
        await page.waitForTimeout(800);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 1, `${view} is ${wide} px wider than a screen of ${size}`);
        const name = view.split("?")[0].split("/")[1] || "overview";
        await page.screenshot({ path: `${folder}/${name}-${locale}-${size}.png` });
      }
      await page.context().close();
    }
  }
  step(`screenshots are in ${folder}`);
}

const page = await open(WIDE, "zh-CN");
await liveValueMoves(page);
await alarmComesAndIsAcknowledged(page);
await deviceSaysHowItIs(page);
await languages(page);
await pictures();
await browser.close();

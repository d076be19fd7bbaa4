// DEVELOPMENT ONLY, never part of dist. Moving values for the demonstration site: a function of
// point and time, so that history and live agree, with episodes of trouble in the past and now.

import { booleans, devices, points, requirements } from "./site.mjs";

/** `--shift 8` moves the mock's clock by hours: another time of day, or a browser with a wrong clock. */
const shift = process.argv.includes("--shift")
  ? Number(process.argv[process.argv.indexOf("--shift") + 1])
  : 0;
export const now = () => Date.now() + shift * 3_600_000;
export const started = now();
const MIN = 60_000;
const HOUR = 60 * MIN;

/** Troubles as [from, to] in ms after the start of the mock. */
const lowChlorine = [
  [-66 * HOUR, -65.5 * HOUR],
  [-20 * HOUR, -19.6 * HOUR],
  [-5 * HOUR, -4.6 * HOUR],
  [-34 * MIN, -22 * MIN],
];
/** Now: comes after 5 s for 90 s, again every 4 minutes. */
const lowNow = (t) => t > 5_000 && (t - 5_000) % (4 * MIN) < 90_000;
const silent = {
  "ph-1": [
    [-3 * HOUR, -2.6 * HOUR],
    [-50 * HOUR, -47 * HOUR],
  ],
  "cabinet-2": [[-40 * MIN, Infinity]],
  "dose-1": [[-15 * MIN, Infinity]],
  "turb-1": [],
};
/** Devices that have not said anything yet. */
export const neverHeard = new Set(["well-1"]);
const within = (spans, t) => spans.some(([from, to]) => t >= from && t < to);

const at0 = (t) => Math.floor(t / 1000) % 86_400;
const noise = (id, t) => {
  let hash = 0;
  for (const c of id) hash = (hash * 31 + c.charCodeAt(0)) % 9973;
  const wave = (period) => Math.sin((t / period + hash) * 2 * Math.PI);
  const grain = Math.sin(hash + at0(t) * 12.9898) * 43_758.5453;
  return (
    0.32 * wave(23 * MIN) +
    0.2 * wave(9.7 * MIN) +
    0.1 * wave(3.3 * MIN) +
    0.6 * wave(11 * HOUR) +
    0.22 * (grain - Math.floor(grain) - 0.5)
  );
};

/** A cabinet heats for 40 minutes every two hours. */
const cabinetTemperature = (at) => {
  const phase = (at % (2 * HOUR)) / MIN;
  if (phase < 12) return 28 + (phase / 12) * 104;
  if (phase < 40) return 131 + Math.sin(phase * 3) * 2;
  return 26 + 106 * Math.exp(-(phase - 40) / 18);
};
const exposing = (at) => at % 47_000 < 3_000;

const values = {
  "trc-1.total_residual_chlorine": (at, n, t) =>
    within(lowChlorine, t) || lowNow(t) ? 2.35 + 0.2 * n : 5.2 + 0.7 * n,
  "trc-2.total_residual_chlorine": (_, n) => 0.22 + 0.06 * n,
  "ph-1.ph": (_, n) => 7.35 + 0.25 * n,
  "flow-1.flow": (_, n) => 8.4 + 1.6 * n,
  "flow-1.volume_total": (at) => Math.floor((at - 1.7e12) / 430_000) + 120_000,
  "cod-1.cod": (at) => 41 + 24 * Math.sin(Math.floor(at / HOUR) * 1.3) ** 2,
  "pool-1.free_chlorine": (_, n) => 0.62 + 0.13 * n,
  "pool-1.combined_chlorine": (_, n) => 0.19 + 0.04 * n,
  "pool-1.ph": (_, n) => 7.36 + 0.12 * n,
  "pool-1.orp": (_, n) => 712 + 18 * n,
  "pool-1.temperature": (_, n) => 30.2 + 0.35 * n,
  "turb-1.turbidity": (_, n) => 0.34 + 0.09 * n,
  "dose-1.dose_rate": (at, n) => (exposing(at) ? 0.62 : 0.11) + 0.02 * n,
  "room-1.exposure": (at) => Number(exposing(at)),
  "room-1.lamp_on": (at) => Number(exposing(at)),
  "room-1.door_open": (at) => Number(at % 47_000 > 12_000 && at % 47_000 < 19_000),
};

/** A sterilizer's phases, nine minutes in all. */
const phase = (at) => [0, 1, 2, 3, 3, 3, 4, 5, 6][Math.floor((at % (9 * MIN)) / MIN)];

function valueOf(point, at) {
  if (point.parameter === "phase") return phase(at);
  const n = noise(point.id, at);
  const exact = values[point.id];
  if (exact) return exact(at, n, at - started);
  if (point.parameter === "chamber_temperature")
    return cabinetTemperature(at + (point.device === "cabinet-2" ? HOUR : 0));
  if (point.parameter === "heater_power") return (at % (2 * HOUR)) / MIN < 40 ? 1480 + 20 * n : 0;
  if (booleans.has(point.parameter)) return 0;
  return (point.parameter === "temperature" ? 21 : 7) + 0.4 * n;
}

const scanOf = new Map(devices.map((d) => [d.id, d.scan_interval_ms]));
export const scan = (point) => scanOf.get(point.device) ?? 1000;

/** The sample of a scan, or null while the device says nothing at all. */
export function sampleAt(point, at) {
  if (neverHeard.has(point.device)) return null;
  const t = new Date(at).toISOString();
  const spans = silent[point.device] ?? [];
  if (within(spans, at - started)) {
    const [from] = spans.find(([a, b]) => at - started >= a && at - started < b);
    // The gateway writes why there is no value; then, for a while, there is nothing at all.
    if (at - started - from > 10 * MIN && point.device === "ph-1") return null;
    return { t, value: null, quality: "bad", reason: "comm_failure", flag: "B" };
  }
  const value = Number(valueOf(point, at).toFixed(4));
  if (point.id === "turb-1.turbidity" && (at - started) % (9 * MIN) > 8 * MIN) {
    return { t, value: 10, quality: "uncertain", reason: "engineering_units_exceeded", flag: "T" };
  }
  return { t, value, quality: "good", reason: null, flag: "N" };
}

export function* samplesBetween(point, from, to) {
  const every = scan(point);
  for (let at = Math.ceil(from / every) * every; at < to; at += every) {
    const sample = sampleAt(point, at);
    if (sample) yield sample;
  }
}

const open = (area, at) =>
  area !== "pool" ||
  (new Date(at + 8 * HOUR).getUTCHours() >= 6 && new Date(at + 8 * HOUR).getUTCHours() < 22);

/** What a requirement would say at a moment, by a glance at its first point. */
export function judge(requirement, at) {
  const note = (zh, en) => ({ zh, en });
  if (!open(requirement.area, at)) return { verdict: null, value: null, note: note("未营业", "closed") };
  const point = points.find((p) => p.id === requirement.points[0]);
  const sample = sampleAt(point, Math.floor(at / scan(point)) * scan(point));
  if (requirement.id === "availability") {
    const bad = requirement.points
      .map((id) =>
        sampleAt(
          points.find((p) => p.id === id),
          Math.floor(at / 10_000) * 10_000,
        ),
      )
      .some((s) => s?.quality !== "good");
    return bad
      ? {
          verdict: "indeterminate",
          value: null,
          note: note("通信失败，没有有效数据", "communication failure, no good data"),
        }
      : { verdict: "compliant", value: null, note: note("各测点均有有效数据", "good data of every point") };
  }
  if (requirement.id === "cod-day")
    return {
      verdict: "indeterminate",
      value: sample?.value ?? null,
      note: note("当日有效数据 62 %，不足 75 %", "62 % of the day covered by good data, 75 % needed"),
    };
  if (!sample || sample.quality !== "good")
    return {
      verdict: "indeterminate",
      value: null,
      note: note("设备无应答，没有有效数据", "no answer from the device, no good data"),
    };
  if (requirement.id === "infrared-cycle" || requirement.id === "contact-time")
    return {
      verdict: "compliant",
      value: requirement.id === "contact-time" ? 96 : sample.value,
      note: note("最近一次循环合格", "latest run is in order"),
    };
  const { low, high } = requirement;
  if (low !== null && sample.value < low)
    return {
      verdict: "non_compliant",
      value: sample.value,
      note: note(
        `${sample.value.toFixed(2)} 低于下限 ${low}`,
        `${sample.value.toFixed(2)} is below the limit of ${low}`,
      ),
    };
  if (high !== null && sample.value > high)
    return {
      verdict: "non_compliant",
      value: sample.value,
      note: note(
        `${sample.value.toFixed(2)} 高于上限 ${high}`,
        `${sample.value.toFixed(2)} is above the limit of ${high}`,
      ),
    };
  return { verdict: "compliant", value: sample.value, note: note("在限值之内", "within the limit") };
}

/** Verdicts by the hour for the past week; by the day for COD. */
export function pastVerdicts() {
  const rows = [];
  const running = Math.floor(started / HOUR) * HOUR;
  for (let from = running - 7 * 24 * HOUR; from < running; from += HOUR) {
    for (const requirement of requirements) {
      if (requirement.warning) continue;
      const daily = requirement.id === "cod-day";
      if (daily && new Date(from + 8 * HOUR).getUTCHours() !== 23) continue;
      if (!open(requirement.area, from)) continue;
      const marks = Array.from({ length: 30 }, (_, i) => judge(requirement, from + i * 2 * MIN));
      const good = marks.filter((m) => m.verdict !== "indeterminate");
      const bad = good.filter((m) => m.verdict === "non_compliant");
      const coverage = daily ? 0.62 + 0.38 * ((from / HOUR / 24) % 2 < 1) : good.length / marks.length;
      const verdict = bad.length > 2 ? "non_compliant" : coverage < 0.75 ? "indeterminate" : "compliant";
      const value = (bad[0] ?? good[0])?.value ?? null;
      rows.push({
        id: rows.length + 1,
        t: new Date(from + HOUR + 2000).toISOString(),
        area: requirement.area,
        pack: requirement.pack,
        requirement: requirement.id,
        points: requirement.points,
        verdict,
        from: new Date(daily ? from - 23 * HOUR : from).toISOString(),
        to: new Date(from + HOUR).toISOString(),
        value,
        limit: requirement.interval,
        clause: requirement.clause,
        coverage: Number(coverage.toFixed(3)),
        known_at: new Date(from + HOUR + 2000).toISOString(),
        revises: [],
        revised_for: null,
        in_force: true,
        revised_by: [],
        superseded_at: null,
        superseded_for: null,
      });
    }
  }
  return rows;
}

export const pastAlarms = () => lowChlorine.map(([from, to]) => [started + from, started + to]);

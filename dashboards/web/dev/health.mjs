// DEVELOPMENT ONLY, never part of dist. How the devices and links of the mock are doing: every state
// that the console can show is somewhere in here.

import { now, started } from "./plant.mjs";
import { devices } from "./site.mjs";

const iso = (ms) => new Date(ms).toISOString();
const text = (zh, en) => ({ zh, en });

/** What is said of a device that differs from one that is well. */
const CONDITIONS = {
  // Noise on the line.
  "trc-2": {
    crc_errors: 412,
    late_answers: 9,
    timeouts: 31,
    last_error: "bytes that are no frame: CRC 4b07, computed 1f92",
    cause: text(
      "这台设备的应答常被线路干扰破坏。请检查 RS-485 总线两端的终端电阻、屏蔽层接地，以及电缆是否与动力线同槽。",
      "Noise damages many of this device's answers. Look at the terminating resistors at both ends of the RS-485 line, the grounding of its shield, and whether the cable lies beside power cables.",
    ),
  },
  // Well, with a failure in the past.
  "ph-1": { timeouts: 288, last_error: "no answer within 1000 ms", breaker: "half_open" },
  // Slow.
  "cod-1": {
    round_trip: { last_ms: 812, median_ms: 640, p95_ms: 921, max_ms: 987 },
    scan_ms: 2611,
    skipped_scans: 17,
    late_answers: 6,
    timeouts: 12,
    cause: text(
      "应答来得太晚：最近一次用了 1040 毫秒。把 timeout_ms 调到 1600 以上。",
      "Answers come too late: the last one took 1040 ms. Set timeout_ms to 1600 or more.",
    ),
  },
  // Refuses part of what the profile asks for.
  "flow-1": {
    exceptions: 3,
    refused: ["holding 40-43", "input 12"],
    last_error: "exception 2: illegal data address",
    identity: [
      { name: text("序列号", "Serial number"), value: "FM-2209-00417" },
      { name: text("固件版本", "Firmware"), value: "3.1.8" },
    ],
    last_frames: {
      request: "00 2a 00 00 00 06 01 03 00 28 00 04",
      answer: "00 2a 00 00 00 03 01 83 02",
    },
  },
  "trc-1": {
    identity: [{ name: text("序列号", "Serial number"), value: "CL17-88231" }],
  },
  // Publishes, and has fallen silent.
  "cabinet-2": {
    state: "offline",
    last_success: () => iso(started - 2_400_000),
    last_error: "nothing published for 40 min",
    cause: text(
      "这台消毒柜已停止上报。请检查其电源与无线网络，以及它发布的主题是否仍为 weir/demo/cabinet-2/telemetry。",
      "This cabinet has stopped publishing. Check its power and its wireless network, and that it still publishes to weir/demo/cabinet-2/telemetry.",
    ),
  },
  // Does not answer.
  "dose-1": {
    state: "offline",
    breaker: "open",
    timeouts: 140,
    last_success: () => iso(started - 900_000),
    last_error: "no answer within 1000 ms",
    cause: text(
      "设备没有任何应答，同一链路上的其他设备正常。多半是它断电、接线松脱，或单元号不是 21。请先看它的电源指示灯，再核对单元号。",
      "The device does not answer at all, while the others on its link do. Most likely it has no power, its wires are loose, or its unit id is not 21. Look at its power lamp first, then at the unit id.",
    ),
    last_frames: { request: "01 7c 00 00 00 06 15 04 00 00 00 02", answer: "" },
  },
  // Never heard.
  "well-1": {
    state: "waiting",
    last_success: () => null,
    successes: 0,
    round_trip: null,
    round_trip_ms: null,
    scan_ms: null,
    last_frames: null,
  },
};

const LINKS = {
  "rs485-1": {
    busy: 0.86,
    cause: text(
      "总线快要占满：任何一台设备不应答，其他设备就会漏采。请提高波特率，或把采集周期放宽。",
      "The line is nearly full: when one device does not answer, others are skipped. Raise the baud rate, or read less often.",
    ),
  },
  "plant-tcp": { endpoint: "10.0.0.8:5020", connects: 4, last_error: "connection reset by peer" },
  gprs: {
    up: false,
    busy: 0,
    connects: 0,
    last_error: "nobody has dialled in with this registration",
    cause: text(
      "模块尚未拨入。请检查 SIM 卡与信号，以及模块里填写的服务器地址和注册包是否与站点文件一致。",
      "The modem has not dialled in. Check its SIM card and signal, and that the server address and the registration set in it are those of the site file.",
    ),
  },
};

const hex = (n) => n.toString(16).padStart(2, "0");

export function healthOf(device) {
  const asked = device.unit_id !== null;
  const runs = Math.floor((now() - started) / device.scan_interval_ms) + 5210;
  const last = 18 + (runs % 9);
  const well = {
    state: "online",
    last_error: null,
    last_success: iso(now() - 1200),
    round_trip: asked ? { last_ms: last, median_ms: 21, p95_ms: 34, max_ms: 61.5 } : null,
    scan_ms: asked ? 2 * last + 6.5 : null,
    requests_per_scan: asked ? 2 : 0,
    successes: runs,
    timeouts: 2,
    crc_errors: 0,
    invalid_answers: device.link === "rs485-1" ? 4 : 0,
    late_answers: 0,
    exceptions: 0,
    skipped_scans: 0,
    breaker: "closed",
    cause: null,
    refused: [],
    identity: [],
    last_frames: asked
      ? {
          request: `${hex(device.unit_id)} 04 00 00 00 04 f1 e9`,
          answer: `${hex(device.unit_id)} 04 08 40 a6 66 66 41 a8 00 00 ${hex(runs % 256)} 3d`,
        }
      : null,
  };
  const { last_success, ...special } = CONDITIONS[device.id] ?? {};
  const health = { ...well, ...special };
  if (last_success) health.last_success = last_success();
  return { round_trip_ms: health.round_trip?.last_ms ?? null, ...health };
}

export function links() {
  const byId = new Map();
  for (const device of devices) {
    const link = byId.get(device.link) ?? {
      id: device.link,
      transport: device.transport,
      timeout_ms: 1000,
      up: true,
      endpoint: null,
      last_error: null,
      busy: 0.04 + 0.02 * Math.sin(now() / 20_000),
      connects: 1,
      cause: null,
      ...LINKS[device.link],
      devices: [],
    };
    link.devices.push(device.id);
    byId.set(device.link, link);
  }
  return [...byId.values()];
}

// --- the site file ------------------------------------------------------------------------------

let last = null;
const HASHES = ["9f2c41d7", "41d79f2c"].map((start) => start.repeat(8));
let inForce = 0;
export const configHash = () => HASHES[inForce];
export const lastReload = () => last;

/** Four ways to end, one after the other; a check is always well. */
const ENDS = ["refused", "rolled_back", "applied", "unchanged"];
let next = 0;

export function reload(checkOnly) {
  const outcome = checkOnly ? "checked" : ENDS[next++ % ENDS.length];
  if (outcome === "applied") inForce = 1 - inForce;
  const faults = {
    refused: [
      'site.toml:41:11: there is no profile "generic-residual-chlorin"\n  help: did you mean "generic-residual-chlorine"?',
      "site.toml:58:1: unit 5 is taken on link rs485-1 by ph-1",
    ],
    rolled_back: ["link plant-tcp: no device answered within 30 s: connection refused by 10.0.0.9:5020"],
  };
  last = {
    at: iso(now()),
    config_hash: configHash(),
    outcome,
    changes: outcome === "unchanged" ? [] : ["link plant-tcp: changed", "device turb-1: scan_interval 5 s, was 10 s"],
    faults: faults[outcome] ?? [],
  };
  return last;
}

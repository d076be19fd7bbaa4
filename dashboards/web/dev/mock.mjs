// DEVELOPMENT ONLY, never part of dist. A server with the gateway's HTTP contract and the
// demonstration site's moving values, to work on the console without a gateway.
//   npm run build && npm run mock [-- --port 8080] [-- --points 256] [-- --shift 8]
//   POST /__mock/hang  every connection goes silent without being closed, as in a cut cable
//   POST /__mock/heal  and back

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { configHash, healthOf, lastReload, links, reload } from "./health.mjs";
import { judge, neverHeard, now, pastAlarms, pastVerdicts, sampleAt, samplesBetween, scan, started } from "./plant.mjs";
import { addLoad, areas, devices, points, requirements, site } from "./site.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    points: { type: "string", default: "0" },
    shift: { type: "string" },
  },
});
addLoad(Number(options.points));

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const iso = (ms) => new Date(ms).toISOString();
const verdicts = pastVerdicts();
const alarms = [];
const streams = new Set();
let eventId = 0;
let hanging = false;

// --- the state, moved once a second -------------------------------------------------------------

const latest = new Map();
for (const point of points) {
  if (neverHeard.has(point.device)) {
    latest.set(point.id, null);
    continue;
  }
  let at = Math.floor(now() / scan(point)) * scan(point);
  while (!sampleAt(point, at)) at -= scan(point);
  latest.set(point.id, sampleAt(point, at));
}
const states = new Map(requirements.map((r) => [r, { ...judge(r, now()), since: iso(now() - 5_400_000) }]));

function raise(requirement, since, at, value) {
  const id = `${requirement.area}.${requirement.id}.${requirement.points[0]}~${alarms.length + 1}`;
  const {
    area,
    title,
    pack,
    clause,
    points: bound,
    priority,
    cause,
    consequence,
    response,
    respond_within_secs,
  } = requirement;
  const alarm = {
    id,
    area,
    requirement: requirement.id,
    title,
    pack,
    clause,
    points: bound,
    priority,
    state: "active_unacknowledged",
    raises: 1,
    since: iso(since),
    raised_at: iso(at),
    returned_at: null,
    acknowledged_at: null,
    acknowledged_by: null,
    value,
    limit: requirement.interval,
    comments: [],
    cause,
    consequence,
    response,
    respond_within_secs,
    class: "compliance",
    group: "chlorine",
    first_out: alarms.length % 2 === 0,
    stale: false,
    chattering: false,
    latched: false,
    realarms: 0,
    supervised_at: null,
    supervised_by: null,
    removed_at: null,
    held: null,
    shelved: null,
    suppressed: [],
    out_of_service: null,
  };
  alarms.unshift(alarm);
  return alarm;
}

const chlorine = requirements.find((r) => r.id === "trc-contact");
for (const [from, to] of pastAlarms()) {
  const alarm = raise(chlorine, from, from + 30_000, 2.41);
  Object.assign(alarm, {
    state: "closed",
    returned_at: iso(to),
    acknowledged_at: iso(from + 240_000),
    acknowledged_by: "李工",
    comments: [{ t: iso(from + 240_000), by: "李工", text: "加药泵跳闸，已复位。" }],
  });
}
alarms[0].state = "returned_unacknowledged";
Object.assign(alarms[0], { acknowledged_at: null, acknowledged_by: null, comments: [] });
const cabinet = requirements.find((r) => r.id === "availability" && r.points[0].startsWith("cabinet-2"));
Object.assign(raise(cabinet, started - 2_400_000, started - 2_390_000, null), {
  state: "active_acknowledged",
  acknowledged_at: iso(started - 1_800_000),
  acknowledged_by: "王工",
  comments: [{ t: iso(started - 1_800_000), by: "王工", text: "已通知厂家。" }],
});

function tell(event, data) {
  eventId += 1;
  if (hanging) return;
  for (const stream of streams)
    stream.write(`id: ${eventId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function tellAlarm(alarm, transition, by = null, comment = null) {
  tell("alarm", {
    alarm: alarm.id,
    transition,
    t: iso(now()),
    area: alarm.area,
    requirement: alarm.requirement,
    points: alarm.points,
    priority: alarm.priority,
    value: alarm.value,
    limit: alarm.limit,
    by,
    comment,
  });
}

setInterval(() => {
  const changed = [];
  for (const point of points) {
    const sample = sampleAt(point, Math.floor(now() / scan(point)) * scan(point));
    if (sample && sample.t !== latest.get(point.id)?.t) {
      latest.set(point.id, sample);
      changed.push({ point: point.id, sample, received_at: iso(now()) });
    }
  }
  if (changed.length > 0) tell("samples", changed);
}, 250);

setInterval(() => {
  for (const [requirement, state] of states) {
    const next = judge(requirement, now());
    if (next.verdict !== state.verdict || next.note.en !== state.note.en) {
      Object.assign(state, next, next.verdict === state.verdict ? {} : { since: iso(now()) });
      tell("requirement", {
        area: requirement.area,
        requirement: requirement.id,
        points: requirement.points,
        verdict: state.verdict,
        since: state.since,
        value: state.value,
        note: state.note,
        early_warning: early(requirement),
      });
    }
    if (requirement !== chlorine) continue;
    const active = alarms.find((a) => a.requirement === requirement.id && a.state.startsWith("active"));
    const lasted = now() - Date.parse(state.since);
    if (!active && state.verdict === "non_compliant" && lasted > 5_000)
      tellAlarm(raise(requirement, Date.parse(state.since), now(), state.value), "raised");
    if (active && state.verdict === "compliant" && lasted > 10_000) {
      active.returned_at = iso(now());
      active.state = active.acknowledged_at ? "closed" : "returned_unacknowledged";
      tellAlarm(active, "returned_to_normal");
    }
  }
}, 1000);

// --- what the API says --------------------------------------------------------------------------

const RANK = { compliant: 0, indeterminate: 1, non_compliant: 2 };
const worst = (list) => list.filter((v) => v !== null).sort((a, b) => RANK[b] - RANK[a])[0] ?? null;

function showRequirement(requirement) {
  const { area: _area, low: _low, high: _high, interval: _interval, ...shown } = requirement;
  return { ...shown, ...states.get(requirement), early_warning: early(requirement) };
}

function showArea(area) {
  const mine = requirements.filter((r) => r.area === area.id);
  const open = alarms.filter((a) => a.area === area.id && a.state !== "closed");
  return {
    ...area,
    verdict: worst(mine.filter((r) => !r.warning).map((r) => states.get(r).verdict)) ?? "compliant",
    alarms: {
      active: open.filter((a) => a.state.startsWith("active")).length,
      unacknowledged: open.filter((a) => a.state.endsWith("unacknowledged")).length,
      highest_priority: open[0]?.priority ?? null,
    },
    requirements: mine.map(showRequirement),
    points: points.filter((p) => p.area === area.id).map((p) => p.id),
  };
}

function showPoint(point) {
  const sample = latest.get(point.id);
  const age = sample === null ? null : now() - Date.parse(sample.t);
  const bound = requirements.filter((r) => !r.warning && r.points.includes(point.id));
  return {
    ...point,
    sample,
    received_at: sample?.t ?? null,
    age_ms: age,
    stale: age === null || age > point.stale_after_ms,
    verdict: worst(bound.map((r) => states.get(r).verdict)),
  };
}

function showDevice(device) {
  return {
    ...device,
    timeout_ms: 1000,
    points: device.points.map((p) => `${device.id}.${p}`),
    health: healthOf(device),
  };
}

const sinks = () => [
  {
    name: "tsdb",
    kind: "influxdb",
    target: "http://127.0.0.1:8428/api/v2/write weir",
    connected: true,
    last_error: null,
    pending: 64,
    delivered: (812_442 + (now() - started) / 50) | 0,
    verified: (811_976 + (now() - started) / 50) | 0,
    quarantined: 0,
    lag_secs: 1.2,
  },
  {
    name: "supervision",
    kind: "webhook",
    target: "https://supervision.example/hook",
    connected: false,
    last_error: "connection refused: the receiver is down, or a firewall is in between",
    pending: 3,
    delivered: 41,
    verified: 41,
    quarantined: 1,
    lag_secs: 1830,
  },
];

function samples(point, query) {
  const to = Date.parse(query.get("to") ?? iso(now()));
  const from = Date.parse(query.get("from") ?? iso(to - 3_600_000));
  const base = { point: point.id, from: iso(from), to: iso(to), unit: point.unit };
  const step = query.get("step");
  const past = samplesBetween(point, from, Math.min(to, now()));
  if (!step) return { ...base, step: null, truncated: false, samples: [...past] };
  const ms = Number.parseInt(step, 10) * { s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[step.at(-1)];
  const buckets = new Map();
  for (const sample of past) {
    const t = Math.floor(Date.parse(sample.t) / ms) * ms;
    const bucket = buckets.get(t) ?? { t: iso(t), min: null, mean: null, max: null, good: 0, not_good: 0 };
    buckets.set(t, bucket);
    if (sample.quality !== "good") {
      bucket.not_good += 1;
      continue;
    }
    bucket.min = Math.min(bucket.min ?? Infinity, sample.value);
    bucket.max = Math.max(bucket.max ?? -Infinity, sample.value);
    bucket.mean = ((bucket.mean ?? 0) * bucket.good + sample.value) / (bucket.good + 1);
    bucket.good += 1;
  }
  return { ...base, step, buckets: [...buckets.values()] };
}

function explain(row) {
  const requirement = requirements.find((r) => r.id === row.requirement && r.points[0] === row.points[0]);
  const inputs = row.points.map((id) => ({
    point: id,
    known: true,
    samples: [
      ...samplesBetween(
        points.find((p) => p.id === id),
        Date.parse(row.from),
        Date.parse(row.to),
      ),
    ].slice(0, 2000),
    truncated: false,
  }));
  const share = Math.round(row.coverage * 100);
  const words = {
    compliant: ["符合", "complied with"],
    non_compliant: ["不符合", "not complied with"],
    indeterminate: ["无法判定", "cannot be decided"],
  }[row.verdict];
  return {
    ...row,
    requirement_title: requirement.title,
    samples: inputs,
    explanation: {
      zh: `该时段有效数据覆盖 ${share} %，代表值 ${row.value ?? "无"}，限值 ${row.limit}：${words[0]}。`,
      en: `Good data cover ${share} % of the stretch; the deciding value is ${row.value ?? "missing"}, the limit ${row.limit}: ${words[1]}.`,
    },
  };
}

// --- HTTP ---------------------------------------------------------------------------------------

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

function send(response, status, body) {
  response.writeHead(status, {
    "content-type": status < 400 ? "application/json" : "application/problem+json",
  });
  response.end(JSON.stringify(body));
}
const problem = (response, status, code, detail) =>
  send(response, status, { type: "about:blank", title: code, status, code, detail });

function serveFile(response, path) {
  const wanted = join(dist, normalize(path));
  const file =
    wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile()
      ? wanted
      : join(dist, "index.html");
  response.writeHead(200, {
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "content-security-policy":
      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "cache-control": "no-cache",
  });
  createReadStream(file).pipe(response);
}

function openStream(request, response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(":\n\n");
  streams.add(response);
  request.on("close", () => streams.delete(response));
}

/** One alarm that is shelved, and one that another keeps quiet. */
function held() {
  const of = (requirement, rest) => ({
    name: `${requirement.area}.${requirement.id}.${requirement.points[0]}`,
    alarm: null,
    area: requirement.area,
    requirement: requirement.id,
    title: requirement.title,
    points: requirement.points,
    priority: requirement.priority,
    class: "compliance",
    active: false,
    acknowledged: true,
    chattering: false,
    since: null,
    held: "shelved",
    shelved: null,
    suppressed: [],
    out_of_service: null,
    ...rest,
  });
  const hold = (by, why, until) => ({ since: iso(started), until, by, why, by_design: until === null });
  const text = (words) => ({ zh: words, en: words });
  return [
    of(requirements[0], {
      active: true,
      since: iso(started - 600_000),
      shelved: hold("李工", text("探头清洗"), iso(started + 3_600_000)),
    }),
    of(requirements[1], {
      held: "suppressed",
      suppressed: [hold("effluent.availability.trc-1", cabinet.title, null)],
    }),
  ];
}

function figures() {
  const [step, to] = [600_000, now()];
  const rate = [3, 14, 2, 1, 5].map((count, i) => ({ t: iso((Math.floor(to / step) - 30 * (i + 1)) * step), count }));
  const often = (requirement, count) => ({
    name: `${requirement.area}.${requirement.id}.${requirement.points[0]}`,
    title: requirement.title,
    count,
    share: count / 25,
  });
  return {
    from: iso(to - 30 * 86_400_000),
    to: iso(to),
    complete_to: iso(to),
    told: 25,
    held: 2,
    by_priority: { high: 4, medium: 15, low: 6 },
    step_secs: 600,
    steps: 4320,
    mean_per_step: 25 / 4320,
    most_per_step: 14,
    share_over: 1 / 4320,
    rate: rate.reverse(),
    floods: [{ from: iso(to - 61 * step), to: iso(to - 60 * step), raised: 14 }],
    top: [often(chlorine, 17), often(cabinet, 8)],
    top_share: 1,
    chattering: [often(chlorine, 2)],
    shelved: 3,
    suppressed: 1,
    taken_out: 0,
    realarmed: 2,
    acknowledged: 20,
    now: {
      standing: 2,
      unacknowledged: 1,
      stale: [],
      chattering: 0,
      shelved: 1,
      suppressed: 1,
      out_of_service: 0,
      flood_since: null,
      raised_lately: 0,
    },
  };
}

async function act(request, response, id, what) {
  let body = "";
  for await (const chunk of request) body += chunk;
  const { by, comment = "" } = JSON.parse(body);
  const alarm = alarms.find((a) => a.id === id);
  if (!alarm) return problem(response, 404, "unknown_alarm", `there is no alarm ${id}`);
  if (!by || by.length > 64) return problem(response, 422, "bad_body", "`by` must have 1 to 64 characters");
  if (what === "acknowledge") {
    if (alarm.acknowledged_at)
      return problem(
        response,
        409,
        "already_acknowledged",
        `${alarm.acknowledged_by} acknowledged it before`,
      );
    Object.assign(alarm, {
      acknowledged_at: iso(now()),
      acknowledged_by: by,
      state: alarm.returned_at ? "closed" : "active_acknowledged",
    });
  }
  if (comment) alarm.comments.push({ t: iso(now()), by, text: comment });
  tellAlarm(alarm, what === "acknowledge" ? "acknowledged" : "commented", by, comment);
  return send(response, 200, alarm);
}

async function readAgain(request, response) {
  let body = "";
  for await (const chunk of request) body += chunk;
  const before = configHash();
  const answer = reload(JSON.parse(body).check_only);
  await new Promise((resolve) => setTimeout(resolve, 400));
  if (configHash() !== before) tell("site", { config_hash: configHash() });
  const status = { refused: 422, rolled_back: 409 }[answer.outcome] ?? 200;
  if (status === 200) return send(response, 200, answer);
  const code = `reload_${answer.outcome}`;
  return send(response, status, { type: "about:blank", title: code, status, code, detail: code, reload: answer });
}

// --- what is said of readings -------------------------------------------------------------------

const ago = (hours) => iso(now() - hours * 3_600_000);

/** Two early warnings that never come true: they keep their distance. */
function early(requirement) {
  if (requirement.id === "temperature") return { level: "yellow", expected_at: iso(now() + 2_100_000) };
  if (requirement.id === "cod-now") return { level: "red", expected_at: iso(now() + 240_000) };
  return null;
}

function marks(point) {
  const mark = (id, of, reason, reason_text, from, to, rest = {}) => ({
    id, points: [of], from: ago(from), to: to === null ? null : ago(to), quality: "bad:maintenance", reason, reason_text,
    manual: true, by: "王工", role: "operator", check: null, comment: "更换电极膜", evidence: ["工单 4471"],
    value: null, made_at: ago(from), void: false, review: null, ...rest,
  });
  const all = [
    mark("m1", "ph-1.ph", "maintenance", { zh: "维护", en: "maintenance" }, 5, 3),
    mark("m2", "trc-1.total_residual_chlorine", "calibration_failed", { zh: "标样核查不合格", en: "failed calibration check" }, 0.5, null),
  ];
  return all.filter((one) => point === null || one.points.includes(point));
}

function findings(point) {
  const all = [
    {
      id: 1, t: ago(1), area: "effluent", points: ["ph-1.ph"], check: "weir-validity/fraud", kind: "hugging_limit",
      from: ago(7), to: ago(1), numbers: { limit: 9, share_near: 0.72, share_beyond: 0 },
      explanation: { zh: "72% 的数值紧贴上限 9，却从不超出", en: "72% of the values lie just below the limit 9, and none beyond it" },
      confidence: 0.8,
    },
    {
      id: 2, t: ago(2), area: "effluent", points: ["trc-1.total_residual_chlorine"], check: "weir-validity/calibration_overdue",
      kind: "calibration_overdue", from: ago(200), to: ago(2), numbers: { every_days: 7 },
      explanation: { zh: "上次合格的校准核查已超过 7 天", en: "the last check against a standard that it passed is more than 7 days ago" },
      confidence: 1,
    },
  ];
  return all.filter((one) => point === null || one.points.includes(point));
}

function get(response, path, query) {
  const [head, id, tail] = path.slice("/api/v1/".length).split("/").map(decodeURIComponent);
  const limit = Number(query.get("limit") ?? 1000);
  if (head === "site") return send(response, 200, { ...site, config_hash: configHash(), started_at: iso(started), now: iso(now()) });
  if (head === "areas") return send(response, 200, areas.map(showArea));
  if (head === "devices" && !id) return send(response, 200, devices.map(showDevice));
  if (head === "devices") {
    const device = devices.find((d) => d.id === id);
    return device
      ? send(response, 200, showDevice(device))
      : problem(response, 404, "unknown_device", `there is no device ${id}; see /api/v1/devices`);
  }
  if (head === "links") return send(response, 200, links());
  if (head === "reload") return send(response, 200, lastReload());
  if (head === "points" && !id) return send(response, 200, points.map(showPoint));
  if (head === "points") {
    const point = points.find((p) => p.id === id);
    if (!point) return problem(response, 404, "unknown_point", `there is no point ${id}; see /api/v1/points`);
    return send(response, 200, tail === "samples" ? samples(point, query) : showPoint(point));
  }
  if (head === "verdicts" && tail === "explain") {
    const row = verdicts.find((v) => v.id === Number(id));
    return row
      ? send(response, 200, explain(row))
      : problem(response, 404, "unknown_verdict", `there is no verdict ${id}`);
  }
  if (head === "verdicts") {
    const from = Date.parse(query.get("from") ?? iso(now() - 864e5));
    const to = Date.parse(query.get("to") ?? iso(now()));
    const area = query.get("area");
    return send(
      response,
      200,
      verdicts
        .filter((v) => Date.parse(v.to) > from && Date.parse(v.from) < to && (!area || v.area === area))
        .slice(-limit),
    );
  }
  if (head === "marks") return send(response, 200, marks(query.get("point")));
  if (head === "findings") return send(response, 200, findings(query.get("point")));
  if (head === "alarms" && id === "held") return send(response, 200, held());
  if (head === "alarms" && id === "kpis") return send(response, 200, figures());
  if (head === "alarms") {
    const state = query.get("state") ?? "all";
    const keep = {
      all: () => true,
      open: (a) => a.state !== "closed",
      active: (a) => a.state.startsWith("active"),
      closed: (a) => a.state === "closed",
    }[state];
    return send(response, 200, alarms.filter(keep).slice(0, limit));
  }
  if (head === "sinks") return send(response, 200, sinks());
  if (head === "store")
    return send(response, 200, {
      accepted: 1_204_331,
      in_journal: 4_120,
      in_history: 1_200_199,
      expired: 0,
      duplicates: 12,
      bytes: 3_902_112,
      commits: 18_220,
      fault: null,
    });
  return problem(response, 404, "unknown_path", "see /api/v1/openapi.json");
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://mock");
  if (pathname === "/__mock/hang" || pathname === "/__mock/heal") {
    hanging = pathname.endsWith("hang");
    return send(response, 200, { hanging });
  }
  if (hanging) return undefined;
  if (pathname === "/healthz" || pathname === "/readyz") return send(response, 200, { status: "ok" });
  if (pathname === "/api/v1/events") return openStream(request, response);
  if (pathname.startsWith("/api/")) {
    const [, , , kind, id, what] = pathname.split("/").map(decodeURIComponent);
    if (request.method === "POST" && kind === "reload") return readAgain(request, response);
    if (request.method === "POST" && kind === "alarms") return act(request, response, id, what);
    return get(response, pathname, searchParams);
  }
  return serveFile(response, pathname);
}).listen(Number(options.port), "127.0.0.1", () =>
  console.log(`mock gateway on http://127.0.0.1:${options.port}`),
);

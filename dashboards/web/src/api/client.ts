// Asks the gateway: every call has a deadline, and every failure comes back as one `ApiError`
// whose `code` the screen can put into words.

import type {
  Alarm,
  AlarmKpis,
  Area,
  BucketedSamples,
  CalibrationCheck,
  Capacity,
  Device,
  Explanation,
  Finding,
  HeldAlarm,
  Link,
  Mark,
  NewMark,
  Point,
  RawSamples,
  Readiness,
  Reload,
  Sink,
  Site,
  Store,
  VerdictRow,
} from "./types";

/** Milliseconds after which a call is given up. */
const DEADLINE_MS = 10_000;
/** A reload lasts until the changed links have come good, or have not. */
const RELOAD_DEADLINE_MS = 170_000;

/** A call that failed. `code` is the gateway's, or `unreachable`, `timeout`, `bad_answer`. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  /** What came of a reload that was refused or rolled back. */
  readonly reload: Reload | null;

  constructor(code: string, status: number, detail: string, reload: Reload | null = null) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.reload = reload;
  }
}

/** The last verdict rows that one call yields at most. */
export const VERDICT_LIMIT = 10_000;

async function call<T>(path: string, init: RequestInit = {}, deadline = DEADLINE_MS): Promise<T> {
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, deadline);
  const giveUp = () => controller.abort();
  init.signal?.addEventListener("abort", giveUp);
  const failed = (code: string, status: number, cause: unknown) =>
    init.signal?.aborted ? cause : new ApiError(late ? "timeout" : code, status, String(cause));
  try {
    let response: Response;
    try {
      response = await fetch(path, { ...init, signal: controller.signal, cache: "no-store" });
    } catch (cause) {
      throw failed("unreachable", 0, cause);
    }
    if (!response.ok) throw await problem(response);
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw failed("bad_answer", response.status, cause);
    }
  } finally {
    clearTimeout(timer);
    init.signal?.removeEventListener("abort", giveUp);
  }
}

interface Problem {
  code?: string;
  detail?: string;
  title?: string;
  reload?: Reload;
}

/** Reads `application/problem+json`; a proxy in between may answer with something else. */
async function problem(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as Problem;
    const code = body.code ?? `http_${response.status}`;
    return new ApiError(code, response.status, body.detail ?? body.title ?? "", body.reload ?? null);
  } catch {
    return new ApiError(`http_${response.status}`, response.status, response.statusText);
  }
}

function query(parameters: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(key, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const segment = encodeURIComponent;

/** Milliseconds of one step as the gateway writes it, e.g. `30s`. */
export const stepText = (ms: number): string => `${Math.round(ms / 1000)}s`;

/** Who says so, and why. */
export interface Signed {
  by: string;
  role: Capacity;
  comment: string;
}

export const api = {
  site: (deadline?: number) => call<Site>("/api/v1/site", {}, deadline),
  areas: () => call<Area[]>("/api/v1/areas"),
  points: () => call<Point[]>("/api/v1/points"),
  devices: () => call<Device[]>("/api/v1/devices"),
  device: (id: string) => call<Device>(`/api/v1/devices/${segment(id)}`),
  links: () => call<Link[]>("/api/v1/links"),
  sinks: () => call<Sink[]>("/api/v1/sinks"),
  store: () => call<Store>("/api/v1/store"),

  raw: (point: string, from: number, to: number, signal?: AbortSignal) =>
    call<RawSamples>(
      `/api/v1/points/${segment(point)}/samples${query({ from: iso(from), to: iso(to) })}`,
      signal ? { signal } : {},
    ),
  bucketed: (point: string, from: number, to: number, step: number, signal?: AbortSignal) =>
    call<BucketedSamples>(
      `/api/v1/points/${segment(point)}/samples${query({ from: iso(from), to: iso(to), step: stepText(step) })}`,
      signal ? { signal } : {},
    ),

  /** Each stretch of time once, unless `superseded` asks for what does not stand any more, too. */
  verdicts: (from: number, to: number, area?: string, superseded?: "yes") =>
    call<VerdictRow[]>(
      `/api/v1/verdicts${query({ from: iso(from), to: iso(to), area, superseded, limit: VERDICT_LIMIT })}`,
    ),
  marks: (from: number, to: number, which: { point?: string; state?: "unreviewed" }) =>
    call<Mark[]>(`/api/v1/marks${query({ from: iso(from), to: iso(to), ...which })}`),
  mark: (mark: NewMark) => post<Mark>("/api/v1/marks", mark),
  endMark: (id: string, who: Signed) => post<Mark>(`/api/v1/marks/${segment(id)}/end`, who),
  reviewMark: (id: string, outcome: "confirmed" | "rejected", who: Signed) =>
    post<Mark>(`/api/v1/marks/${segment(id)}/review`, { ...who, outcome }),
  calibration: (check: CalibrationCheck) => post<{ mark: Mark | null }>("/api/v1/calibrations", check),
  findings: (from: number, to: number, point?: string) =>
    call<Finding[]>(`/api/v1/findings${query({ from: iso(from), to: iso(to), point })}`),
  explain: (id: number) => call<Explanation>(`/api/v1/verdicts/${id}/explain`),

  alarms: (state: "all" | "active" | "open" | "closed", limit = 500) =>
    call<Alarm[]>(`/api/v1/alarms${query({ state, limit })}`),
  /** `raises` is what the person saw: what was raised since is not acknowledged. */
  acknowledge: (id: string, by: string, comment: string, raises: number) =>
    post<Alarm>(`/api/v1/alarms/${segment(id)}/acknowledge`, { by, comment, raises }),
  supervise: (id: string, by: string, comment: string) =>
    post<Alarm>(`/api/v1/alarms/${segment(id)}/supervisor-acknowledge`, { by, comment }),
  reset: (id: string, by: string, comment: string) =>
    post<Alarm>(`/api/v1/alarms/${segment(id)}/reset`, { by, comment }),
  heldAlarms: () => call<HeldAlarm[]>("/api/v1/alarms/held"),
  /** Shelve, suppress, out-of-service, and their ends. */
  hold: (
    id: string,
    what: "shelve" | "unshelve" | "suppress" | "unsuppress" | "out-of-service" | "return-to-service",
    body: { by: string; reason: string; minutes?: number },
  ) => post<HeldAlarm>(`/api/v1/alarms/${segment(id)}/${what}`, body),
  alarmKpis: (from: number, to: number) =>
    call<AlarmKpis>(`/api/v1/alarms/kpis${query({ from: iso(from), to: iso(to) })}`),
  comment: (id: string, by: string, comment: string) =>
    post<Alarm>(`/api/v1/alarms/${segment(id)}/comment`, { by, comment }),

  lastReload: () => call<Reload | null>("/api/v1/reload"),
  /** Has the site file read again; a refusal is an `ApiError` with its `reload`. */
  reload: (checkOnly: boolean) =>
    post<Reload>("/api/v1/reload", { check_only: checkOnly }, RELOAD_DEADLINE_MS),

  /** Why the gateway does not do its work; null if it does. */
  fault: async (): Promise<string | null> => {
    const response = await fetch("/readyz", { signal: AbortSignal.timeout(DEADLINE_MS), cache: "no-store" });
    if (response.ok) return null;
    const body = (await response.json()) as Readiness;
    return body.reason ?? body.status;
  },
};

function post<T>(path: string, body: object, deadline?: number): Promise<T> {
  const headers = { "content-type": "application/json" };
  return call<T>(path, { method: "POST", headers, body: JSON.stringify(body) }, deadline);
}

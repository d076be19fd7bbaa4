// What the gateway says, in TypeScript: the HTTP contract of /api/v1, written by hand.
// All times are RFC 3339 UTC with milliseconds. `null` always means "there is none".

/** A text in both languages of the house. */
export interface Text {
  zh: string;
  en: string;
}

export type Verdict = "compliant" | "non_compliant" | "indeterminate";
export type Priority = "high" | "medium" | "low";
export type Grade = "good" | "uncertain" | "bad";

export interface Site {
  id: string;
  name: Text;
  time_zone: string;
  version: string;
  config_hash: string;
  started_at: string;
  now: string;
}

export interface Pack {
  id: string;
  version: string;
  title: Text;
  source: string;
  /** Days of the site's zone; null = always. */
  effective_from: string | null;
  effective_to: string | null;
  /** How it is known to be whole: built in, signed, or not at all. */
  seal: string;
  signed_by: string | null;
  /** Packs whose requirements it takes the place of. */
  overrides: string[];
}

export type WarningLevel = "blue" | "yellow" | "orange" | "red";

/** A limit that is about to be left. */
export interface EarlyWarning {
  level: WarningLevel;
  /** When the course of the values crosses it; null: their scatter alone may. */
  expected_at: string | null;
}

export interface Requirement {
  id: string;
  pack: string;
  title: Text;
  clause: string;
  /** How sure the limit is: `V`, `M-h`, `M-m`, `M-l`, `C`. */
  confidence: string;
  limit: Text;
  /** It only warns and passes no verdict on the area. */
  warning: boolean;
  priority: Priority;
  /** The first one names it: a requirement may be bound several times in one area. */
  points: string[];
  /** null: does not apply now, e.g. the pool is closed. */
  verdict: Verdict | null;
  since: string | null;
  value: number | null;
  note: Text;
  early_warning: EarlyWarning | null;
  cause: Text;
  consequence: Text;
  response: Text;
  respond_within_secs: number;
}

export interface Area {
  id: string;
  name: Text;
  kind: string;
  class: { id: string; name: Text } | null;
  opening_hours: string[];
  packs: Pack[];
  /** null: no requirement applies now. */
  verdict: Verdict | null;
  alarms: { active: number; unacknowledged: number; highest_priority: Priority | null };
  requirements: Requirement[];
  points: string[];
}

/** How long answers take, over the last 64 of them. */
export interface RoundTrip {
  last_ms: number;
  median_ms: number;
  p95_ms: number;
  max_ms: number;
}

/** Bytes as they went over the wire, in hex; the answer is empty if nothing came. */
export interface Frames {
  request: string;
  answer: string;
}

export type DeviceState = "waiting" | "online" | "offline";
export type Breaker = "closed" | "open" | "half_open";

/** How a device is doing; counts are since the start of the gateway. */
export interface Health {
  state: DeviceState;
  last_error: string | null;
  last_success: string | null;
  round_trip_ms: number | null;
  round_trip: RoundTrip | null;
  scan_ms: number | null;
  requests_per_scan: number;
  successes: number;
  timeouts: number;
  /** Bytes that are no frame: noise, as a rule a failed CRC. */
  crc_errors: number;
  invalid_answers: number;
  /** Answers after their time was over; they are among the timeouts. */
  late_answers: number;
  exceptions: number;
  skipped_scans: number;
  breaker: Breaker;
  /** What is probably wrong and what to do about it. */
  cause: Text | null;
  /** Addresses it refuses, which are not asked for any more. */
  refused: string[];
  identity: { name: Text; value: string }[];
  last_frames: Frames | null;
}

export interface Device {
  id: string;
  name: Text;
  profile: string;
  link: string;
  transport: string;
  unit_id: number | null;
  area: string;
  role: string;
  scan_interval_ms: number;
  /** How long its link waits for an answer. */
  timeout_ms: number | null;
  points: string[];
  health: Health;
}

/** What devices are reached over. */
export interface Link {
  id: string;
  transport: string;
  timeout_ms: number;
  up: boolean;
  /** What it is connected to, if that may be one of several. */
  endpoint: string | null;
  last_error: string | null;
  /** Share of the last minute in which it was busy, 0 to 1. */
  busy: number;
  connects: number;
  cause: Text | null;
  devices: string[];
}

export interface Sample {
  t: string;
  value: number | null;
  quality: Grade;
  reason: string | null;
  flag: string;
}

export interface Limit {
  requirement: string;
  low: number | null;
  high: number | null;
  warning: boolean;
}

export interface Point {
  id: string;
  device: string;
  area: string;
  role: string;
  parameter: string;
  name: Text;
  unit: string;
  kind: "number" | "boolean";
  decimals: number;
  range: [number, number] | null;
  /** What its values mean, if it is one of a few states. */
  states: { value: number; name: Text }[];
  sample: Sample | null;
  received_at: string | null;
  age_ms: number | null;
  stale: boolean;
  stale_after_ms: number;
  limits: Limit[];
  verdict: Verdict | null;
}

export interface RawSamples {
  point: string;
  from: string;
  to: string;
  step: null;
  unit: string;
  truncated: boolean;
  samples: Sample[];
}

export interface Bucket {
  t: string;
  min: number | null;
  mean: number | null;
  max: number | null;
  good: number;
  not_good: number;
}

export interface BucketedSamples {
  point: string;
  from: string;
  to: string;
  step: string;
  unit: string;
  buckets: Bucket[];
}

export interface VerdictRow {
  id: number;
  t: string;
  area: string;
  pack: string;
  requirement: string;
  points: string[];
  verdict: Verdict;
  from: string;
  to: string;
  value: number | null;
  limit: string;
  clause: string;
  /** Share of the stretch covered by good data, 0 to 1. */
  coverage: number;
  known_at: string;
  /** The verdicts in whose place it stands. */
  revises: number[];
  revised_for: RejudgeReason | null;
  in_force: boolean;
  revised_by: number[];
  superseded_at: string | null;
  superseded_for: RejudgeReason | null;
}

/** Why time was judged again. */
export interface RejudgeReason {
  kind: "mark" | "late_data";
  mark: string | null;
}

export type Capacity = "operator" | "supervisor";

/** What a person or a check says of the readings of a stretch of time. */
export interface Mark {
  id: string;
  points: string[];
  from: string;
  to: string | null;
  quality: string;
  reason: string;
  reason_text: Text;
  manual: boolean;
  by: string | null;
  role: Capacity | null;
  check: string | null;
  comment: string;
  evidence: string[];
  value: number | null;
  made_at: string;
  void: boolean;
  review: { outcome: "confirmed" | "rejected"; by: string; at: string; comment: string } | null;
}

export interface NewMark {
  by: string;
  role: Capacity;
  points: string[];
  from: string;
  to: string | null;
  reason: string;
  comment: string;
  evidence: string[];
  /** What was measured by hand, where the reason is `manual_value`. */
  value?: number;
}

/** A check with a standard. A failed one takes back what was measured since the last good one. */
export interface CalibrationCheck {
  by: string;
  role: Capacity;
  point: string;
  done_at: string;
  passed: boolean;
  reference: number;
  reading: number;
  comment: string;
  evidence: string[];
}

/** Something in the data that somebody should look at; never a verdict. */
export interface Finding {
  id: number;
  t: string;
  area: string;
  points: string[];
  /** `pack/check`. */
  check: string;
  kind: string;
  from: string;
  to: string;
  numbers: Record<string, number>;
  explanation: Text;
  /** 0 to 1. */
  confidence: number;
}

export interface Explanation extends VerdictRow {
  explanation: Text;
  requirement_title: Text;
  samples: { point: string; known: boolean; truncated: boolean; samples: Sample[] }[];
  truncated: boolean;
}

export type AlarmState =
  | "active_unacknowledged"
  | "active_acknowledged"
  | "returned_unacknowledged"
  | "returned_latched"
  | "closed";

/** What keeps an alarm from being heard. */
export type Quiet = "shelved" | "suppressed" | "out_of_service";
export type AlarmClass = "safety" | "compliance" | "data" | "maintenance";

/** Who or what holds an alarm, and why. */
export interface Hold {
  since: string;
  until: string | null;
  by: string;
  why: Text;
  /** Another alarm says that this one tells nothing new; `why` is its title. */
  by_design: boolean;
}

/** What holds an alarm; several at once are possible. */
export interface Holds {
  held: Quiet | null;
  shelved: Hold | null;
  suppressed: Hold[];
  out_of_service: Hold | null;
}

/** An alarm that is held, whether it is raised or not. */
export interface HeldAlarm extends Holds {
  /** `area.requirement.point`: acts may name it so. */
  name: string;
  alarm: string | null;
  area: string;
  requirement: string;
  title: Text;
  points: string[];
  priority: Priority;
  class: AlarmClass;
  active: boolean;
  acknowledged: boolean;
  chattering: boolean;
  since: string | null;
}

export interface Often {
  name: string;
  title: Text;
  count: number;
  share: number;
}

/** How the alarm system does, after ISA-18.2. */
export interface AlarmKpis {
  from: string;
  to: string;
  complete_to: string;
  told: number;
  held: number;
  by_priority: Record<Priority, number>;
  step_secs: number;
  steps: number;
  mean_per_step: number;
  most_per_step: number;
  share_over: number;
  rate: { t: string; count: number }[];
  floods: { from: string; to: string | null; raised: number }[];
  top: Often[];
  top_share: number;
  chattering: Often[];
  shelved: number;
  suppressed: number;
  taken_out: number;
  realarmed: number;
  acknowledged: number;
  now: {
    standing: number;
    unacknowledged: number;
    stale: string[];
    chattering: number;
    shelved: number;
    suppressed: number;
    out_of_service: number;
    flood_since: string | null;
    raised_lately: number;
  };
}

export interface AlarmComment {
  t: string;
  by: string;
  text: string;
}

export interface Alarm extends Holds {
  id: string;
  area: string;
  requirement: string;
  title: Text;
  pack: string;
  clause: string;
  points: string[];
  priority: Priority;
  state: AlarmState;
  /** How often it came before somebody acknowledged it. */
  raises: number;
  since: string;
  raised_at: string;
  returned_at: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  value: number | null;
  limit: string;
  comments: AlarmComment[];
  cause: Text;
  consequence: Text;
  response: Text;
  respond_within_secs: number;
  class: AlarmClass | null;
  group: string | null;
  /** The first of its group: it names the cause. */
  first_out: boolean;
  /** Active for more than a day. */
  stale: boolean;
  chattering: boolean;
  /** Stays open until somebody resets it. */
  latched: boolean;
  realarms: number;
  supervised_at: string | null;
  supervised_by: string | null;
  removed_at: string | null;
}

export interface Sink {
  name: string;
  kind: string;
  target: string;
  connected: boolean;
  last_error: string | null;
  pending: number;
  delivered: number;
  verified: number;
  quarantined: number;
  lag_secs: number;
}

export interface Store {
  accepted: number;
  in_journal: number;
  in_history: number;
  expired: number;
  duplicates: number;
  bytes: number;
  commits: number;
  fault: string | null;
}

export type ReloadOutcome = "unchanged" | "checked" | "applied" | "refused" | "rolled_back";

/** What came of reading the site file again. */
export interface Reload {
  at: string;
  /** Of the site file that is in force now. */
  config_hash: string;
  outcome: ReloadOutcome;
  changes: string[];
  faults: string[];
}

/** The answer of /readyz: whether readings are taken in and judged. */
export interface Readiness {
  status: string;
  reason?: string;
}

/** One new latest sample, as the event `samples` carries them. */
export interface SampleEvent {
  point: string;
  sample: Sample;
  received_at: string;
}

export interface RequirementEvent {
  area: string;
  requirement: string;
  points: string[];
  verdict: Verdict | null;
  since: string | null;
  value: number | null;
  note: Text;
  early_warning: EarlyWarning | null;
}

export interface AlarmEvent {
  alarm: string;
  transition: string;
  t: string;
  area: string;
  requirement: string;
  points: string[];
  priority: Priority;
  value: number | null;
  limit: string;
  by: string | null;
  comment: string | null;
  /** Why nobody is told. */
  quiet?: Quiet | "flood";
}

// The cells of the live picture: one small reactive object per point and per requirement, so that
// a new sample redraws one row and nothing else.

import type {
  Alarm,
  Area,
  Device,
  EarlyWarning,
  Limit,
  Pack,
  Point,
  Requirement,
  Sample,
  Text,
  Verdict,
} from "../api/types";
import {
  ageOf,
  read,
  standingOf,
  type BoundLimit,
  type Heard,
  type Reading,
  type Standing,
} from "../format/reading";
import { clock } from "./clock.svelte";
import { countAlarms, findRequirement, worst, worstOf, type AlarmCount } from "./reduce";

/** The pack that there be data at all; it and the checks of readings are applied by the gateway itself. */
const SYSTEM_PACK = "weir-system";
const OWN_PACKS = new Set([SYSTEM_PACK, "weir-validity"]);

export class RequirementCell {
  readonly area: string;
  meta: Requirement = $state.raw() as Requirement;
  verdict: Verdict | null = $state(null);
  since: string | null = $state(null);
  value: number | null = $state(null);
  note: Text = $state.raw({ zh: "", en: "" });
  early: EarlyWarning | null = $state.raw(null);

  constructor(area: string, from: Requirement) {
    this.area = area;
    this.load(from);
  }

  load(from: Requirement): void {
    this.meta = from;
    this.verdict = from.verdict;
    this.since = from.since;
    this.value = from.value;
    this.note = from.note;
    this.early = from.early_warning;
  }

  get id(): string {
    return this.meta.id;
  }
  get points(): string[] {
    return this.meta.points;
  }
  get warning(): boolean {
    return this.meta.warning;
  }
  /** Weir's own requirement that there be data at all; not one of the law. */
  get system(): boolean {
    return this.meta.pack.startsWith(SYSTEM_PACK);
  }
  /** Unique within the site. */
  get key(): string {
    return `${this.area}/${this.meta.id}/${this.meta.points[0] ?? ""}`;
  }
}

/** What a point needs to know of the screen's connection. */
export interface Connection {
  readonly connected: boolean;
}

export class PointCell {
  meta: Point = $state.raw() as Point;
  sample: Sample | null = $state.raw(null);
  staleAtLoad = $state(false);
  /** The latest good sample this screen has seen. */
  lastGood: Sample | null = $state.raw(null);
  device: Device | undefined = $state.raw(undefined);
  requirements: RequirementCell[] = $state.raw([]);
  readonly #connection: Connection;

  constructor(from: Point, connection: Connection) {
    this.#connection = connection;
    this.load(from);
  }

  load(from: Point): void {
    this.meta = from;
    this.sample = from.sample;
    if (from.sample?.quality === "good") this.lastGood = from.sample;
    this.staleAtLoad = from.stale;
  }

  get id(): string {
    return this.meta.id;
  }

  /** Requirements of the law; that there be data is shown by the data. */
  readonly lawful: RequirementCell[] = $derived(
    this.requirements.filter((requirement) => !requirement.system),
  );

  /** The worst verdict of the law's requirements behind this point. */
  readonly verdict: Verdict | null = $derived(worstOf(this.lawful));

  readonly limits: BoundLimit[] = $derived(this.meta.limits.map((limit) => this.#bind(limit)));

  readonly #heard: Heard = $derived({
    sample: this.sample,
    lastGood: this.lastGood,
    lastSuccess: this.device?.health.last_success ?? null,
  });

  /** Follows the clock, but changes seldom; what hangs on it is not worked out every second. */
  readonly standing: Standing = $derived.by(() =>
    standingOf(this.sample, {
      now: clock.now,
      staleAfterMs: this.meta.stale_after_ms,
      stale: this.staleAtLoad,
      connected: this.#connection.connected,
    }),
  );

  /** Milliseconds since there was a value; follows the clock. */
  readonly age: number | null = $derived(ageOf(this.#heard, clock.now));

  /** How the point reads now. */
  readonly reading: Reading = $derived(read(this.#heard, this.standing, this.limits, this.verdict));

  #bind(limit: Limit): BoundLimit {
    const { low, high, warning } = limit;
    const requirement = this.requirementOf(limit);
    return {
      low,
      high,
      warning,
      applies: requirement === undefined || requirement.verdict !== null,
    };
  }

  requirementOf(limit: Limit): RequirementCell | undefined {
    return (
      findRequirement(this.requirements, limit.requirement, [this.meta.id]) ??
      this.requirements.find((requirement) => requirement.id === limit.requirement)
    );
  }
}

export class AreaCell {
  meta: Area = $state.raw() as Area;
  /** Place in the gateway's list when it was first seen. */
  readonly index: number;
  requirements: RequirementCell[] = $state.raw([]);
  points: PointCell[] = $state.raw([]);
  openAlarms: Alarm[] = $state.raw([]);

  constructor(from: Area, index: number) {
    this.meta = from;
    this.index = index;
    this.requirements = from.requirements.map((requirement) => new RequirementCell(from.id, requirement));
  }

  load(from: Area): void {
    this.meta = from;
    for (const requirement of from.requirements) {
      findRequirement(this.requirements, requirement.id, requirement.points)?.load(requirement);
    }
  }

  get id(): string {
    return this.meta.id;
  }

  /** Without any requirement that passes a verdict, what the gateway says. */
  readonly verdict: Verdict | null = $derived.by(() => {
    const judged = this.requirements.filter((requirement) => !requirement.warning);
    if (judged.length === 0) return this.meta.verdict;
    // That data are there is no verdict of the law; that they are missing makes the area unknown.
    const said = judged.filter((requirement) => !requirement.system || requirement.verdict !== "compliant");
    return worst(said.map((requirement) => requirement.verdict));
  });

  readonly alarms: AlarmCount = $derived(countAlarms(this.openAlarms));

  /** Points that somebody has set a limit or a requirement on. */
  readonly keyPoints: PointCell[] = $derived.by(() => {
    const lawful = this.requirements.filter((requirement) => !requirement.system);
    const named = new Set(lawful.flatMap((requirement) => requirement.points));
    const key = this.points.filter((point) => point.meta.limits.length > 0 || named.has(point.id));
    return key.length > 0 ? key : this.points;
  });

  readonly packs: Pack[] = $derived(this.meta.packs.filter((pack) => !OWN_PACKS.has(pack.id)));
}

/** What would have to be built anew if it changed: which areas, requirements and points there are. */
export function shapeOf(areas: readonly Area[], points: readonly Point[]): string {
  return JSON.stringify([
    areas
      .map((area) => [
        area.id,
        area.requirements.map((requirement) => [requirement.id, requirement.points]),
        area.points,
      ])
      .sort((a, b) => String(a[0]).localeCompare(String(b[0]))),
    points.map((point) => point.id),
  ]);
}

// The live picture of the site: loaded once, then kept by events, loaded anew after every loss.

import { Channel, type EventName } from "../api/events";
import { api } from "../api/client";
import type {
  Alarm,
  AlarmEvent,
  Area,
  Device,
  Finding,
  HeldAlarm,
  Point,
  RequirementEvent,
  Sample,
  SampleEvent,
  Site,
  VerdictRow,
} from "../api/types";
import { AreaCell, PointCell, shapeOf } from "./cells.svelte";
import { DAY } from "../format/time";
import { clock } from "./clock.svelte";
import { addFinding, applyRequirement, applySample, byNewest, countAlarms, findRequirement, worstFirst } from "./reduce";

/** What no event tells is asked for this often: the clock, the devices, whether all is well. */
const RESYNC_MS = 20_000;
/** Several alarm events in a row cause one question. */
const ALARM_DEBOUNCE_MS = 150;
/** Waiting time after a load that failed although the channel stands. */
const RELOAD_MS = 2_000;
/** Events held back while loading; beyond that the oldest are dropped, the load covers them. */
const HELD_MAX = 5_000;

/** Older findings are asked for on the page of a point. */
const FINDINGS_MS = 30 * DAY;

export type Phase = "connecting" | "live" | "lost";
type SampleWatcher = (sample: Sample) => void;
type VerdictWatcher = (row: VerdictRow) => void;
type AlarmWatcher = (event: AlarmEvent) => void;

class Live {
  phase = $state<Phase>("connecting");
  lostAt = $state<number | null>(null);
  /** Counts the loads, so that a view can load its own part anew too. */
  loads = $state(0);
  /** Goes up when marks changed, or verdicts were passed once more because of them. */
  marked = $state(0);
  site = $state.raw<Site | null>(null);
  /** Why the gateway hears us but does not take in or judge readings. */
  fault = $state<string | null>(null);
  /** The version this page was first served by. */
  firstVersion = $state.raw<string | null>(null);
  areas = $state.raw<AreaCell[]>([]);
  devices = $state.raw<Device[]>([]);
  openAlarms = $state.raw<Alarm[]>([]);
  /** Alarms that are shelved, suppressed or out of service, raised or not. */
  heldAlarms = $state.raw<HeldAlarm[]>([]);
  /** What checks found in the data of the last days, the newest first. */
  findings = $state.raw<Finding[]>([]);
  points = $state.raw<Map<string, PointCell>>(new Map());

  readonly connected = $derived(this.phase === "live");
  readonly zone = $derived(this.site?.time_zone ?? "UTC");
  readonly alarms = $derived(countAlarms(this.openAlarms));
  readonly ranked = $derived(worstFirst(this.areas));

  #shape = "";
  #loading: Promise<void> | null = null;
  /** Something was said while loading that the load may have missed. */
  #again = false;
  #held: [EventName, unknown][] = [];
  #alarmTimer: ReturnType<typeof setTimeout> | undefined;
  #sampleWatchers = new Map<string, Set<SampleWatcher>>();
  #verdictWatchers = new Set<VerdictWatcher>();
  #alarmWatchers = new Set<AlarmWatcher>();
  readonly #channel = new Channel({
    opened: () => void this.load(),
    lost: () => this.#onLost(),
    event: (name, data) => this.#onEvent(name, data),
  });

  start(): void {
    clock.start();
    this.#channel.start();
    setInterval(() => void this.#resync(), RESYNC_MS);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#channel.check();
    });
  }

  /** Loads everything; events that come meanwhile are held and applied afterwards. */
  load(): Promise<void> {
    this.#loading ??= this.#loadNow().finally(() => {
      this.#loading = null;
      if (this.#again) void this.load();
    });
    return this.#loading;
  }

  /** What is known is no longer so: events were missed, or the site is another one. */
  #loadAnew(): void {
    this.#held = [];
    if (this.#loading === null) void this.load();
    else this.#again = true;
  }

  async #loadNow(): Promise<void> {
    this.#again = false;
    try {
      const asked = performance.now();
      const site = await api.site();
      clock.sync(Date.parse(site.now), performance.now() - asked);
      const [areas, points, devices, alarms, held, findings, fault] = await Promise.all([
        api.areas(),
        api.points(),
        api.devices(),
        api.alarms("open"),
        api.heldAlarms(),
        api.findings(Date.parse(site.now) - FINDINGS_MS, Date.parse(site.now) + DAY),
        api.fault(),
      ]);
      this.fault = fault;
      this.site = site;
      this.firstVersion ??= site.version;
      this.#take(areas, points, devices);
      this.#takeAlarms(alarms);
      this.heldAlarms = held;
      this.findings = byNewest(findings);
      this.phase = "live";
      this.lostAt = null;
      this.loads += 1;
      for (const [name, data] of this.#held.splice(0)) this.#apply(name, data);
    } catch {
      // The channel's watchdog says when the gateway is gone; here it only means: not yet.
      setTimeout(() => {
        if (this.#channel.standing) void this.load();
      }, RELOAD_MS);
    }
  }

  #take(areas: Area[], points: Point[], devices: Device[]): void {
    const shape = shapeOf(areas, points);
    if (shape === this.#shape) {
      for (const area of areas) this.areas.find((cell) => cell.id === area.id)?.load(area);
      for (const point of points) this.points.get(point.id)?.load(point);
    } else {
      this.#shape = shape;
      this.#build(areas, points);
    }
    this.#takeDevices(devices);
  }

  #build(areas: Area[], points: Point[]): void {
    const cells = new Map(points.map((point) => [point.id, new PointCell(point, this)]));
    this.areas = areas.map((area, index) => {
      const cell = new AreaCell(area, index);
      cell.points = area.points.flatMap((id) => cells.get(id) ?? []);
      for (const point of cell.points) {
        point.requirements = cell.requirements.filter((requirement) => requirement.points.includes(point.id));
      }
      return cell;
    });
    this.points = cells;
  }

  #takeDevices(devices: Device[]): void {
    this.devices = devices;
    const byId = new Map(devices.map((device) => [device.id, device]));
    for (const point of this.points.values()) point.device = byId.get(point.meta.device);
  }

  #takeAlarms(alarms: Alarm[]): void {
    this.openAlarms = alarms.filter((alarm) => alarm.state !== "closed");
    for (const area of this.areas)
      area.openAlarms = this.openAlarms.filter((alarm) => alarm.area === area.id);
  }

  /** Takes over how one alarm stands, as the gateway has just answered. */
  takeAlarm(alarm: Alarm): void {
    const others = this.openAlarms.filter((other) => other.id !== alarm.id);
    this.#takeAlarms([alarm, ...others]);
  }

  async refreshAlarms(): Promise<void> {
    try {
      const [alarms, held] = await Promise.all([api.alarms("open"), api.heldAlarms()]);
      this.#takeAlarms(alarms);
      this.heldAlarms = held;
    } catch {
      // Still as it was; the next event, or the next load, asks again.
    }
  }

  async refreshDevices(): Promise<void> {
    this.#takeDevices(await api.devices());
  }

  /** Takes over how one device is, as the gateway has just answered. */
  takeDevice(device: Device): void {
    this.#takeDevices(this.devices.map((other) => (other.id === device.id ? device : other)));
  }

  async #resync(): Promise<void> {
    if (this.phase !== "live") return;
    try {
      const asked = performance.now();
      const site = await api.site();
      clock.sync(Date.parse(site.now), performance.now() - asked);
      if (site.config_hash !== this.site?.config_hash) {
        this.#loadAnew();
        return;
      }
      this.site = site;
      // Verdicts too: if the engine stands still no event says so, but the answer does.
      const [areas, fault] = await Promise.all([api.areas(), api.fault(), this.refreshDevices()]);
      for (const area of areas) this.areas.find((cell) => cell.id === area.id)?.load(area);
      this.fault = fault;
    } catch {
      // The watchdog decides whether the gateway is gone.
    }
  }

  #onLost(): void {
    if (this.phase === "lost") return;
    this.phase = "lost";
    this.lostAt = clock.exact();
  }

  #onEvent(name: EventName, data: unknown): void {
    if (name === "reset" || name === "site") this.#loadAnew();
    else if (this.#loading !== null || this.phase !== "live") this.#hold(name, data);
    else this.#apply(name, data);
  }

  #hold(name: EventName, data: unknown): void {
    this.#held.push([name, data]);
    if (this.#held.length > HELD_MAX) this.#held.shift();
  }

  #apply(name: EventName, data: unknown): void {
    if (name === "samples") this.#onSamples(data as SampleEvent[]);
    else if (name === "requirement") this.#onRequirement(data as RequirementEvent);
    else if (name === "mark" || name === "revised") this.marked += 1;
    else if (name === "finding") this.findings = addFinding(this.findings, data as Finding);
    else if (name === "verdict") for (const watcher of this.#verdictWatchers) watcher(data as VerdictRow);
    else if (name === "alarm") this.#onAlarm(data as AlarmEvent);
  }

  #onSamples(events: SampleEvent[]): void {
    for (const { point, sample, received_at } of events) {
      const cell = this.points.get(point);
      if (cell === undefined) continue;
      clock.atLeast(Date.parse(received_at));
      applySample(cell, sample);
      for (const watcher of this.#sampleWatchers.get(point) ?? []) watcher(sample);
    }
  }

  #onRequirement(event: RequirementEvent): void {
    const area = this.areas.find((cell) => cell.id === event.area);
    const cell = area && findRequirement(area.requirements, event.requirement, event.points);
    if (cell) applyRequirement(cell, event);
  }

  #onAlarm(event: AlarmEvent): void {
    clearTimeout(this.#alarmTimer);
    this.#alarmTimer = setTimeout(() => void this.refreshAlarms(), ALARM_DEBOUNCE_MS);
    for (const watcher of this.#alarmWatchers) watcher(event);
  }

  /** Calls with every new sample of a point; returns the way out. */
  watchSamples(point: string, watcher: SampleWatcher): () => void {
    const set = this.#sampleWatchers.get(point) ?? new Set();
    this.#sampleWatchers.set(point, set.add(watcher));
    return () => set.delete(watcher);
  }

  watchVerdicts(watcher: VerdictWatcher): () => void {
    this.#verdictWatchers.add(watcher);
    return () => this.#verdictWatchers.delete(watcher);
  }

  watchAlarms(watcher: AlarmWatcher): () => void {
    this.#alarmWatchers.add(watcher);
    return () => this.#alarmWatchers.delete(watcher);
  }
}

export const live = new Live();

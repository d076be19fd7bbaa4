// What an event does to the picture of the site. Pure rules over small mutable cells: the reactive
// classes of live.svelte.ts have these shapes, and so have the plain objects of the tests.

import type { Alarm, EarlyWarning, Finding, Priority, RequirementEvent, Sample, Verdict } from "../api/types";

export interface SampleCell {
  sample: Sample | null;
  lastGood: Sample | null;
  staleAtLoad: boolean;
}

export interface RequirementShape {
  id: string;
  points: string[];
  warning: boolean;
  verdict: Verdict | null;
}

/** A newer sample replaces the older one; a late one from the past does not. */
export function applySample(cell: SampleCell, sample: Sample): boolean {
  if (cell.sample !== null && Date.parse(sample.t) < Date.parse(cell.sample.t)) return false;
  cell.sample = sample;
  if (sample.quality === "good") cell.lastGood = sample;
  cell.staleAtLoad = false;
  return true;
}

/** A requirement may be bound several times in an area; its first point tells which one. */
export function findRequirement<R extends { id: string; points: string[] }>(
  requirements: readonly R[],
  id: string,
  points: readonly string[],
): R | undefined {
  const named = requirements.filter((requirement) => requirement.id === id);
  return (
    named.find((requirement) => requirement.points[0] === points[0]) ??
    (named.length === 1 ? named[0] : undefined)
  );
}

export interface RequirementCell extends RequirementShape {
  since: string | null;
  value: number | null;
  note: { zh: string; en: string };
  early: EarlyWarning | null;
}

export function applyRequirement(cell: RequirementCell, event: RequirementEvent): void {
  cell.verdict = event.verdict;
  cell.since = event.since;
  cell.value = event.value;
  cell.note = event.note;
  cell.early = event.early_warning;
}

const SEVERITY: Record<Verdict, number> = { compliant: 1, indeterminate: 2, non_compliant: 3 };

/** The worst of several verdicts; null if there is none. */
export function worst(verdicts: Iterable<Verdict | null>): Verdict | null {
  let found: Verdict | null = null;
  for (const verdict of verdicts) {
    if (verdict !== null && (found === null || SEVERITY[verdict] > SEVERITY[found])) found = verdict;
  }
  return found;
}

/** Warnings pass no verdict. */
export function worstOf(requirements: Iterable<RequirementShape>): Verdict | null {
  const verdicts: (Verdict | null)[] = [];
  for (const requirement of requirements) {
    if (!requirement.warning) verdicts.push(requirement.verdict);
  }
  return worst(verdicts);
}

const RANK: Record<Priority, number> = { low: 1, medium: 2, high: 3 };

export const priorityRank = (priority: Priority | null): number => (priority === null ? 0 : RANK[priority]);

export const isActive = (alarm: Alarm): boolean =>
  alarm.state === "active_unacknowledged" || alarm.state === "active_acknowledged";

/** Somebody or something keeps it quiet, and it stands in a list of its own. */
export const isHeld = (alarm: Alarm): boolean => alarm.held !== null && alarm.held !== undefined;

export const isUnacknowledged = (alarm: Alarm): boolean =>
  alarm.state === "active_unacknowledged" || alarm.state === "returned_unacknowledged";

export interface AlarmCount {
  open: number;
  active: number;
  unacknowledged: number;
  /** Of all open ones, and of the active ones. */
  highest: Priority | null;
  highestActive: Priority | null;
}

function highestOf(alarms: readonly Alarm[]): Priority | null {
  let highest: Priority | null = null;
  for (const { priority } of alarms) {
    if (priorityRank(priority) > priorityRank(highest)) highest = priority;
  }
  return highest;
}

export function countAlarms(alarms: readonly Alarm[]): AlarmCount {
  const open = alarms.filter((alarm) => alarm.state !== "closed" && !isHeld(alarm));
  const active = open.filter(isActive);
  return {
    open: open.length,
    active: active.length,
    unacknowledged: open.filter(isUnacknowledged).length,
    highest: highestOf(open),
    highestActive: highestOf(active),
  };
}

const STATE_RANK: Record<Alarm["state"], number> = {
  active_unacknowledged: 0,
  active_acknowledged: 1,
  returned_unacknowledged: 2,
  returned_latched: 3,
  closed: 4,
};

/** The inbox: what is active and unseen first, then by priority, then the newest. */
export function inboxOrder(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort(
    (a, b) =>
      STATE_RANK[a.state] - STATE_RANK[b.state] ||
      priorityRank(b.priority) - priorityRank(a.priority) ||
      Date.parse(b.raised_at) - Date.parse(a.raised_at),
  );
}

export interface AreaRank {
  verdict: Verdict | null;
  alarms: AlarmCount;
  /** Place in the list as the gateway gave it first, so that equals keep their place. */
  index: number;
}

/** Worst first: verdict, then the priority and number of active alarms. */
export function worstFirst<A extends AreaRank>(areas: readonly A[]): A[] {
  const severity = (area: A) => (area.verdict === null ? 0 : SEVERITY[area.verdict]);
  return [...areas].sort(
    (a, b) =>
      severity(b) - severity(a) ||
      priorityRank(b.alarms.highestActive) - priorityRank(a.alarms.highestActive) ||
      b.alarms.active - a.alarms.active ||
      priorityRank(b.alarms.highest) - priorityRank(a.alarms.highest) ||
      a.index - b.index,
  );
}

/** The newest first. */
export const byNewest = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => Date.parse(b.to) - Date.parse(a.to) || b.id - a.id);

/** A finding may be told twice, by a load and by an event. */
export const addFinding = (findings: readonly Finding[], finding: Finding): Finding[] =>
  byNewest([finding, ...findings.filter((other) => other.id !== finding.id)]);

/** The other open alarms of the same group in the area, the first out ahead of them. */
export function groupOf(alarms: readonly Alarm[], alarm: Alarm): Alarm[] {
  if (alarm.group === null) return [];
  return alarms
    .filter((other) => other.id !== alarm.id && other.area === alarm.area && other.group === alarm.group)
    .sort(
      (a, b) =>
        Number(b.first_out) - Number(a.first_out) || Date.parse(a.raised_at) - Date.parse(b.raised_at),
    );
}

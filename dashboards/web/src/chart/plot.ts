// uPlot, wrapped once: a trend with limit lines, alarm shading, and a foot that shows where there
// was no usable value. Takes plain data, gives back a plot; all colours come from the style sheet.

import uPlot from "uplot";
import type { Priority } from "../api/types";
import { formatClock, formatDay, formatTime, safeZone, type Lang } from "../format/time";
import type { Line, Stretch } from "./series";

export interface LimitLine {
  value: number;
  label: string;
  warning: boolean;
}

/** A stretch whose readings somebody or something marked. */
export interface MarkSpan {
  from: number;
  to: number;
  label: string;
}

export interface AlarmSpan {
  from: number;
  to: number;
  priority: Priority;
}

/** Everything that is drawn besides the line; read at each drawing, so it may change in between. */
export interface Scene {
  limits: LimitLine[];
  band: { low: number | null; high: number | null } | null;
  alarms: AlarmSpan[];
  marks: MarkSpan[];
  stretches: Stretch[];
  from: number;
  to: number;
}

export interface PlotOptions {
  width: number;
  height: number;
  zone: string;
  lang: Lang;
  /** The few values there are, in order: nothing between them, and steps instead of slopes. Empty
   * for a measurement. */
  states: number[];
  /** Draw the band between the extremes. */
  extremes: boolean;
  axisText(value: number): string;
  scene(): Scene;
  onCursor(index: number | null): void;
  onSelect(from: number, to: number): void;
}

/** Height of the foot in CSS pixels. */
const FOOT = 9;
const DAY_S = 86_400;

export type Palette = (token: string) => string;

/** Reads tokens of the style sheet as colours that a canvas understands. */
export function paletteOf(host: HTMLElement): Palette {
  const probe = document.createElement("span");
  host.append(probe);
  const known = new Map<string, string>();
  const lookUp = (token: string) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  for (const token of TOKENS) known.set(token, lookUp(token));
  probe.remove();
  return (token) => known.get(token) ?? "#888";
}
const TOKENS = [
  "ink",
  "ink-soft",
  "line",
  "line-strong",
  "band",
  "trend",
  "surface",
  "alarm",
  "alarm-fill",
  "warn-fill",
  "low-fill",
  "unknown-fill",
  "track",
];

const ALARM_TOKEN: Record<Priority, string> = { high: "alarm-fill", medium: "warn-fill", low: "low-fill" };

/** Columns in uPlot's order: time, mean, max, min. */
export const columns = (line: Line): uPlot.AlignedData => [line.xs, line.mean, line.max, line.min];

export function makePlot(host: HTMLElement, line: Line, options: PlotOptions): uPlot {
  const color = paletteOf(host);
  const font = `12px ${getComputedStyle(host).fontFamily}`;
  const zone = safeZone(options.zone);
  const axis = {
    stroke: color("ink-soft"),
    font,
    grid: { stroke: color("line"), width: 1 },
    ticks: { stroke: color("line"), width: 1, size: 5 },
  };
  const stated = options.states.length > 0;
  const steps = stated && !options.extremes ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  const hidden = { show: options.extremes, stroke: "transparent", width: 0, points: { show: false } };
  const config: uPlot.Options = {
    width: options.width,
    height: options.height,
    padding: [12, 14, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, fill: color("surface"), stroke: color("trend") },
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: true, range: () => [options.scene().from / 1000, options.scene().to / 1000] },
      y: { range: (_, lo, hi) => yRange(lo, hi, options) },
    },
    axes: [
      {
        ...axis,
        space: 70,
        size: 32,
        values: (_, splits, __, ___, increment) =>
          splits.map((s) => timeLabel(s, increment, zone, options.lang)),
      },
      {
        ...axis,
        size: stated ? wordWidth(options) : 56,
        ...(stated ? { splits: () => options.states } : {}),
        values: (_, splits) => splits.map((value) => options.axisText(value)),
      },
    ],
    series: [
      {},
      {
        stroke: color("trend"),
        width: 1.6,
        spanGaps: false,
        ...(steps ? { paths: steps } : {}),
        points: { show: (_, __, from, to) => to - from < 60, size: 4, fill: color("trend") },
      },
      hidden,
      hidden,
    ],
    bands: options.extremes ? [{ series: [2, 3], fill: translucent(color("trend"), 0.2) }] : [],
    hooks: {
      drawClear: [(plot) => drawGround(plot, options.scene(), color)],
      draw: [(plot) => drawFront(plot, options.scene(), color, font)],
      setCursor: [(plot) => options.onCursor(plot.cursor.idx ?? null)],
      setSelect: [(plot) => select(plot, options)],
    },
  };
  return new uPlot(config, columns(line), host);
}

function select(plot: uPlot, options: PlotOptions): void {
  const { left, width } = plot.select;
  if (width < 8) return;
  options.onSelect(plot.posToVal(left, "x") * 1000, plot.posToVal(left + width, "x") * 1000);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** The data and the limits, with air around; a flat line does not fill the height with noise. */
function yRange(lo: number | null, hi: number | null, options: PlotOptions): uPlot.Range.MinMax {
  const [first, last] = [options.states[0], options.states.at(-1)];
  if (first !== undefined && last !== undefined) {
    const air = 0.15 * Math.max(last - first, 1);
    return [first - air, last + air];
  }
  const values = options.scene().limits.map((limit) => limit.value);
  if (lo !== null && Number.isFinite(lo)) values.push(lo);
  if (hi !== null && Number.isFinite(hi)) values.push(hi);
  if (values.length === 0) return [0, 1];
  const least = Math.min(...values);
  const most = Math.max(...values);
  const pad = (most - least) * 0.08 || Math.abs(most) * 0.05 || 1;
  return [least >= 0 ? Math.max(0, least - pad) : least - pad, most + pad];
}

/** Room for the longest word on the axis, in CSS pixels; a third of the width at most. */
function wordWidth(options: PlotOptions): number {
  const wide = (text: string) => [...text].reduce((sum, c) => sum + (c > "\u2e80" ? 12 : 7), 0);
  const longest = Math.max(...options.states.map((state) => wide(options.axisText(state))));
  return Math.min(Math.max(56, longest + 16), options.width / 3);
}

function timeLabel(seconds: number, increment: number, zone: string, lang: Lang): string {
  const ms = seconds * 1000;
  if (increment >= DAY_S) return formatDay(ms, zone, lang);
  if (increment < 60) return formatClock(ms, zone, lang);
  const time = formatTime(ms, zone, lang);
  return time === "00:00" ? formatDay(ms, zone, lang) : time;
}

/** `rgb(1, 2, 3)` as `rgba(1, 2, 3, a)`. */
export function translucent(color: string, alpha: number): string {
  const numbers = color.match(/[\d.]+/g)?.slice(0, 3);
  return numbers && numbers.length === 3 ? `rgba(${numbers.join(", ")}, ${alpha})` : color;
}

const clampX = (plot: uPlot, ms: number): number => {
  const { left, width } = plot.bbox;
  return Math.min(Math.max(plot.valToPos(ms / 1000, "x", true), left), left + width);
};

/** Behind the line: the legal band, and the times of alarms. */
function drawGround(plot: uPlot, scene: Scene, color: Palette): void {
  const { ctx, bbox } = plot;
  ctx.save();
  if (scene.band) {
    const y = (value: number | null, edge: number) =>
      value === null
        ? edge
        : Math.min(Math.max(plot.valToPos(value, "y", true), bbox.top), bbox.top + bbox.height);
    const top = y(scene.band.high, bbox.top);
    const bottom = y(scene.band.low, bbox.top + bbox.height);
    ctx.fillStyle = translucent(color("band"), 0.3);
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  }
  for (const mark of scene.marks) {
    const x = clampX(plot, mark.from);
    const width = Math.max(clampX(plot, mark.to) - x, 2 * devicePixelRatio);
    ctx.fillStyle = translucent(color("unknown-fill"), 0.22);
    ctx.fillRect(x, bbox.top, width, bbox.height);
    ctx.font = `${11 * devicePixelRatio}px sans-serif`;
    if (ctx.measureText(mark.label).width + 8 * devicePixelRatio > width) continue;
    ctx.fillStyle = color("ink-soft");
    ctx.textAlign = "left";
    ctx.fillText(mark.label, x + 4 * devicePixelRatio, bbox.top + 16 * devicePixelRatio);
  }
  for (const alarm of scene.alarms) {
    const x = clampX(plot, alarm.from);
    const width = Math.max(clampX(plot, alarm.to) - x, 2 * devicePixelRatio);
    const fill = color(ALARM_TOKEN[alarm.priority]);
    ctx.fillStyle = translucent(fill, 0.14);
    ctx.fillRect(x, bbox.top, width, bbox.height);
    ctx.fillStyle = fill;
    ctx.fillRect(x, bbox.top, width, 3 * devicePixelRatio);
  }
  ctx.restore();
}

/** Before the line: limits with their words, and the foot. */
function drawFront(plot: uPlot, scene: Scene, color: Palette, font: string): void {
  const { ctx, bbox } = plot;
  const dpr = devicePixelRatio;
  ctx.save();
  ctx.font = font.replace("12px", `${12 * dpr}px`);
  ctx.textAlign = "right";
  ctx.textBaseline = "alphabetic";
  for (const limit of scene.limits) {
    const y = Math.round(plot.valToPos(limit.value, "y", true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = color("ink-soft");
    ctx.lineWidth = (limit.warning ? 1 : 1.5) * dpr;
    ctx.setLineDash(limit.warning ? [3 * dpr, 4 * dpr] : [9 * dpr, 3 * dpr]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    drawLabel(ctx, limit.label, bbox.left + bbox.width - 4 * dpr, y - 6 * dpr, bbox.top + 14 * dpr, color);
  }
  ctx.setLineDash([]);
  for (const stretch of scene.stretches) drawStretch(plot, stretch, color);
  ctx.restore();
}

function drawLabel(
  ctx: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  least: number,
  color: Palette,
): void {
  const baseline = y < least ? y + 20 * devicePixelRatio : y;
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = color("surface");
  ctx.setLineDash([]);
  ctx.strokeText(text, x, baseline);
  ctx.fillStyle = color("ink-soft");
  ctx.fillText(text, x, baseline);
}

/** Missing: an empty box with a hatch. Bad: a full one. */
function drawStretch(plot: uPlot, stretch: Stretch, color: Palette): void {
  const { ctx, bbox } = plot;
  const dpr = devicePixelRatio;
  const x = clampX(plot, stretch.from);
  const width = Math.max(clampX(plot, stretch.to) - x, 2 * dpr);
  const top = bbox.top + bbox.height - FOOT * dpr;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, top, width, FOOT * dpr);
  ctx.clip();
  if (stretch.kind === "bad") {
    ctx.fillStyle = color("unknown-fill");
    ctx.fillRect(x, top, width, FOOT * dpr);
  } else {
    ctx.fillStyle = color("track");
    ctx.fillRect(x, top, width, FOOT * dpr);
    ctx.strokeStyle = color(stretch.kind === "missing" ? "line-strong" : "unknown-fill");
    ctx.lineWidth = dpr;
    const pitch = 5 * dpr;
    for (let at = x - FOOT * dpr; at < x + width + FOOT * dpr; at += pitch) {
      ctx.beginPath();
      ctx.moveTo(at, top + FOOT * dpr);
      ctx.lineTo(at + FOOT * dpr, top);
      ctx.stroke();
    }
  }
  ctx.restore();
}

import { at } from "../statistics.ts";
import { html, type Markup } from "./markup.ts";

/** A point of a chart: an ISO day and a value. */
export interface ChartPoint {
  date: string;
  value: number;
}

/** A line, drawn in the colour and dash of its `tone`, named in the legend. */
export interface ChartLine {
  name: string;
  tone: ChartTone;
  points: readonly ChartPoint[];
  /** Draws a dot at each point. */
  dots?: boolean;
}

/** An area between two values on each day. */
export interface ChartBand {
  name: string;
  tone: ChartTone;
  edges: readonly { date: string; low: number; high: number }[];
}

/** The styles of `style.ts`: the truth, the random walk, and up to four models. */
export type ChartTone = "actual" | "walk" | "model0" | "model1" | "model2" | "model3";

export interface ChartRequest {
  /** Said to those who cannot see the chart. */
  description: string;
  unit: string;
  lines: readonly ChartLine[];
  bands?: readonly ChartBand[];
  /** Draws the line of value 0 strongly. */
  zero?: boolean;
}

const WIDTH = 520;
const HEIGHT = 270;
const LEFT = 48;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 28;

/** More points of one line than this are thinned: a screen shows no more. */
const POINTS_MAX = 420;

/** A time chart as a figure with an SVG and a legend; undefined when there is nothing to draw. */
export function timeChart(request: ChartRequest): Markup | undefined {
  const scale = scaleOf(request);
  if (scale === undefined) return undefined;
  return html`<figure class="chart">
    <p class="unit">${request.unit}</p>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${request.description}">
      ${scale.valueTicks.map((tick) => valueTick(tick, scale))}
      ${scale.timeTicks.map((tick) => timeTick(tick, scale))}
      ${request.zero ? zeroLine(scale) : undefined}
      ${(request.bands ?? []).map((band) => bandArea(band, scale))}
      ${request.lines.map((line) => linePath(line, scale))}
    </svg>
    <figcaption>
      ${request.lines.map((line) => key(line, ""))}${(request.bands ?? []).map((band) => key(band, "area"))}
    </figcaption>
  </figure>`;
}

function key(one: { name: string; tone: ChartTone }, kind: "" | "area"): Markup {
  return html`<span class="key ${one.tone} ${kind}"><i></i>${one.name}</span> `;
}

interface Scale {
  x: (date: string) => number;
  y: (value: number) => number;
  valueTicks: number[];
  timeTicks: { date: string; label: string }[];
  decimals: number;
}

function scaleOf(request: ChartRequest): Scale | undefined {
  const edges = (request.bands ?? []).flatMap((band) => band.edges);
  const points = request.lines.flatMap((line) => line.points);
  const values = [
    ...points.map((point) => point.value),
    ...edges.flatMap((edge) => [edge.low, edge.high]),
    ...(request.zero ? [0] : []),
  ].filter((value) => Number.isFinite(value));
  const days = [...points, ...edges].map((one) => dayNumber(one.date));
  if (values.length === 0 || days.length === 0) return undefined;
  const [low, high] = rangeOf(values);
  const [first, last] = rangeOf(days);
  const step = niceStep((high - low || Math.abs(high) || 1) / 5);
  const bottom = Math.floor(low / step) * step;
  const top = Math.max(bottom + step, Math.ceil(high / step) * step);
  const count = Math.round((top - bottom) / step);
  return {
    x: (date) =>
      LEFT + ((dayNumber(date) - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT),
    y: (value) => TOP + ((top - value) / (top - bottom)) * (HEIGHT - TOP - BOTTOM),
    valueTicks: Array.from({ length: count + 1 }, (_none, index) => bottom + index * step),
    timeTicks: timeTicks(first, last),
    decimals: Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9))),
  };
}

function rangeOf(values: readonly number[]): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** The next of 1, 2, 5 times a power of ten. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
  return factor * power;
}

const MS_PER_DAY = 86_400_000;

function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / MS_PER_DAY;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Firsts of a month, at most seven: years over long spans, months over short ones. */
function timeTicks(first: number, last: number): { date: string; label: string }[] {
  const months = (last - first) / 30.44;
  const every = [1, 2, 3, 6, 12, 24, 60, 120, 240].find((step) => months / step <= 7) ?? 480;
  const ticks: { date: string; label: string }[] = [];
  const firstYear = new Date(first * MS_PER_DAY).getUTCFullYear();
  const start = every >= 12 ? Math.ceil(firstYear / (every / 12)) * (every / 12) : firstYear;
  for (let month = 0; ; month += every) {
    const day = Date.UTC(start, month, 1) / MS_PER_DAY;
    if (day > last) return ticks;
    if (day < first) continue;
    const date = new Date(day * MS_PER_DAY).toISOString().slice(0, 10);
    const name = MONTHS[Number(date.slice(5, 7)) - 1] ?? "";
    const label = every >= 12 ? date.slice(0, 4) : `${name} ’${date.slice(2, 4)}`;
    ticks.push({ date, label });
  }
}

function valueTick(value: number, scale: Scale): Markup {
  const y = round(scale.y(value));
  const label = Math.abs(value) < 1e-12 ? "0" : value.toFixed(scale.decimals).replace("-", "−");
  return html`<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}" /><text
      class="value"
      x="${LEFT - 6}"
      y="${y}"
      >${label}</text
    >`;
}

function timeTick(tick: { date: string; label: string }, scale: Scale): Markup {
  const x = round(scale.x(tick.date));
  const edge = x > WIDTH - 40 ? "end" : "middle";
  return html`<path class="grid" d="M${x} ${HEIGHT - BOTTOM}v4" /><text
      class="time"
      x="${x}"
      y="${HEIGHT - 8}"
      text-anchor="${edge}"
      >${tick.label}</text
    >`;
}

function zeroLine(scale: Scale): Markup {
  return html`<path class="zero" d="M${LEFT} ${round(scale.y(0))}H${WIDTH - RIGHT}" />`;
}

function bandArea(band: ChartBand, scale: Scale): Markup {
  const there = band.edges.map(
    (edge) => `${round(scale.x(edge.date))} ${round(scale.y(edge.high))}`,
  );
  const back = band.edges
    .toReversed()
    .map((edge) => `${round(scale.x(edge.date))} ${round(scale.y(edge.low))}`);
  return html`<path class="band ${band.tone}" d="M${[...there, ...back].join("L")}Z" />`;
}

function linePath(line: ChartLine, scale: Scale): Markup {
  const points = thinned(line.points).map((point) => ({
    x: round(scale.x(point.date)),
    y: round(scale.y(point.value)),
  }));
  const path = points.map((point) => `${point.x} ${point.y}`).join("L");
  const dots = line.dots
    ? points.map(
        (point) =>
          html`<circle class="dot ${line.tone}" cx="${point.x}" cy="${point.y}" r="3.2" />`,
      )
    : [];
  return html`<path class="line ${line.tone}" d="M${path}" />${dots}`;
}

/** Evenly chosen points, the last one always among them. */
function thinned(points: readonly ChartPoint[]): ChartPoint[] {
  if (points.length <= POINTS_MAX) return [...points];
  const stride = (points.length - 1) / (POINTS_MAX - 1);
  return Array.from({ length: POINTS_MAX }, (_none, index) =>
    at(points, Math.round(index * stride)),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

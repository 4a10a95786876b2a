import type { OutOfFoldRow } from "./forecast.ts";
import type { PriceSeries } from "./price-series.ts";
import { at, meanOf } from "./statistics.ts";

/** Fewer calibration scores than this give no interval. */
const CALIBRATION_ROWS_MIN = 50;

/**
 * Scores cover at least so many stretches of the horizon. Half a year of scores is one outcome at a
 * horizon of half a year: on five stretches of WTI, calibrated on 250 rows, the pinball loss of the
 * next year's intervals was a third higher than on ten stretches at 63 rows ahead, and about twice
 * as high at 126 and 252.
 */
const STRETCHES_MIN = 10;

/** How far one independent outcome moves the miss rate aimed at. */
const STEP = 0.01;

/** What tonight's interval is made of. Stored with the model, applied to its forecast. */
export interface Calibration {
  horizonRows: number;
  /** The normalised error that an outcome stays below, save for a share `alpha`. */
  quantile: number;
  /** The share of misses aimed at tonight, steered by the misses that came. */
  alpha: number;
  /** Scores behind the quantile. */
  rows: number;
}

/** A price interval, in the unit of the price. */
export interface PriceInterval {
  low: number;
  high: number;
}

/** An interval that an out-of-fold forecast would have been given that night, and what came. */
export interface IntervalRow extends PriceInterval {
  date: string;
  priceNow: number;
  priceActual: number;
  pricePredicted: number;
}

export interface CalibrationRequest {
  /** Out-of-fold predictions in order of date. */
  rows: readonly OutOfFoldRow[];
  /** Prices up to the as-of day; no outcome after its end is used. */
  series: PriceSeries;
  horizonRows: number;
  /** Share of outcomes that the interval should hold, such as 0.8. */
  level: number;
  /** Newest scores that calibrate; ten times the horizon where that is more. */
  calibrationRows: number;
}

/**
 * Calibrates the interval for the next forecast, and retells which intervals the out-of-fold
 * forecasts would have been given, each from the outcomes that had matured by then.
 *
 * Split conformal (Lei et al. 2018, JASA 113:1094): the score of a row is |y − ŷ| / σ with σ the
 * realised daily volatility of the last 63 rows times √h; the quantile is the ⌈(m+1)(1−α)⌉-th
 * smallest of the newest m scores. α follows the misses, α ← α + γ·(target − miss) (Gibbs and
 * Candès 2021, Adaptive Conformal Inference), with γ = 0.01/h and α kept between a quarter and twice
 * the target: an outcome shares h − 1 days with the next, so misses come in runs, late by h days. On
 * forty years of WTI γ = 0.01 a row brought coverage no nearer and raised the pinball loss at every
 * horizon. Rows whose volatility is unknown are skipped. `calibration` is undefined with fewer than
 * 50 scores.
 */
export function calibrateInterval(request: CalibrationRequest): {
  calibration: Calibration | undefined;
  intervals: IntervalRow[];
} {
  const scored = scoredRows(request);
  const rowsMax = Math.max(request.calibrationRows, STRETCHES_MIN * request.horizonRows);
  const target = 1 - request.level;
  const misses: (boolean | undefined)[] = [];
  const intervals: IntervalRow[] = [];
  const newest: number[] = [];
  let alpha = target;
  let known = 0;
  const learnUpTo = (position: number): void => {
    for (; known < scored.length; known += 1) {
      const row = at(scored, known);
      if (row.position + request.horizonRows > position) return;
      insertSorted(newest, row.score);
      const oldest = scored[known - rowsMax];
      if (oldest !== undefined) newest.splice(lowerBound(newest, oldest.score), 1);
      alpha = steered(alpha, target, misses[known], STEP / request.horizonRows);
    }
  };
  for (const row of scored) {
    learnUpTo(row.position);
    const quantile = quantileOf(newest, alpha);
    misses.push(quantile === undefined ? undefined : row.score > quantile);
    if (quantile !== undefined) intervals.push(intervalRow(row, quantile));
  }
  learnUpTo(request.series.rows.length - 1);
  const quantile = quantileOf(newest, alpha);
  if (quantile === undefined) return { calibration: undefined, intervals };
  const { horizonRows } = request;
  return { calibration: { horizonRows, quantile, alpha, rows: newest.length }, intervals };
}

/**
 * The interval P·exp(ŷ ± q·σ·√h) around a forecast return ŷ, from the price of the day and the
 * daily volatility known that day. Undefined for a price ≤ 0.
 */
export function intervalAround(
  calibration: Calibration,
  forecast: { price: number; predicted: number; volatility: number },
): PriceInterval | undefined {
  if (forecast.price <= 0) return undefined;
  const half = calibration.quantile * forecast.volatility * Math.sqrt(calibration.horizonRows);
  return {
    low: forecast.price * Math.exp(forecast.predicted - half),
    high: forecast.price * Math.exp(forecast.predicted + half),
  };
}

interface ScoredRow {
  row: OutOfFoldRow;
  position: number;
  /** Volatility over the horizon, as a log return. */
  sigma: number;
  score: number;
}

function scoredRows(request: CalibrationRequest): ScoredRow[] {
  return request.rows.flatMap((row) => {
    const position = request.series.positions.get(row.date);
    const daily = position === undefined ? undefined : request.series.volatility[position];
    if (position === undefined || daily === undefined || row.price <= 0) return [];
    const sigma = daily * Math.sqrt(request.horizonRows);
    return [{ row, position, sigma, score: Math.abs(row.actual - row.predicted) / sigma }];
  });
}

function steered(alpha: number, target: number, miss: boolean | undefined, step: number): number {
  if (miss === undefined) return alpha;
  const next = alpha + step * (target - (miss ? 1 : 0));
  return Math.min(2 * target, Math.max(target / 4, next));
}

function quantileOf(sorted: readonly number[], alpha: number): number | undefined {
  if (sorted.length < CALIBRATION_ROWS_MIN) return undefined;
  const rank = Math.min(sorted.length, Math.ceil((sorted.length + 1) * (1 - alpha)));
  return at(sorted, rank - 1);
}

function insertSorted(sorted: number[], value: number): void {
  sorted.splice(lowerBound(sorted, value), 0, value);
}

/** The first position whose value is not below `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(sorted, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function intervalRow(scored: ScoredRow, quantile: number): IntervalRow {
  const { date, price, predicted, actual } = scored.row;
  return {
    date,
    priceNow: price,
    priceActual: price * Math.exp(actual),
    pricePredicted: price * Math.exp(predicted),
    low: price * Math.exp(predicted - quantile * scored.sigma),
    high: price * Math.exp(predicted + quantile * scored.sigma),
  };
}

/** What intervals achieved: counts, shares, and losses in the unit of the price. */
export interface IntervalScore {
  rows: number;
  /** Share of outcomes inside. */
  coverage: number;
  /** Mean of (high − low) / price of the day, in percent. */
  widthPercent: number;
  /** Mean pinball loss of the lower bound, the forecast as median, and the upper bound. */
  pinball: { low: number; middle: number; high: number };
}

/** Scores intervals meant to hold a share `level` of outcomes. Undefined for no rows. */
export function scoreIntervals(
  rows: readonly IntervalRow[],
  level: number,
): IntervalScore | undefined {
  const coverage = meanOf(rows.map((row) => (isInside(row) ? 1 : 0)));
  if (coverage === undefined) return undefined;
  const mean = (value: (row: IntervalRow) => number): number => meanOf(rows.map(value)) ?? 0;
  const tail = (1 - level) / 2;
  return {
    rows: rows.length,
    coverage,
    widthPercent: mean((row) => (100 * (row.high - row.low)) / Math.abs(row.priceNow)),
    pinball: {
      low: mean((row) => pinballLoss(row.priceActual, row.low, tail)),
      middle: mean((row) => pinballLoss(row.priceActual, row.pricePredicted, 0.5)),
      high: mean((row) => pinballLoss(row.priceActual, row.high, 1 - tail)),
    },
  };
}

/** max(τ·d, (τ−1)·d) with d = y − q, for the quantile forecast q of share τ (Koenker and Bassett 1978). */
export function pinballLoss(actual: number, quantile: number, share: number): number {
  const distance = actual - quantile;
  return Math.max(share * distance, (share - 1) * distance);
}

function isInside(row: IntervalRow): boolean {
  return row.priceActual >= row.low && row.priceActual <= row.high;
}

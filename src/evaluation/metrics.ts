import { z } from "zod";
import { absoluteError, type Outcome } from "./outcome.ts";
import { logReturn, type PriceSeries } from "./price-series.ts";
import { at, meanOf } from "./statistics.ts";

/** How far forecasts were from what came. Null is a number that cannot be had from these rows. */
export const metricsSchema = z.strictObject({
  rows: z.int().min(1),
  /** Mean of |error| / price in percent, over rows with a positive price. */
  mape_percent: z.number().nullable(),
  /** Rows left out of it because the price that came was zero or negative. */
  mape_excluded: z.int().min(0),
  /** Mean of 200·|error| / (|actual| + |predicted|) in percent. */
  smape_percent: z.number().nullable(),
  /** Mean absolute error in the unit of the price. */
  mae: z.number(),
  /** Root of the mean squared error in the unit of the price. */
  rmse: z.number(),
  /** 1 − MAE / MAE of the random walk on the same rows; above 0 beats it. */
  skill: z.number().nullable(),
  /** MAE over the mean absolute h-row change of the prices before the first row. */
  mase: z.number().nullable(),
  /** Share of rows whose direction was right; rows without a direction are not counted. */
  directional_accuracy: z.number().nullable(),
  directional_rows: z.int().min(0),
  /** Share of the returns' variance explained; below 0 is worse than their mean. */
  r_squared: z.number().nullable(),
});

export type Metrics = z.infer<typeof metricsSchema>;

/**
 * Scores forecasts beside what came. `scale` is the in-sample error of the random walk
 * (`naiveScale`); without it MASE is null. Undefined for no rows.
 *
 * Directions: a row counts when the price that came differs from the price of the day and the
 * forecast does too; a forecast of no change has no direction, so the random walk has none at all.
 * MAPE and its faults: Hyndman and Koehler 2006, International Journal of Forecasting 22:679.
 */
export function scoreForecasts(outcomes: readonly Outcome[], scale?: number): Metrics | undefined {
  const mae = meanOf(outcomes.map(absoluteError));
  if (mae === undefined) return undefined;
  const naive = meanOf(outcomes.map((outcome) => Math.abs(outcome.priceActual - outcome.priceNow)));
  const positive = outcomes.filter((outcome) => outcome.priceActual > 0);
  const directions = directionsOf(outcomes);
  return {
    rows: outcomes.length,
    mape_percent: meanOf(positive.map(percentageError)) ?? null,
    mape_excluded: outcomes.length - positive.length,
    smape_percent: meanOf(outcomes.flatMap(symmetricError)) ?? null,
    mae,
    rmse: Math.sqrt(meanOf(outcomes.map((outcome) => absoluteError(outcome) ** 2)) ?? 0),
    skill: naive !== undefined && naive > 0 ? 1 - mae / naive : null,
    mase: scale !== undefined && scale > 0 ? mae / scale : null,
    directional_accuracy: meanOf(directions) ?? null,
    directional_rows: directions.length,
    r_squared: rSquared(outcomes),
  };
}

/**
 * The in-sample mean absolute error of the h-row random walk, in the unit of the price: the mean
 * |P[i] − P[i−h]| over the rows before `before` (an ISO day). Undefined when there are none.
 */
export function naiveScale(
  series: PriceSeries,
  horizonRows: number,
  before: string,
): number | undefined {
  const changes: number[] = [];
  for (let position = horizonRows; position < series.rows.length; position += 1) {
    const row = at(series.rows, position);
    if (row.date >= before) break;
    changes.push(Math.abs(row.price - at(series.rows, position - horizonRows).price));
  }
  return meanOf(changes);
}

function percentageError(outcome: Outcome): number {
  return (100 * absoluteError(outcome)) / outcome.priceActual;
}

function symmetricError(outcome: Outcome): number[] {
  const size = Math.abs(outcome.priceActual) + Math.abs(outcome.pricePredicted);
  return size > 0 ? [(200 * absoluteError(outcome)) / size] : [];
}

/** 1 for a right direction, 0 for a wrong one, of the rows that have both. */
function directionsOf(outcomes: readonly Outcome[]): number[] {
  return outcomes.flatMap((outcome) => {
    const came = Math.sign(outcome.priceActual - outcome.priceNow);
    const said = Math.sign(outcome.pricePredicted - outcome.priceNow);
    return came === 0 || said === 0 ? [] : [came === said ? 1 : 0];
  });
}

function rSquared(outcomes: readonly Outcome[]): number | null {
  const pairs = outcomes.flatMap((outcome) => {
    const actual = logReturn(outcome.priceNow, outcome.priceActual);
    const predicted = logReturn(outcome.priceNow, outcome.pricePredicted);
    return actual === undefined || predicted === undefined ? [] : [{ actual, predicted }];
  });
  const mean = meanOf(pairs.map((pair) => pair.actual));
  if (mean === undefined) return null;
  let unexplained = 0;
  let total = 0;
  for (const { actual, predicted } of pairs) {
    unexplained += (actual - predicted) ** 2;
    total += (actual - mean) ** 2;
  }
  return total > 0 ? 1 - unexplained / total : null;
}

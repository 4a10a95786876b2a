import { z } from "zod";

/** Who made a forecast: the spec that predicts, one that wants to, or the random walk. */
export const MODEL_ROLES = ["champion", "challenger", "baseline"] as const;

/** The algorithm name of the random walk, which forecasts the price of today. */
export const RANDOM_WALK = "random_walk";

/**
 * One row of `predictions.forecasts`. Dates are ISO days, prices are in the unit of the price
 * column, `return_predicted` is the log return from `as_of` to `target_date`. Its key is
 * (symbol, as_of, horizon, model_role, algorithm); other programs read these columns.
 */
export const forecastRowSchema = z.strictObject({
  symbol: z.string(),
  as_of: z.iso.date(),
  horizon: z.string(),
  target_date: z.iso.date(),
  model_role: z.enum(MODEL_ROLES),
  algorithm: z.string(),
  /** The version folder's name, or `random_walk`. */
  model_version: z.string(),
  price_now: z.number(),
  price_predicted: z.number(),
  price_low: z.number(),
  price_high: z.number(),
  return_predicted: z.number(),
  /** The run that published the row. */
  run: z.string(),
});

export type ForecastRow = z.infer<typeof forecastRowSchema>;

/** One row of the price series, in order of date; a blank price is no row. */
export interface PriceRow {
  /** ISO day. */
  date: string;
  /** In the unit of the price column; may be zero or negative, as oil was on 2020-04-20. */
  price: number;
}

/**
 * An out-of-fold prediction: made by a model that was trained without the row's block and the
 * purged rows before it. Returns are log returns over the horizon.
 */
export interface OutOfFoldRow {
  date: string;
  /** The fold whose test block holds the row, from 0. */
  fold: number;
  price: number;
  actual: number;
  predicted: number;
}

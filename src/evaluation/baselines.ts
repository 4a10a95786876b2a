import { type OutOfFoldRow, RANDOM_WALK } from "./forecast.ts";
import { asRandomWalk, onSameDays, type Outcome, outcomesOfFolds } from "./outcome.ts";
import { logReturn, type PriceSeries } from "./price-series.ts";
import { at } from "./statistics.ts";

/** A trading year in rows: the season of the seasonal naive forecast. */
const SEASON_ROWS = 252;

/** What a forecast that knows only past prices would have said. */
const OF_PRICES = [RANDOM_WALK, "drift", "seasonal_naive", "mean_return"] as const;

/** The straight line on the models' own features: fitted on their folds, it has no live forecasts. */
const RIDGE = "ridge";

/** What every model stands beside. */
export const BASELINES = [...OF_PRICES, RIDGE] as const;

type PriceBaseline = (typeof OF_PRICES)[number];

/**
 * Every baseline with its forecasts on the rows of `outcomes`: those of `baselineOutcomes`, and of
 * the ridge regression what it predicted out of fold, where there are such rows.
 */
export function allBaselines(
  outcomes: readonly Outcome[],
  series: PriceSeries,
  horizonRows: number,
  ridge: readonly OutOfFoldRow[],
): { name: (typeof BASELINES)[number]; outcomes: Outcome[] }[] {
  const ofPrices = OF_PRICES.map((name) => ({
    name,
    outcomes: baselineOutcomes(name, outcomes, series, horizonRows),
  }));
  const { right } = onSameDays(outcomes, outcomesOfFolds(ridge));
  return [...ofPrices, { name: RIDGE, outcomes: right }];
}

/**
 * The forecasts of a baseline of prices on the rows of `outcomes`, each from prices up to its own
 * day alone:
 *
 * - `random_walk`: the price of the day.
 * - `drift`: the line from the first price to the day's, drawn on.
 * - `seasonal_naive`: the price one season (252 rows) before the day forecast; at a horizon of 252
 *   rows that is the price of the day.
 * - `mean_return`: the price of the day grown by the mean h-row log return that was known.
 *
 * Rows whose day is not in the series, or with too little history, are left out. The first three
 * as in Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, 5.2.
 */
export function baselineOutcomes(
  baseline: PriceBaseline,
  outcomes: readonly Outcome[],
  series: PriceSeries,
  horizonRows: number,
): Outcome[] {
  if (baseline === RANDOM_WALK) return asRandomWalk(outcomes);
  const forecast = forecaster(baseline, series, horizonRows);
  return outcomes.flatMap((outcome) => {
    const position = series.positions.get(outcome.date);
    const price = position === undefined ? undefined : forecast(position);
    return price === undefined ? [] : [{ ...outcome, pricePredicted: price }];
  });
}

type Forecaster = (position: number) => number | undefined;

function forecaster(
  baseline: Exclude<PriceBaseline, typeof RANDOM_WALK>,
  series: PriceSeries,
  horizonRows: number,
): Forecaster {
  const makers = { drift, seasonal_naive: seasonalNaive, mean_return: meanReturn };
  return makers[baseline](series, horizonRows);
}

function drift({ rows }: PriceSeries, horizonRows: number): Forecaster {
  return (position) => {
    if (position === 0) return undefined;
    const { price } = at(rows, position);
    return price + (horizonRows * (price - at(rows, 0).price)) / position;
  };
}

function seasonalNaive({ rows }: PriceSeries, horizonRows: number): Forecaster {
  const back = SEASON_ROWS * Math.ceil(horizonRows / SEASON_ROWS) - horizonRows;
  return (position) => rows[position - back]?.price;
}

function meanReturn(series: PriceSeries, horizonRows: number): Forecaster {
  const means = meanReturns(series, horizonRows);
  return (position) => {
    const mean = means[position];
    return mean === undefined ? undefined : at(series.rows, position).price * Math.exp(mean);
  };
}

/** At each row, the mean of the h-row log returns that ended there or before. */
function meanReturns(series: PriceSeries, horizonRows: number): (number | undefined)[] {
  let sum = 0;
  let count = 0;
  return series.rows.map((row, position) => {
    const from = series.rows[position - horizonRows];
    const value = from === undefined ? undefined : logReturn(from.price, row.price);
    if (value !== undefined) {
      sum += value;
      count += 1;
    }
    return count === 0 ? undefined : sum / count;
  });
}

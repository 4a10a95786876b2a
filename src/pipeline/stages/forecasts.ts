import { RANDOM_WALK, type ForecastRow, type OutOfFoldRow } from "../../evaluation/forecast.ts";
import { calibrateInterval, intervalAround } from "../../evaluation/interval.ts";
import type { PriceSeries } from "../../evaluation/price-series.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import type { StageContext } from "../stage.ts";
import type { ExportedDataset } from "./export.ts";
import type { TrainedModel } from "./train-output.ts";

/** A fit with its record and what it says of tonight. */
export interface Contestant {
  model: TrainedModel;
  outOfFold: OutOfFoldRow[];
  /** The log return over the horizon that it predicts for the newest row. */
  predicted: number;
}

/**
 * The rows that a horizon publishes: every contestant under its role and the random walk, each with
 * an interval calibrated on its own out-of-fold errors. Throws a `Failure` when the newest price is
 * not positive: no return can be counted from it.
 */
export function forecastsOf(
  dataset: ExportedDataset,
  contestants: readonly Contestant[],
  championSpec: string,
  series: PriceSeries,
  context: StageContext,
): ForecastRow[] {
  const rows = contestants.map(({ model, outOfFold, predicted }) =>
    forecastRow(dataset, series, context, {
      role: model.spec === championSpec ? "champion" : "challenger",
      algorithm: model.algorithm,
      version: model.version,
      outOfFold,
      predicted,
    }),
  );
  const walked = (contestants[0]?.outOfFold ?? []).map((row) => ({ ...row, predicted: 0 }));
  const baseline = forecastRow(dataset, series, context, {
    role: "baseline",
    algorithm: RANDOM_WALK,
    version: RANDOM_WALK,
    outOfFold: walked,
    predicted: 0,
  });
  return [...rows, baseline];
}

function forecastRow(
  dataset: ExportedDataset,
  series: PriceSeries,
  context: StageContext,
  made: {
    role: ForecastRow["model_role"];
    algorithm: string;
    version: string;
    outOfFold: OutOfFoldRow[];
    predicted: number;
  },
): ForecastRow {
  const { price, volatility } = newestOf(dataset, series);
  const { evaluate, symbol } = context.config;
  const { calibration } = calibrateInterval({
    rows: made.outOfFold,
    series,
    horizonRows: dataset.horizon_rows,
    level: evaluate.interval,
    calibrationRows: evaluate.calibration_rows,
  });
  const interval =
    calibration && intervalAround(calibration, { price, predicted: made.predicted, volatility });
  if (!interval) throw tooFewToCalibrate(dataset.horizon);
  return {
    symbol,
    as_of: dataset.last,
    horizon: dataset.horizon,
    target_date: context.calendar.addSessions(dataset.last, dataset.horizon_rows),
    model_role: made.role,
    algorithm: made.algorithm,
    model_version: made.version,
    price_now: price,
    price_predicted: price * Math.exp(made.predicted),
    price_low: interval.low,
    price_high: interval.high,
    return_predicted: made.predicted,
    run: context.run,
  };
}

function newestOf(
  dataset: ExportedDataset,
  series: PriceSeries,
): { price: number; volatility: number } {
  const position = series.positions.get(dataset.last);
  const price = position === undefined ? undefined : series.rows[position]?.price;
  const volatility = position === undefined ? undefined : series.volatility[position];
  if (price !== undefined && price > 0 && volatility !== undefined) return { price, volatility };
  throw new Failure({
    code: "CBI_PRICE_UNUSABLE",
    message:
      price === undefined
        ? `the price series has no price on ${dataset.last}, the newest day of ${dataset.horizon}`
        : `no return can be forecast from the price ${price} of ${dataset.last}`,
    remedy: "Run as of an earlier day with --as-of, or wait for the next price.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}

function tooFewToCalibrate(horizon: string): Failure {
  return new Failure({
    code: "CBI_INTERVAL_UNCALIBRATED",
    message: `${horizon} has fewer than 50 out-of-fold errors that had matured, too few for an interval`,
    remedy: "Raise train.folds or train.fold_rows, or bring a longer history.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}

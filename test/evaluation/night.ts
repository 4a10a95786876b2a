import type { EvaluationRequest, HorizonRequest } from "../../src/evaluation/evaluate.ts";
import type { ForecastRow } from "../../src/evaluation/forecast.ts";
import { momentum, outOfFoldRows, wtiSeries } from "./wti.ts";

/** The demo's horizons, in price rows. */
export const HORIZONS = { "1w": 5, "1m": 21, "3m": 63, "6m": 126, "12m": 252 } as const;

const series = wtiSeries();

const calendar = {
  /** Weekdays; holidays do not matter to these tests. */
  addSessions(day: string, count: number): string {
    const date = new Date(`${day}T00:00:00Z`);
    for (let left = count; left > 0;) {
      date.setUTCDate(date.getUTCDate() + 1);
      if (date.getUTCDay() % 6 !== 0) left -= 1;
    }
    return date.toISOString().slice(0, 10);
  },
};

/**
 * A night on the real WTI prices, with rules of thumb in place of models: reversal under the name of
 * one algorithm, momentum under two others.
 */
export function nightRequest(facts: Partial<EvaluationRequest> = {}): EvaluationRequest {
  return {
    run: "20251231T050000Z-nightly",
    symbol: "WTI",
    asOf: "2025-12-31",
    priceUnit: "usd_per_barrel",
    series,
    calendar,
    settings: { interval: 0.8, calibration_rows: 250, cost: 0.0005 },
    auditErrors: 0,
    horizons: Object.entries(HORIZONS).map(([horizon, rows]) => horizonRequest(horizon, rows)),
    ...facts,
  };
}

export function horizonRequest(
  horizon: string,
  horizonRows: number,
  facts: Partial<HorizonRequest> = {},
): HorizonRequest {
  const rows = (weight: number, back: number) =>
    outOfFoldRows(series, horizonRows, firstDay(horizonRows), (position) =>
      Math.fround(weight * momentum(series, position, back)),
    );
  return {
    horizon,
    horizonRows,
    trials: 6,
    champion: undefined,
    nightsWithoutSkill: 0,
    specs: [
      { spec: "a", algorithm: "lightgbm_dart", rows: rows(-0.1, horizonRows) },
      { spec: "b", algorithm: "xgboost_dart", rows: rows(0.15, 21) },
      { spec: "c", algorithm: "lightgbm_gbdt", rows: rows(0.05, 63) },
    ],
    ridge: rows(0.02, 5),
    forecasts: [forecast(horizon, series.rows.length - 1, "baseline", 0)],
    ...facts,
  };
}

/** The as-of day of the first of the newest 1,260 labelled rows. */
function firstDay(horizonRows: number): string {
  return series.rows.at(-horizonRows - 1260)?.date ?? "";
}

/** A stored forecast made at a position of the series, of a log return. */
export function forecast(
  horizon: string,
  position: number,
  role: ForecastRow["model_role"],
  predicted: number,
): ForecastRow {
  const row = series.rows[position];
  if (row === undefined) throw new RangeError(`no price row ${position}`);
  const algorithm = {
    champion: "lightgbm_dart",
    challenger: "xgboost_dart",
    baseline: "random_walk",
  };
  return {
    symbol: "WTI",
    as_of: row.date,
    horizon,
    target_date: calendar.addSessions(row.date, 5),
    model_role: role,
    algorithm: algorithm[role],
    model_version: role === "baseline" ? "random_walk" : `${role}-version`,
    price_now: row.price,
    price_predicted: row.price * Math.exp(predicted),
    price_low: row.price * Math.exp(predicted - 0.05),
    price_high: row.price * Math.exp(predicted + 0.05),
    return_predicted: predicted,
    run: "20251231T050000Z-nightly",
  };
}

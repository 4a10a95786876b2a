import type { ForecastRow, PriceRow } from "./forecast.ts";
import { splitByMaturity } from "./maturity.ts";
import { priceSeries } from "./price-series.ts";

/** Forecasts whose target date became known, in the groups in which a warehouse takes them. */
export interface Settlement {
  /** All rows of every (symbol, as_of, horizon) in which a date changed, by symbol and as_of. */
  groups: ForecastRow[][];
  changed: number;
}

/**
 * Gives each matured forecast of the symbol whose prices these are the date of the price row that
 * settled it: the h-th next session was only the best guess while it waited, since a series may lack
 * sessions.
 */
export function settledForecasts(
  forecasts: readonly ForecastRow[],
  prices: readonly PriceRow[],
  horizons: Readonly<Record<string, number>>,
): Settlement {
  const series = priceSeries(prices);
  const settled = new Map<ForecastRow, string>();
  for (const [horizon, rows] of Object.entries(horizons)) {
    const ofHorizon = forecasts.filter((forecast) => forecast.horizon === horizon);
    for (const matured of splitByMaturity(ofHorizon, series, rows).matured) {
      if (matured.forecast.target_date === matured.realisedDate) continue;
      settled.set(matured.forecast, matured.realisedDate);
    }
  }
  const touched = new Set(Array.from(settled.keys(), groupOf));
  const groups = new Map<string, ForecastRow[]>();
  for (const forecast of forecasts.filter((row) => touched.has(groupOf(row)))) {
    const row = { ...forecast, target_date: settled.get(forecast) ?? forecast.target_date };
    const batch = `${row.symbol} ${row.as_of}`;
    groups.set(batch, [...(groups.get(batch) ?? []), row]);
  }
  return { groups: [...groups.values()], changed: settled.size };
}

/**
 * Rows to publish for a day, of which `stored` are its forecasts and those of later days: a target
 * date that had come by the newest of these was settled then, and stays. Publishing an older day
 * again knows no better than the best guess.
 */
export function withSettledDates(
  rows: readonly ForecastRow[],
  stored: readonly ForecastRow[],
): ForecastRow[] {
  const newest = stored.reduce((day, row) => (row.as_of > day ? row.as_of : day), "");
  const settled = new Map(
    stored
      .filter((row) => row.as_of < newest && row.target_date <= newest)
      .map((row) => [groupOf(row), row.target_date]),
  );
  return rows.map((row) => ({
    ...row,
    target_date: settled.get(groupOf(row)) ?? row.target_date,
  }));
}

/** Forecasts without what settling writes: what they said on their day. */
export function asForecast(rows: readonly ForecastRow[]): Omit<ForecastRow, "target_date">[] {
  return rows.map(({ target_date: _settled, ...said }) => said);
}

function groupOf(forecast: ForecastRow): string {
  return `${forecast.symbol} ${forecast.as_of} ${forecast.horizon}`;
}

import type { ForecastRow } from "./forecast.ts";
import type { IntervalRow } from "./interval.ts";
import type { Outcome } from "./outcome.ts";
import { positionAtOrBefore, type PriceSeries } from "./price-series.ts";

/** What maturity needs of a trading calendar. */
export interface SessionCalendar {
  /** The `count`-th session after the ISO day `day`, as an ISO day. */
  addSessions(day: string, count: number): string;
}

/** A stored forecast whose outcome is known. */
export interface MaturedForecast {
  forecast: ForecastRow;
  /** The date of the price row that settled it. */
  realisedDate: string;
  priceActual: number;
  /** Position of the forecast's day in the price series. */
  position: number;
}

/**
 * Splits the stored forecasts of one horizon by what is known at the end of `series`: a forecast
 * has matured once there are h price rows after its as-of day (after the newest row at or before
 * it, where that day has no price). Forecasts made before the series begins are in neither part.
 */
export function splitByMaturity(
  forecasts: readonly ForecastRow[],
  series: PriceSeries,
  horizonRows: number,
): { matured: MaturedForecast[]; waiting: ForecastRow[] } {
  const matured: MaturedForecast[] = [];
  const waiting: ForecastRow[] = [];
  for (const forecast of forecasts) {
    const position = positionAtOrBefore(series, forecast.as_of);
    if (position === undefined) continue;
    const realised = series.rows[position + horizonRows];
    if (realised === undefined) waiting.push(forecast);
    else {
      const { date, price } = realised;
      matured.push({ forecast, realisedDate: date, priceActual: price, position });
    }
  }
  return { matured, waiting };
}

/**
 * The day that a forecast is for: the h-th session after its as-of day until there is an h-th price
 * row after it, then the date of that row. The two may differ, since a price series may lack
 * sessions or have rows on closed days.
 */
export function targetDate(
  asOf: string,
  horizonRows: number,
  series: PriceSeries,
  calendar: SessionCalendar,
): string {
  const position = positionAtOrBefore(series, asOf);
  const realised = position === undefined ? undefined : series.rows[position + horizonRows];
  return realised?.date ?? calendar.addSessions(asOf, horizonRows);
}

/**
 * The day on which the first of `waiting` should be settled: the session on which the price rows
 * that it still lacks will have come. Undefined when none waits.
 */
export function firstMaturity(
  waiting: readonly ForecastRow[],
  horizonRows: number,
  series: PriceSeries,
  calendar: SessionCalendar,
): string | undefined {
  const oldest = waiting.map((forecast) => forecast.as_of).toSorted()[0];
  const last = series.rows.at(-1);
  const position = oldest === undefined ? undefined : positionAtOrBefore(series, oldest);
  if (position === undefined || last === undefined) return undefined;
  return calendar.addSessions(last.date, position + horizonRows - (series.rows.length - 1));
}

/**
 * Matured forecasts as outcomes, in order of date, the last stored one of a day standing for it.
 * Blocks are stretches of h rows from the first.
 */
export function outcomesOfMatured(
  matured: readonly MaturedForecast[],
  series: PriceSeries,
  horizonRows: number,
): { outcomes: Outcome[]; intervals: IntervalRow[] } {
  const byPosition = new Map(matured.map((one) => [one.position, one]));
  const ordered = [...byPosition.values()].toSorted((a, b) => a.position - b.position);
  const first = ordered[0]?.position ?? 0;
  const rows = ordered.map(({ forecast, position, priceActual }) => ({
    // The day of the price row, which exists in the series even when the as-of day does not.
    date: series.rows[position]?.date ?? forecast.as_of,
    block: Math.floor((position - first) / horizonRows),
    priceNow: forecast.price_now,
    priceActual,
    pricePredicted: forecast.price_predicted,
    low: forecast.price_low,
    high: forecast.price_high,
  }));
  return { outcomes: rows, intervals: rows };
}

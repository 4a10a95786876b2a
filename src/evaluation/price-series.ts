import type { PriceRow } from "./forecast.ts";
import { at, sampleDeviation } from "./statistics.ts";

/** Rows of daily log returns behind one realised volatility; a trading quarter. */
export const VOLATILITY_ROWS = 63;

/** Fewer returns than this in the window give no volatility. */
const VOLATILITY_RETURNS_MIN = 21;

/** The price series with what every evaluation asks of it, computed once. */
export interface PriceSeries {
  /** In order of date, each date once. */
  rows: readonly PriceRow[];
  /** Date → position in `rows`. */
  positions: ReadonlyMap<string, number>;
  /** Log return from the row before; undefined at the first row and at a price ≤ 0 on either side. */
  logReturns: readonly (number | undefined)[];
  /** Standard deviation of the last 63 daily log returns; undefined where it cannot be had. */
  volatility: readonly (number | undefined)[];
}

/**
 * Indexes a price series in order of date. Returns that need a price ≤ 0 are left out, not guessed;
 * a volatility is the standard deviation of those that remain among the last 63 rows, at least 21.
 */
export function priceSeries(rows: readonly PriceRow[]): PriceSeries {
  const logReturns = rows.map((row, position) => {
    const before = rows[position - 1];
    return before === undefined ? undefined : logReturn(before.price, row.price);
  });
  return {
    rows,
    positions: new Map(rows.map((row, position) => [row.date, position])),
    logReturns,
    volatility: rows.map((_row, position) => volatilityAt(logReturns, position)),
  };
}

/** ln(to/from); undefined unless both prices are positive. */
export function logReturn(from: number, to: number): number | undefined {
  return from > 0 && to > 0 ? Math.log(to / from) : undefined;
}

/** The position of the newest row dated `date` or before; undefined when there is none. */
export function positionAtOrBefore(series: PriceSeries, date: string): number | undefined {
  const exact = series.positions.get(date);
  if (exact !== undefined) return exact;
  let low = 0;
  let high = series.rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(series.rows, middle).date <= date) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : low - 1;
}

function volatilityAt(
  logReturns: readonly (number | undefined)[],
  position: number,
): number | undefined {
  const known = logReturns
    .slice(Math.max(0, position - VOLATILITY_ROWS + 1), position + 1)
    .filter((value) => value !== undefined);
  if (known.length < VOLATILITY_RETURNS_MIN) return undefined;
  const deviation = sampleDeviation(known);
  return deviation !== undefined && deviation > 0 ? deviation : undefined;
}

import { readFileSync } from "node:fs";
import type { OutOfFoldRow, PriceRow } from "../../src/evaluation/forecast.ts";
import { type PriceSeries, priceSeries } from "../../src/evaluation/price-series.ts";

/** The demo's real WTI spot prices, 1986 to 2025, −36.98 of 2020-04-20 included. */
export function wtiSeries(): PriceSeries {
  const file = new URL("../../TrainingData/raw/wti.csv", import.meta.url);
  const lines = readFileSync(file, "utf8").trim().split("\n").slice(1);
  return priceSeries(
    lines.map((line): PriceRow => {
      const [date = "", price = ""] = line.split(",");
      return { date, price: Number(price) };
    }),
  );
}

/** Every labelled row from `first` on, predicted by `predict` from its position in the series. */
export function outOfFoldRows(
  series: PriceSeries,
  horizonRows: number,
  first: string,
  predict: (position: number) => number,
): OutOfFoldRow[] {
  const start = series.rows.findIndex((row) => row.date >= first);
  return series.rows.flatMap((row, position) => {
    const later = series.rows[position + horizonRows];
    if (position < start || later === undefined || row.price <= 0 || later.price <= 0) return [];
    const fold = Math.floor((position - start) / 252);
    const actual = Math.log(later.price / row.price);
    return [{ date: row.date, fold, price: row.price, actual, predicted: predict(position) }];
  });
}

/** The log return of the last `rows` rows; 0 where a price is not positive. */
export function momentum(series: PriceSeries, position: number, rows: number): number {
  const before = series.rows[position - rows]?.price ?? 0;
  const now = series.rows[position]?.price ?? 0;
  return before > 0 && now > 0 ? Math.log(now / before) : 0;
}

/** True when two numbers agree to `digits` significant digits. */
export function isClose(actual: number | null | undefined, expected: number, digits = 9): boolean {
  if (actual === null || actual === undefined) return false;
  return Math.abs(actual - expected) <= Math.max(Math.abs(expected), 1e-300) * 10 ** -digits;
}

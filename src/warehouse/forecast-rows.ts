import type { ForecastRow } from "../evaluation/forecast.ts";
import { canonicalJson, hashText } from "../system/files.ts";

/** The columns of `predictions.forecasts` in their order there, with what they hold. */
export const FORECAST_COLUMNS = {
  symbol: "text",
  as_of: "date",
  horizon: "text",
  target_date: "date",
  model_role: "text",
  algorithm: "text",
  model_version: "text",
  price_now: "double",
  price_predicted: "double",
  price_low: "double",
  price_high: "double",
  return_predicted: "double",
  run: "text",
} as const satisfies Record<keyof ForecastRow, "text" | "date" | "double">;

/** The columns that make a row the same forecast. */
export const FORECAST_KEY = [
  "symbol",
  "as_of",
  "horizon",
  "model_role",
  "algorithm",
] as const satisfies readonly (keyof ForecastRow)[];

/**
 * A SHA-256 over rows whatever their order, for the proof that what was read back is what was sent.
 * Doubles enter by their shortest exact text, so one changed bit changes the hash.
 */
export function hashForecasts(rows: readonly ForecastRow[]): string {
  const lines = rows.map((row) => canonicalJson(row)).sort();
  return hashText(lines.join("\n"));
}

/**
 * Checks that rows are one batch: at least one row, one symbol and as_of, no key twice. Throws an
 * `Error`, since only a bug of ours can break it.
 */
export function assertForecastBatch(rows: readonly ForecastRow[]): void {
  const days = new Set(rows.map((row) => `${row.symbol} as of ${row.as_of}`));
  if (days.size !== 1) {
    throw new Error(
      `an upload is one symbol and one as_of, got: ${[...days].join(", ") || "none"}`,
    );
  }
  const keys = new Set<string>();
  for (const row of rows) {
    const key = FORECAST_KEY.map((column) => row[column]).join(" ");
    if (keys.has(key)) throw new Error(`an upload has the key '${key}' twice`);
    keys.add(key);
  }
}

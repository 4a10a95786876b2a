import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ForecastRow, PriceRow } from "../../src/evaluation/forecast.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";

/** A training table as rows; the columns and their types are those of the first row. */
export type SeedRow = Record<string, string | number | null>;

/** What a warehouse under test starts with. The symbol is WTI, the horizons 1w: 2 and 1m: 4 rows. */
export interface WarehouseSeed {
  prices: readonly (Omit<PriceRow, "price"> & { price: number | null })[];
  /** By horizon. A horizon that is absent has no table; one without rows has an empty table. */
  tables: Readonly<Record<string, { columns: Record<string, string>; rows: readonly SeedRow[] }>>;
}

export const SEED_HORIZONS = { "1w": 2, "1m": 4 };

/** A seeded warehouse and what the contract must see of it beyond the port. */
export interface WarehouseUnderTest extends AsyncDisposable {
  warehouse: Warehouse;
  /** The same warehouse as another process would open it. */
  reopen(): Warehouse;
  /** The rows of a view, dates as ISO text. */
  view(name: string): Promise<Record<string, unknown>[]>;
}

export type WarehouseFactory = (seed: WarehouseSeed) => Promise<WarehouseUnderTest>;

/** Seven days of prices with a blank and a price below zero; labels that know the whole week. */
export function seed(): WarehouseSeed {
  const days = [2, 3, 4, 5, 8, 9, 10].map((day) => `2024-01-${String(day).padStart(2, "0")}`);
  const prices = [70, 71.5, -36.98, 73, 70.1, 69, 68.2];
  const table = (horizon: string) => ({
    columns: {
      date: "DATE",
      symbol: "VARCHAR",
      price: "DOUBLE",
      momentum: "DOUBLE",
      [`target_${horizon}`]: "DOUBLE",
      label_reason: "VARCHAR",
    },
    rows: days
      .map((date, index) => ({
        date,
        symbol: "WTI",
        price: prices[index] ?? null,
        momentum: index === 2 ? null : (index + 1) / 10,
        [`target_${horizon}`]: (index + 1) / 100,
        label_reason: null,
      }))
      // A table has no order of its own.
      .toReversed(),
  });
  return {
    prices: [
      ...days.map((date, index) => ({ date, price: prices[index] ?? null })),
      { date: "2024-01-06", price: null },
    ].toReversed(),
    tables: { "1w": table("1w"), "1m": table("1m") },
  };
}

/** A champion's forecast of WTI as of 2024-01-08 for a week, with what is asked for. */
export function forecast(changes: Partial<ForecastRow>): ForecastRow {
  return {
    symbol: "WTI",
    as_of: "2024-01-08",
    horizon: "1w",
    target_date: "2024-01-10",
    model_role: "champion",
    algorithm: "lightgbm_dart",
    model_version: "20240108-abcdef",
    price_now: 70.1,
    price_predicted: 70.25,
    price_low: 66,
    price_high: 75.5,
    return_predicted: 0.0021,
    run: "run-1",
    ...changes,
  };
}

/** The random walk's forecast beside it. */
export function baseline(changes: Partial<ForecastRow>): ForecastRow {
  return forecast({
    model_role: "baseline",
    algorithm: "random_walk",
    model_version: "random_walk",
    return_predicted: 0,
    ...changes,
  });
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), "cbi-warehouse-"));
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

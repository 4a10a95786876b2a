import type { DuckDBConnection } from "@duckdb/node-api";
import { z } from "zod";
import { type ForecastRow, forecastRowSchema } from "../../evaluation/forecast.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import {
  assertForecastBatch,
  FORECAST_COLUMNS,
  FORECAST_KEY,
  hashForecasts,
} from "../forecast-rows.ts";
import { dotted, FORECASTS, latestView } from "../naming.ts";
import { type ForecastFilter, FREE, type UploadReceipt } from "../warehouse.ts";
import { inTransaction } from "./database.ts";

const TABLE = dotted(FORECASTS);
const TYPES = { text: "VARCHAR", date: "DATE", double: "DOUBLE" } as const;
const forecastRows = z.array(forecastRowSchema);

/**
 * Makes the forecasts of the batch's symbol, as_of and horizons exactly `rows` in one transaction,
 * renews the views, and reads the rows back before it commits: what does not come back equal is
 * never seen.
 */
export async function uploadForecasts(
  connection: DuckDBConnection,
  rows: readonly ForecastRow[],
  signal: AbortSignal,
): Promise<UploadReceipt> {
  assertForecastBatch(rows);
  const [{ symbol, as_of: asOf } = { symbol: "", as_of: "" }] = rows;
  const horizons = [...new Set(rows.map((row) => row.horizon))].sort();
  return inTransaction(connection, signal, async () => {
    await createTable(connection);
    await connection.run(
      `DELETE FROM ${TABLE} WHERE symbol = $symbol AND as_of = CAST($asOf AS DATE)
       AND horizon IN (${horizons.map(sqlText).join(", ")})`,
      { symbol, asOf },
    );
    for (const row of rows) await insert(connection, row);
    for (const horizon of horizons) await renewView(connection, horizon);
    const day = await readForecasts(connection, { symbol, asOfMin: asOf, asOfMax: asOf });
    const stored = day.filter((row) => horizons.includes(row.horizon));
    const hash = hashForecasts(stored);
    if (hash !== hashForecasts(rows)) {
      throw new Error(`${TABLE} gave back other rows than were written to it`);
    }
    const views = horizons.map((horizon) => dotted(latestView(horizon)));
    return { rows: stored.length, ...FREE, jobs: [], table: TABLE, hash, views };
  });
}

/** A symbol's stored forecasts in order of as_of, horizon, model_role, algorithm; none before the first upload. */
export async function readForecasts(
  connection: DuckDBConnection,
  filter: ForecastFilter,
): Promise<ForecastRow[]> {
  const tables = await queryRows(
    connection,
    `SELECT 1 FROM information_schema.tables
     WHERE table_schema = ${sqlText(FORECASTS.schema)} AND table_name = ${sqlText(FORECASTS.table)}`,
  );
  if (tables.length === 0) return [];
  const conditions = [
    `symbol = ${sqlText(filter.symbol)}`,
    filter.asOfMin === undefined ? undefined : `as_of >= DATE ${sqlText(filter.asOfMin)}`,
    filter.asOfMax === undefined ? undefined : `as_of <= DATE ${sqlText(filter.asOfMax)}`,
    filter.horizon === undefined ? undefined : `horizon = ${sqlText(filter.horizon)}`,
  ].filter((condition) => condition !== undefined);
  const columns = Object.entries(FORECAST_COLUMNS).map(([name, type]) =>
    type === "date" ? `${TABLE}.${name}::VARCHAR AS ${name}` : name,
  );
  const rows = await queryRows(
    connection,
    `SELECT ${columns.join(", ")} FROM ${TABLE}
     WHERE ${conditions.join(" AND ")}
     ORDER BY ${TABLE}.as_of, horizon, model_role, algorithm`,
  );
  return forecastRows.parse(rows);
}

async function createTable(connection: DuckDBConnection): Promise<void> {
  const columns = Object.entries(FORECAST_COLUMNS).map(
    ([name, type]) => `${name} ${TYPES[type]} NOT NULL`,
  );
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${FORECASTS.schema}`);
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (${columns.join(", ")}, PRIMARY KEY (${FORECAST_KEY.join(", ")}))`,
  );
}

async function insert(connection: DuckDBConnection, row: ForecastRow): Promise<void> {
  const columns = Object.entries(FORECAST_COLUMNS);
  const casts = columns.map(([name, type]) => `CAST($${name} AS ${TYPES[type]})`);
  // Bound as text, which is exact for doubles; the driver binds a whole number such as 1e300 as an
  // integer and refuses it.
  const values = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, `${value}`]));
  await connection.run(
    `INSERT INTO ${TABLE} (${columns.map(([name]) => name).join(", ")}) VALUES (${casts.join(", ")})`,
    values,
  );
}

/** For each symbol the newest as_of's champion or, where a night published none, its baseline. */
async function renewView(connection: DuckDBConnection, horizon: string): Promise<void> {
  const { schema, table } = latestView(horizon);
  await connection.run(
    `CREATE OR REPLACE VIEW ${schema}.${sqlName(table)} AS
     SELECT * FROM ${TABLE}
     WHERE horizon = ${sqlText(horizon)} AND model_role IN ('champion', 'baseline')
     QUALIFY row_number() OVER (
       PARTITION BY symbol ORDER BY as_of DESC, model_role = 'champion' DESC, algorithm
     ) = 1`,
  );
}

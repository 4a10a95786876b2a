import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { ForecastRow } from "../../evaluation/forecast.ts";
import { FORECAST_COLUMNS } from "../forecast-rows.ts";
import { sqlName, sqlTable, sqlText, type TableReference } from "./tables.ts";

const NAMES = Object.keys(FORECAST_COLUMNS);

/**
 * One statement that makes the forecasts of the batch's symbol, day and horizons those of the staging
 * table. Matching nothing, it deletes what is there and inserts what shall be, in one step: BigQuery's own
 * way to replace a part of a table (https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax,
 * MERGE with a constant false predicate). Rows that an older program doubled are gone after it too.
 */
export function mergeSql(batch: {
  target: TableReference;
  staging: TableReference;
  settings: BigQuerySettings;
  rows: readonly ForecastRow[];
  horizons: readonly string[];
}): string {
  const { settings, rows, horizons } = batch;
  const [{ symbol, as_of: asOf } = { symbol: "", as_of: "" }] = rows;
  const theirs = (name: string): string => sqlName(settings.forecast_columns[name] ?? name);
  return [
    `MERGE INTO ${sqlTable(batch.target)} AS target`,
    `USING ${sqlTable(batch.staging)} AS source`,
    "ON FALSE",
    `WHEN NOT MATCHED BY SOURCE AND target.${theirs("symbol")} = ${sqlText(symbol)}`,
    `AND target.${theirs("as_of")} = DATE ${sqlText(asOf)}`,
    `AND target.${theirs("horizon")} IN (${horizons.map(sqlText).join(", ")}) THEN DELETE`,
    `WHEN NOT MATCHED BY TARGET THEN INSERT (${NAMES.map(theirs).join(", ")})`,
    `VALUES (${NAMES.map((name) => `source.${sqlName(name)}`).join(", ")})`,
  ].join("\n");
}

/**
 * The view of the newest day's champion or, where a night published none, of its baseline: of every
 * symbol, or of `symbol` alone.
 */
export function latestSql(
  view: TableReference,
  forecasts: TableReference,
  settings: BigQuerySettings,
  horizon: string,
  symbol?: string,
): string {
  const theirs = (name: string): string => sqlName(settings.forecast_columns[name] ?? name);
  return [
    `CREATE OR REPLACE VIEW ${sqlTable(view)} AS`,
    `SELECT ${NAMES.map(theirs).join(", ")} FROM ${sqlTable(forecasts)}`,
    `WHERE ${theirs("horizon")} = ${sqlText(horizon)} AND ${theirs("model_role")} IN ('champion', 'baseline')`,
    ...(symbol === undefined ? [] : [`AND ${theirs("symbol")} = ${sqlText(symbol)}`]),
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${theirs("symbol")} ORDER BY ${theirs("as_of")} DESC, ` +
      `CASE WHEN ${theirs("model_role")} = 'champion' THEN 0 ELSE 1 END, ${theirs("algorithm")}) = 1`,
  ].join("\n");
}

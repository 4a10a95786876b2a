import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { type ExportedColumn, exportedColumns } from "./export-columns.ts";
import { priceSql } from "./prices.ts";
import { type Field, shown, sqlName, sqlTable, sqlText, type TableReference } from "./tables.ts";

/**
 * The query of an export: the rows up to the day in order, columns under our names, and every label
 * whose price row lies after the day as null, since a table of today knows what a replayed day did not.
 */
export function exportSql(
  config: Config,
  settings: BigQuerySettings,
  request: { horizon: string; asOf: string; source: TableReference; fields: readonly Field[] },
): string {
  const { horizon, asOf, source, fields } = request;
  const rowsAhead = config.horizons[horizon];
  if (rowsAhead === undefined) throw new Error(`the horizon ${horizon} is not configured`);
  const columns = exportedColumns(fields, settings, horizon, shown(source));
  const date = columns.find(({ role }) => role === "date");
  const target = columns.find(({ role }) => role === "target");
  if (!date || !target) throw new Error("the columns date and target were checked before");
  const day = dayOf(date);
  const isMatured = `${day} <= matured.last`;
  const selected = columns.map((column) => {
    const name = sqlName(column.name);
    return `${expression(column, day, isMatured, `t.${sqlName(target.source.name)}`)} AS ${name}`;
  });
  return [
    `WITH matured AS (SELECT (SELECT date FROM (${priceSql(config, settings, asOf)}) ORDER BY date DESC LIMIT 1 OFFSET ${rowsAhead}) AS last)`,
    `SELECT ${selected.join(", ")}`,
    `FROM ${sqlTable(source)} AS t CROSS JOIN matured`,
    `WHERE ${day} <= DATE ${sqlText(asOf)}`,
    `ORDER BY ${day}`,
  ].join("\n");
}

/** A DATE column is compared as it is, so that partitions can be left out. */
function dayOf({ source }: ExportedColumn): string {
  const name = `t.${sqlName(source.name)}`;
  return source.type === "DATE" ? name : `CAST(${name} AS DATE)`;
}

function expression(
  { source, name, role }: ExportedColumn,
  day: string,
  isMatured: string,
  label: string,
): string {
  const column = `t.${sqlName(source.name)}`;
  if (role === "date") return day;
  if (role === "price") return `CAST(${column} AS FLOAT64)`;
  if (role === "target") return `CASE WHEN ${isMatured} THEN CAST(${column} AS FLOAT64) END`;
  if (name === "label_reason" && source.type === "STRING") {
    return `CASE WHEN ${isMatured} OR ${label} IS NULL THEN ${column} ELSE 'not_matured' END`;
  }
  return column;
}

import type { DuckDBConnection } from "@duckdb/node-api";
import type { Config } from "../../config/schema.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { trainingTable } from "../naming.ts";
import type { RecomputeTable } from "../warehouse.ts";
import { tablesNow } from "./prepared.ts";

/** A column whose values differ between the table of now and its export. */
export interface TableDifference {
  column: string;
  rows: number;
  /** The first day that differs, with the export's value and the table's. */
  date: string;
  now: number | null;
  before: number | null;
}

/** Values that differ by less than this share of them are the same sum in another order. */
const ROUNDING = 1e-6;

/** Columns that one query compares: a view's joins hold all that are asked for in memory. */
const COLUMNS_AT_ONCE = 20;

/**
 * Compares the training table that is in the database with an export of it, on the days up to `cut`
 * that both hold. A table or a column that is not there gives nothing to compare.
 */
export async function compareTable(
  connection: DuckDBConnection,
  config: Config,
  { horizon, file, columns }: RecomputeTable,
  cut: string,
): Promise<{ rows: number; differences: TableDifference[] }> {
  const name = trainingTable(config, horizon);
  const tables = await tablesNow(connection);
  const nothing = { rows: 0, differences: [] };
  if (!tables.some((one) => one.schema === name.schema && one.name === name.table)) return nothing;
  const table = `${sqlName(name.schema)}.${sqlName(name.table)}`;
  const present = await columnNames(connection, table);
  const exported = `read_parquet(${sqlText(file.replaceAll(/[*?[]/g, "[$&]"))})`;
  const shared = columns.filter((column) => present.has(column.name));
  if (!present.has("date") || shared.length === 0) return nothing;
  const hasSymbol =
    present.has("symbol") && (await columnNames(connection, exported)).has("symbol");
  const key = hasSymbol ? "date, symbol" : "date";
  if (await hasDuplicates(connection, exported, key)) return nothing;
  const result: { rows: number; differences: TableDifference[] } = { rows: 0, differences: [] };
  for (let from = 0; from < shared.length; from += COLUMNS_AT_ONCE) {
    const some = shared.slice(from, from + COLUMNS_AT_ONCE);
    const { rows, differences } = await compareColumns(connection, {
      columns: some,
      from: `${table} AS past JOIN ${exported} AS now USING (${key}) WHERE date <= DATE ${sqlText(cut)}`,
    });
    result.rows = rows;
    result.differences.push(...differences);
  }
  return result;
}

/** Compares columns of `past` and `now`, which `from` joins. */
async function compareColumns(
  connection: DuckDBConnection,
  { columns, from }: { columns: RecomputeTable["columns"]; from: string },
): Promise<{ rows: number; differences: TableDifference[] }> {
  const pairs = columns.map(({ name: column }, index) => {
    const quoted = sqlName(column);
    return `TRY_CAST(past.${quoted} AS DOUBLE) AS a${index}, TRY_CAST(now.${quoted} AS DOUBLE) AS b${index}`;
  });
  const joined = `SELECT date, ${pairs.join(", ")} FROM ${from}`;
  const differ = columns.map(({ tolerance }, index) => differs(index, tolerance));
  const flags = differ.map((condition, index) => `bool_or(${condition}) AS d${index}`);
  const [row] = await queryRows(
    connection,
    `SELECT count(*) AS n, ${flags.join(", ")} FROM (${joined})`,
  );
  const guilty = columns.flatMap((column, index) =>
    row?.[`d${index}`] === true ? [{ ...column, index, condition: differ[index] ?? "false" }] : [],
  );
  return {
    rows: Number(row?.["n"] ?? 0),
    differences: guilty.length === 0 ? [] : await details(connection, joined, guilty),
  };
}

async function columnNames(connection: DuckDBConnection, relation: string): Promise<Set<string>> {
  const rows = await queryRows(connection, `DESCRIBE SELECT * FROM ${relation}`);
  return new Set(rows.map((row) => String(row["column_name"])));
}

/** Days that occur more than once would each be compared with each of them. */
async function hasDuplicates(
  connection: DuckDBConnection,
  relation: string,
  key: string,
): Promise<boolean> {
  const [row] = await queryRows(
    connection,
    `SELECT count(*) > count(DISTINCT (${key})) AS found FROM ${relation}`,
  );
  return row?.["found"] === true;
}

function differs(index: number, tolerance: number): string {
  const [past, now] = [`a${index}`, `b${index}`];
  const allowed = `greatest(${tolerance}, ${ROUNDING} * abs(${past}), ${ROUNDING} * abs(${now}))`;
  return `${past} IS DISTINCT FROM ${now} AND coalesce(abs(${past} - ${now}) > ${allowed}, true)`;
}

async function details(
  connection: DuckDBConnection,
  joined: string,
  guilty: readonly { name: string; index: number; condition: string }[],
): Promise<TableDifference[]> {
  const parts = guilty.map(({ index, condition }) => {
    const where = `FILTER (${condition})`;
    return `count(*) ${where} AS n${index}, (min(date) ${where})::VARCHAR AS day${index},
      arg_min_null(a${index}, date) ${where} AS past${index},
      arg_min_null(b${index}, date) ${where} AS now${index}`;
  });
  const [row] = await queryRows(connection, `SELECT ${parts.join(", ")} FROM (${joined})`);
  const numberOf = (value: unknown) => (typeof value === "number" ? value : null);
  return guilty.map(({ name, index }) => ({
    column: name,
    rows: Number(row?.[`n${index}`] ?? 0),
    date: String(row?.[`day${index}`]),
    now: numberOf(row?.[`now${index}`]),
    before: numberOf(row?.[`past${index}`]),
  }));
}

import type { DuckDBConnection } from "@duckdb/node-api";
import type { MonthBlock } from "../../audit/observation.ts";
import { sqlName } from "../../system/duckdb.ts";
import { batchesOf, sampledMonths } from "./parquet.ts";
import type { ParquetFile } from "./parquet.ts";

/**
 * The third scan: counts and hashes each column month by month. A value is hashed with its date, so
 * that two equal changes do not cancel out, and as a 32-bit float, so that another order of summing
 * in the user's SQL is no change. Of a long file, only some months (`sampledMonths`).
 */
export async function scanMonths(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  columns: readonly string[],
): Promise<MonthBlock[]> {
  const blocks = new Map<string, { rows: number; values: number[]; hashes: number[] }>();
  for (const batch of batchesOf(parquet, columns)) {
    const reader = await connection.runAndReadAll(monthsQuery(parquet, batch));
    const [months = [], rows = [], ...figures] = reader.getColumnsJS();
    for (const [at, value] of months.entries()) {
      const month = typeof value === "string" ? value : "";
      const block = blocks.get(month) ?? { rows: Number(rows[at]), values: [], hashes: [] };
      for (let index = 0; index < figures.length; index += 2) {
        block.values.push(Number(figures[index]?.[at]));
        block.hashes.push(Number(figures[index + 1]?.[at]));
      }
      blocks.set(month, block);
    }
  }
  return [...blocks]
    .map(([month, block]) => ({ month, ...block }))
    .sort((left, right) => (left.month < right.month ? -1 : 1));
}

function monthsQuery(parquet: ParquetFile, columns: readonly string[]): string {
  const figures = columns.map((name) => {
    const column = sqlName(name);
    const hash = `bit_xor(hash(TRY_CAST(${column} AS FLOAT), date))`;
    const values =
      parquet.footer.get(name)?.statistics?.nulls === 0 ? "count(*)" : `count(${column})`;
    return `${values}, (${hash} % 4294967296)::DOUBLE`;
  });
  return `SELECT strftime(date_trunc('month', date), '%Y-%m'), count(*), ${figures.join(", ")}
    FROM ${parquet.source} WHERE ${sampledMonths(parquet)} GROUP BY date_trunc('month', date)`;
}

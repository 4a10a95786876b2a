import type { DuckDBConnection } from "@duckdb/node-api";
import type { MonthBlock } from "../../audit/observation.ts";
import { queryRows, sqlName } from "../../system/duckdb.ts";
import { batchesOf } from "./parquet.ts";
import type { ParquetFile } from "./parquet.ts";

/**
 * The third scan: counts and hashes each column month by month. A value is hashed with its date, so
 * that two equal changes do not cancel out, and as a 32-bit float, so that another order of summing
 * in the user's SQL is no change.
 */
export async function scanMonths(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  columns: readonly string[],
): Promise<MonthBlock[]> {
  const blocks = new Map<string, { rows: number; values: number[]; hashes: number[] }>();
  for (const batch of batchesOf(parquet, columns)) {
    const parts = batch.map((name, index) => {
      const column = sqlName(name);
      const hash = `bit_xor(hash(TRY_CAST(${column} AS FLOAT), date))`;
      return `count(${column}) AS n${index}, (${hash} % 4294967296)::BIGINT AS h${index}`;
    });
    const rows = await queryRows(
      connection,
      `SELECT strftime(date_trunc('month', date), '%Y-%m') AS month, count(*) AS rows,
         ${parts.join(", ")} FROM ${parquet.source} WHERE date IS NOT NULL
       GROUP BY date_trunc('month', date)`,
    );
    for (const row of rows) {
      const month = String(row["month"]);
      const block = blocks.get(month) ?? { rows: Number(row["rows"]), values: [], hashes: [] };
      for (const index of batch.keys()) {
        block.values.push(Number(row[`n${index}`]));
        block.hashes.push(Number(row[`h${index}`]));
      }
      blocks.set(month, block);
    }
  }
  return [...blocks]
    .map(([month, block]) => ({ month, ...block }))
    .sort((left, right) => (left.month < right.month ? -1 : 1));
}

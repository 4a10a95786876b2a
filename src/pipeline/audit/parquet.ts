import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObservedColumn } from "../../audit/observation.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";

/** A Parquet file as DuckDB reads it, and how large its parts are. */
export interface ParquetFile {
  /** The table function that reads it, with the row's place in the file as `file_row_number`. */
  source: string;
  rows: number;
  columns: ObservedColumn[];
  footer: ReadonlyMap<string, ColumnFooter>;
  /** Correlations and hashes take the rows of every so many-th month: 1 in all but long files. */
  monthStep: number;
}

/** What the footer says of one column over all row groups. */
export interface ColumnFooter {
  /** Uncompressed bytes of its largest row group. */
  bytes: number;
  /** Absent where a row group has no statistics, as where there are NaN or infinities. */
  statistics?: { nulls: number; least: number; greatest: number };
}

/** Reads the footer. Throws DuckDB's error when there is no such file or it is no Parquet file. */
export async function openParquet(
  connection: DuckDBConnection,
  file: string,
): Promise<ParquetFile> {
  const path = sqlText(literalPath(file));
  const source = `read_parquet(${path}, file_row_number = true)`;
  const [footer] = await queryRows(
    connection,
    `SELECT num_rows FROM parquet_file_metadata(${path})`,
  );
  const rows = Number(footer?.["num_rows"] ?? 0);
  const described = await queryRows(connection, `DESCRIBE SELECT * FROM read_parquet(${path})`);
  return {
    source,
    rows,
    monthStep: monthStepOf(rows),
    columns: described.map((row) => ({
      name: String(row["column_name"]),
      type: String(row["column_type"]),
    })),
    footer: await footerOf(connection, path),
  };
}

/**
 * Statistics are taken of the numbers that every row group states; DuckDB writes none for a row
 * group with a NaN or an infinity (measured with 1.5), and trusts them itself when it skips one.
 */
async function footerOf(
  connection: DuckDBConnection,
  path: string,
): Promise<Map<string, ColumnFooter>> {
  const rows = await queryRows(
    connection,
    `SELECT path_in_schema AS name, max(total_uncompressed_size) AS bytes,
       count(*) = count(TRY_CAST(stats_min_value AS DOUBLE)) AND
       count(*) = count(TRY_CAST(stats_max_value AS DOUBLE)) AND
       count(*) = count(stats_null_count) AS is_stated,
       min(TRY_CAST(stats_min_value AS DOUBLE)) AS least,
       max(TRY_CAST(stats_max_value AS DOUBLE)) AS greatest,
       sum(stats_null_count)::DOUBLE AS nulls
     FROM parquet_metadata(${path}) GROUP BY ALL`,
  );
  return new Map(
    rows.map((row): [string, ColumnFooter] => {
      const [nulls, least, greatest] = [row["nulls"], row["least"], row["greatest"]].map(Number);
      const bytes = Number(row["bytes"]);
      const isStated = row["is_stated"] === true && least !== undefined && greatest !== undefined;
      return [
        String(row["name"]),
        isStated && nulls !== undefined
          ? { bytes, statistics: { nulls, least, greatest } }
          : { bytes },
      ];
    }),
  );
}

/** Bytes of one row group that a scan holds for each thread. */
const BATCH_BYTES = 64 * 1024 * 1024;

/**
 * Parts columns into batches, each read by a scan of its own, so that memory stays bounded however
 * wide the file is. A usual training table is one batch.
 */
export function batchesOf(parquet: ParquetFile, columns: readonly string[]): string[][] {
  const batches: string[][] = [[]];
  let bytes = 0;
  for (const column of columns) {
    const size = parquet.footer.get(column)?.bytes ?? 0;
    if (bytes > 0 && bytes + size > BATCH_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(column);
    bytes += size;
  }
  return batches.filter((batch) => batch.length > 0);
}

/** Rows up to which the rows of every month serve associations and hashes. */
const ROWS_WHOLE = 200_000;

/**
 * Both are judged by shares and by correlations of 0.3 and more, which rows spread over the years
 * tell well enough; reading more of a long file only takes longer. Powers of two, so that a growing
 * file seldom changes its step.
 */
function monthStepOf(rows: number): number {
  return rows <= ROWS_WHOLE ? 1 : 2 ** Math.floor(Math.log2((2 * rows) / ROWS_WHOLE));
}

/** The condition for the rows of the months that serve correlations and hashes. */
export function sampledMonths(parquet: ParquetFile): string {
  if (parquet.monthStep === 1) return "date IS NOT NULL";
  return `(12 * year(date) + month(date)) % ${parquet.monthStep} = 0`;
}

/** A column as a double. Booleans become 0 and 1; a decimal or an integer its nearest double. */
export function asDouble(column: string): string {
  return `${sqlName(column)}::DOUBLE`;
}

/** DuckDB takes the path for a pattern; a bracket around each special sign makes it itself. */
function literalPath(file: string): string {
  return file.replaceAll(/[*?[]/g, "[$&]");
}

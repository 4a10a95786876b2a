import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObservedColumn } from "../../audit/observation.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";

/** A Parquet file as DuckDB reads it, and how large its parts are. */
export interface ParquetFile {
  /** The table function that reads it, with the row's place in the file as `file_row_number`. */
  source: string;
  rows: number;
  columns: ObservedColumn[];
  /** Uncompressed bytes of one row group, by column. */
  bytes: ReadonlyMap<string, number>;
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
  const described = await queryRows(connection, `DESCRIBE SELECT * FROM read_parquet(${path})`);
  const sizes = await queryRows(
    connection,
    `SELECT path_in_schema AS name, max(total_uncompressed_size) AS bytes
     FROM parquet_metadata(${path}) GROUP BY ALL`,
  );
  return {
    source,
    rows: Number(footer?.["num_rows"] ?? 0),
    columns: described.map((row) => ({
      name: String(row["column_name"]),
      type: String(row["column_type"]),
    })),
    bytes: new Map(sizes.map((row) => [String(row["name"]), Number(row["bytes"])])),
  };
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
    const size = parquet.bytes.get(column) ?? 0;
    if (bytes > 0 && bytes + size > BATCH_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(column);
    bytes += size;
  }
  return batches.filter((batch) => batch.length > 0);
}

/** A column as a double. Booleans become 0 and 1; a decimal or an integer its nearest double. */
export function asDouble(column: string): string {
  return `${sqlName(column)}::DOUBLE`;
}

/** DuckDB takes the path for a pattern; a bracket around each special sign makes it itself. */
function literalPath(file: string): string {
  return file.replaceAll(/[*?[]/g, "[$&]");
}

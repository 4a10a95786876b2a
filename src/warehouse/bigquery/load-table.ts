import { readFile } from "node:fs/promises";
import { runJob } from "./jobs.ts";
import type { Session } from "./query.ts";
import type { TableReference } from "./tables.ts";

/**
 * Makes a table exactly what a Parquet file holds, in one load job, which is free and atomic. Repeatable.
 * The file goes up in one piece, so it should have some hundred megabytes at most.
 */
export async function loadParquet(
  { rest, location }: Session,
  table: TableReference,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await runJob(rest, {
    name: `copy-${table.datasetId}-${table.tableId}-${rest.random.hex(6)}`,
    location,
    signal,
    upload: await readFile(file),
    configuration: {
      load: {
        destinationTable: table,
        sourceFormat: "PARQUET",
        writeDisposition: "WRITE_TRUNCATE",
      },
    },
  });
}

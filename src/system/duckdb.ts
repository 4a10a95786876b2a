import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf } from "./failure.ts";

/** How much of the machine one embedded database may take. */
export interface DuckdbLimits {
  /** The file to open, or `:memory:`. */
  file: string;
  readOnly?: boolean;
  memoryLimit?: string;
  threads?: number;
}

/**
 * Opens a DuckDB database, hands a connection to `work`, and closes both whatever happens. The
 * native library is loaded on first use only, so that commands which need none start fast.
 */
export async function withDuckdb<T>(
  limits: DuckdbLimits,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const options = {
    memory_limit: limits.memoryLimit ?? "512MB",
    threads: String(limits.threads ?? 2),
    // Nothing is fetched at run time: a nightly job must not depend on an extension server.
    autoinstall_known_extensions: "false",
    // Memory that is done with goes back to the system at once; by default DuckDB keeps 128 and
    // 512 MB, more than the whole orchestrator may take.
    allocator_flush_threshold: "1MB",
    allocator_bulk_deallocation_flush_threshold: "1MB",
    ...(limits.readOnly ? { access_mode: "READ_ONLY" } : {}),
  };
  // DuckDB's lock is between processes (fcntl): a second open of a file in one process succeeds, and
  // its close gives the lock away. The cache shares one instance instead.
  const instance =
    limits.file === ":memory:"
      ? await DuckDBInstance.create(limits.file, options)
      : await DuckDBInstance.fromCache(limits.file, options);
  try {
    const connection = await instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** All rows of a query as objects of JSON values: dates as ISO text, integers as numbers. */
export async function queryRows(
  connection: DuckDBConnection,
  sql: string,
  values: Record<string, string | number | boolean | null> = {},
): Promise<Record<string, unknown>[]> {
  const reader = await connection.runAndReadAll(sql, values);
  return reader.getRowObjectsJS().map(toPlainRow);
}

function toPlainRow(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toPlain(value)]));
}

function toPlain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) {
    const iso = value.toISOString();
    return iso.endsWith("T00:00:00.000Z") ? iso.slice(0, 10) : iso;
  }
  return value;
}

/** A text as an SQL string literal. For file names and dates of ours; values go by parameters. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** True when a failure is DuckDB's refusal to share its file with another process. */
export function isDatabaseBusy(error: unknown): boolean {
  return messageOf(error).includes("Could not set lock on file");
}

import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { isDatabaseBusy, withDuckdb } from "../../system/duckdb.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { exists, publishNew, temporaryNameFor } from "../../system/files.ts";

// Small data get a small database: a second thread would take 15 MB and save no time on ten thousand
// rows. What needs more than the limit spills into files beside the database.
const SMALL = { memoryLimit: "64MB", threads: 1 };
const LARGE = { memoryLimit: "1GB", threads: 4 };
/** Sources of so many bytes and more are large. */
export const LARGE_FROM_BYTES = 32 * 1024 * 1024;

// By file, the end of the work that was asked for last.
const turns = new Map<string, Promise<unknown>>();

/**
 * Opens the warehouse's file for one piece of work and closes it after, so that other processes
 * wait no longer than that. Within this process work on one file runs in the order of asking: side
 * by side, transactions would conflict, and DuckDB uses its threads within each. Aborting the signal
 * interrupts the running statement and throws the signal's reason; an open transaction is then rolled
 * back by the close.
 */
export async function withDatabase<T>(
  file: string,
  work: (connection: DuckDBConnection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (file === ":memory:") return openFor(file, work, signal);
  const turn = (turns.get(file) ?? Promise.resolve()).then(() => openFor(file, work, signal));
  // The next turn comes whatever becomes of this one.
  const end = turn.then(
    () => undefined,
    () => undefined,
  );
  turns.set(file, end);
  try {
    return await turn;
  } finally {
    if (turns.get(file) === end) turns.delete(file);
  }
}

async function openFor<T>(
  file: string,
  work: (connection: DuckDBConnection) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  try {
    if (file !== ":memory:" && !(await exists(file))) await createWhole(file);
    return await withDuckdb({ file, ...SMALL }, async (connection) => {
      const interrupt = (): void => connection.interrupt();
      signal?.addEventListener("abort", interrupt);
      try {
        // Days must not depend on where the machine stands.
        await connection.run("SET TimeZone = 'UTC'");
        // Memory that is done with goes back to the system at once, not at DuckDB's 128 MB.
        await connection.run("SET allocator_flush_threshold = '1MB'");
        // A table made in the open transaction has no statistics yet and counts as tiny; by default
        // DuckDB then runs ASOF joins as nested loops, a hundred times slower on ten thousand rows.
        await connection.run("SET asof_loop_join_threshold = 0");
        return await work(connection);
      } finally {
        signal?.removeEventListener("abort", interrupt);
      }
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw databaseFailure(error, file) ?? error;
  }
}

/** Lets the open database take more of the machine when it works on that many bytes of files. */
export async function giveRoom(connection: DuckDBConnection, bytes: number): Promise<void> {
  if (bytes < LARGE_FROM_BYTES) return;
  await connection.run(`SET memory_limit = '${LARGE.memoryLimit}'`);
  await connection.run(`SET threads = ${Math.min(LARGE.threads, availableParallelism())}`);
}

/**
 * Makes an empty database that appears whole: a process that is killed while DuckDB writes the head
 * of a new file leaves one that cannot be opened. A database that somebody else made meanwhile stays.
 */
async function createWhole(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = temporaryNameFor(file);
  try {
    await withDuckdb({ file: temporary, ...SMALL }, async (connection) => {
      await connection.run("CHECKPOINT");
    });
    await publishNew(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Runs `work` between BEGIN and COMMIT; what it throws rolls everything back. */
export async function inTransaction<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  await connection.run("BEGIN TRANSACTION");
  try {
    const result = await work();
    // The last moment at which nothing has happened yet.
    signal.throwIfAborted();
    await connection.run("COMMIT");
    return result;
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** The failure that DuckDB's error about its file, the disk or memory means, if it is one. */
export function databaseFailure(error: unknown, file: string): Failure | undefined {
  if (error instanceof Failure) return undefined;
  const text = messageOf(error);
  if (isDatabaseBusy(error)) return busy(text, file, error);
  // A file cut short is told by its name: the same words are said of a user's Parquet file.
  const isCut = text.includes("Could not read enough bytes") && text.includes(file);
  if (isCut || /not a valid DuckDB database|Corrupt database|Serialization Error/.test(text)) {
    return corrupt(text, file, error);
  }
  if (/No space left|disk full|not enough space|quota exceeded|File too large/i.test(text)) {
    return new Failure({
      code: "CBI_DISK_FULL",
      message: `the disk of ${file} is full: ${firstLine(text)}`,
      remedy: "Free some space; `cbi prune --dry-run` lists what cbi itself can let go.",
      exit: ExitCode.failed,
      cause: error,
    });
  }
  if (text.startsWith("Out of Memory Error")) {
    return new Failure({
      code: "CBI_WAREHOUSE_MEMORY",
      message: `a statement needs more memory than the warehouse may take: ${firstLine(text)}`,
      remedy: "Split the statement into smaller tables: each CREATE TABLE frees what it used.",
      exit: ExitCode.failed,
      cause: error,
    });
  }
  if (text.startsWith("IO Error") && text.includes(file)) {
    return new Failure({
      code: "CBI_WAREHOUSE_UNAVAILABLE",
      message: `${file} cannot be used: ${firstLine(text)}`,
      remedy: "See to the folder's permissions and its disk, then run again.",
      exit: ExitCode.unavailable,
      class: "retryable",
      cause: error,
    });
  }
  return undefined;
}

function busy(text: string, file: string, cause: unknown): Failure {
  // DuckDB says: Conflicting lock is held in /usr/bin/node (PID 4711) by user ana.
  const holder = /held in (.+? \(PID \d+\)(?: by user \S+?)?)\.?(?:\s|$)/.exec(text)?.[1];
  return new Failure({
    code: "CBI_WAREHOUSE_BUSY",
    message: `${file} is in use by ${holder ?? "another program"}`,
    remedy: "Close that program, or wait: DuckDB lets one process at a time write to a file.",
    exit: ExitCode.unavailable,
    class: "retryable",
    cause,
  });
}

function corrupt(text: string, file: string, cause: unknown): Failure {
  return new Failure({
    code: "CBI_WAREHOUSE_CORRUPT",
    message: `${file} is damaged: ${firstLine(text)}`,
    remedy:
      "Restore it from a backup, or move it and its .wal file away: the next run makes the training " +
      "tables anew from your files. The forecasts published so far are only in that file.",
    exit: ExitCode.unavailable,
    cause,
  });
}

/** The first line of a message, without the positions and hints that follow it. */
export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}

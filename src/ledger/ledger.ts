import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import { migrations } from "./migrations.ts";

/** A value that SQLite stores. */
export type LedgerValue = string | number | null;
export type LedgerRow = Record<string, unknown>;

/**
 * The record of runs, stages and decisions: one SQLite file, written in short transactions by every
 * process of a home, durable when a call returns (`synchronous=FULL`) unless it says otherwise. On a
 * local disk only: WAL needs shared memory.
 */
export class Ledger implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** The transaction that is open, by what its commit waits for. */
  #open: "durable" | "provisional" | undefined;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Opens the ledger at `file` (or `:memory:`), making or migrating it. A newer schema or a damaged
   * file is a `Failure`; nothing is changed then.
   */
  static open(file: string): Ledger {
    if (file !== ":memory:") mkdirSync(path.dirname(file), { recursive: true });
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(file, {
        timeout: BUSY_TIMEOUT_MS,
        enableForeignKeyConstraints: true,
      });
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      migrate(database, file);
      return new Ledger(database);
    } catch (error) {
      database?.close();
      throw error instanceof Failure ? error : ledgerFailure(file, error);
    }
  }

  /** The rows of a query. */
  all(sql: string, ...values: LedgerValue[]): LedgerRow[] {
    return this.#statement(sql).all(...(values as SQLInputValue[]));
  }

  /** The first row of a query, or undefined. */
  get(sql: string, ...values: LedgerValue[]): LedgerRow | undefined {
    return this.#statement(sql).get(...(values as SQLInputValue[]));
  }

  /** Runs one changing statement; durable on return unless inside `transaction`. */
  run(sql: string, ...values: LedgerValue[]): void {
    this.#statement(sql).run(...(values as SQLInputValue[]));
  }

  /**
   * Runs `work` as one transaction: all of it is recorded, or nothing. Within another one it is a part
   * of that, and durable with it.
   */
  transaction<T>(work: () => T): T {
    if (this.#open === "provisional")
      throw new Error("a commit that waits within one that does not");
    return this.#open === undefined ? this.#begin("durable", work) : work();
  }

  #begin<T>(how: "durable" | "provisional", work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    this.#open = how;
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#open = undefined;
    }
  }

  /**
   * The same, without waiting for the disk: durable with the next transaction of anybody that is (in
   * WAL mode `synchronous=NORMAL` leaves out the fsync of the log, and the next one covers all before
   * it: sqlite.org/pragma.html#pragma_synchronous). A kill takes nothing back, a power cut may. For what
   * no effect rests on before that next transaction.
   */
  provisional<T>(work: () => T): T {
    if (this.#open !== undefined) return work();
    this.#database.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.#begin("provisional", work);
    } finally {
      this.#database.exec("PRAGMA synchronous = FULL");
    }
  }

  /** What SQLite finds wrong with the file, or undefined; reads all of it. */
  damage(): string | undefined {
    const found = this.#database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    return found === "ok" ? undefined : String(found);
  }

  /** Writes a compact copy of the ledger to `file`, which must not exist. */
  copyTo(file: string): void {
    this.#database.prepare("VACUUM INTO ?").run(file);
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const prepared = this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

/** Longer than any transaction of ours takes, shorter than a person's patience. */
const BUSY_TIMEOUT_MS = 10_000;

function migrate(database: DatabaseSync, file: string): void {
  const current = schemaVersion(database);
  if (current > migrations.length) throw newerLedger(file, current);
  if (current === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  // Another process may have migrated while this one waited for the write lock.
  for (let version = schemaVersion(database); version < migrations.length; version++) {
    database.exec(migrations[version] ?? "");
  }
  database.exec(`PRAGMA user_version = ${migrations.length}`);
  database.exec("COMMIT");
}

function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

function newerLedger(file: string, version: number): Failure {
  return new Failure({
    code: "CBI_LEDGER_NEWER",
    message: `${file} has schema ${version}, and this cbi knows up to ${migrations.length}`,
    remedy: "Use the cbi that wrote it, or a newer one; nothing was changed.",
    exit: ExitCode.failed,
  });
}

function ledgerFailure(file: string, cause: unknown): Failure {
  if (isDamage(cause)) {
    return new Failure({
      code: "CBI_LEDGER_DAMAGED",
      message: `${file} is damaged: ${messageOf(cause)}`,
      remedy:
        "The next run sets it aside and restores the copy of the last finished run: cbi run nightly",
      exit: ExitCode.failed,
      cause,
    });
  }
  return new Failure({
    code: "CBI_LEDGER_UNUSABLE",
    message: `${file} cannot be opened: ${messageOf(cause)}`,
    remedy: "Check the disk's free space and who owns the file.",
    exit: ExitCode.failed,
    class: "retryable",
    cause,
  });
}

/** SQLITE_CORRUPT is 11, SQLITE_NOTADB 26 (sqlite.org/rescode.html). */
function isDamage(error: unknown): boolean {
  return (
    error instanceof Error && "errcode" in error && [11, 26].includes(Number(error.errcode) & 0xff)
  );
}

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** One SQLite file: production's SQL on a real database in memory, which all of its connections share. */
export class Store {
  database: DatabaseSync;
  readonly #statements = new Map<string, { statement: StatementSync; isWrite: boolean }>();
  /** Whether a commit lasts when the call returns: `synchronous=FULL`. */
  isDurable = true;
  /** Within a transaction that becomes durable with the next one. */
  #isAhead = false;
  #unsafe = 0;
  #safe: Uint8Array | undefined;

  constructor(content: Uint8Array | undefined) {
    this.database = opened();
    if (content && content.length > 0) this.database.deserialize(content);
  }

  statement(sql: string): { statement: StatementSync; isWrite: boolean } {
    let known = this.#statements.get(sql);
    if (!known) {
      known = { statement: this.database.prepare(sql), isWrite: isWrite(sql) };
      this.#statements.set(sql, known);
    }
    return known;
  }

  /** What `PRAGMA synchronous` says of the commits to come. */
  setSynchronous(level: "FULL" | "NORMAL"): void {
    this.#isAhead = level === "NORMAL";
    if (this.#isAhead) this.#safe ??= this.database.serialize();
  }

  /** After each commit: without `synchronous=FULL` the newest are not on the disk yet. */
  committed(): void {
    if (this.isDurable) {
      if (!this.#isAhead) this.#safe = undefined;
      return;
    }
    if (this.#unsafe++ % 40 === 0) this.#safe = this.database.serialize();
  }

  rollback(): void {
    if (this.database.isTransaction) this.database.exec("ROLLBACK");
  }

  cutPower(): void {
    this.rollback();
    this.#isAhead = false;
    if (!this.#safe) return;
    this.#statements.clear();
    // Anew: one that is put back keeps triggers that do nothing any more.
    this.database.close();
    this.database = opened();
    this.database.deserialize(this.#safe);
    if (this.isDurable) this.#safe = undefined;
  }
}

function opened(): DatabaseSync {
  return new DatabaseSync(":memory:", { enableForeignKeyConstraints: true });
}

export type { SQLInputValue };

function isWrite(sql: string): boolean {
  return /^\s*(insert|update|delete|create|alter|drop|replace|vacuum)/i.test(sql);
}

/** The databases of the machine, by the inode of their file. */
export class Stores {
  readonly #byInode = new Map<number, Store>();
  /** Who has the exclusive lock of a file. */
  readonly locks = new Map<number, object>();

  of(ino: number, content: string | Uint8Array): Store {
    let store = this.#byInode.get(ino);
    if (!store) {
      store = new Store(typeof content === "string" ? undefined : content);
      this.#byInode.set(ino, store);
    }
    return store;
  }

  cutPower(): void {
    for (const store of this.#byInode.values()) store.cutPower();
  }

  close(): void {
    for (const { database } of this.#byInode.values()) database.close();
    this.#byInode.clear();
  }
}

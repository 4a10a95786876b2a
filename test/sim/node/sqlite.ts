import { bytesOf } from "../mac/disk.ts";
import { currentProcess, effectNow, lookNow, type SimProcess } from "../mac/process.ts";
import { plantedBugs } from "../planted/bugs.ts";
import type { SQLInputValue, Store } from "../mac/stores.ts";

/**
 * In place of node:sqlite: connections of simulated processes. The SQL runs on a real database in
 * memory; a process dies before a statement or a commit, never within, and what it had not committed
 * is rolled back then. Locks are those of the simulated kernel.
 */
export class DatabaseSync {
  isOpen = true;
  readonly #process: SimProcess;
  readonly #file: string;
  readonly #ino: number;
  readonly #store: Store | undefined;
  readonly #forget: () => void;

  constructor(file: string) {
    this.#process = currentProcess();
    this.#file = file;
    const { disk, stores } = this.#process.mac;
    const isThere = disk.find(file) !== undefined;
    const node = isThere
      ? lookNow(() => disk.file(file))
      : effectNow(`making ${file}`, () => {
          const made = disk.open(file);
          // SQLite syncs the folder of a file that it makes.
          disk.sync(made);
          disk.sync(disk.folderAt(file.slice(0, file.lastIndexOf("/"))));
          return made;
        });
    this.#ino = node.ino;
    this.#store = isLock(file) ? undefined : stores.of(node.ino, node.content);
    this.#forget = this.#process.atDeath(() => this.#release());
  }

  get isTransaction(): boolean {
    return this.#store?.database.isTransaction ?? false;
  }

  exec(sql: string): void {
    if (!this.#store) {
      this.#lock(sql);
      return;
    }
    const store = this.#store;
    if (sql === "ROLLBACK") {
      if (!this.#process.isDead) store.rollback();
      return;
    }
    effectNow(sql.slice(0, 40), ({ mac }) => {
      if (mac.disk.isFull && sql.includes("CREATE")) throw fullError();
      store.isDurable = !plantedBugs.has("ledger-not-synced");
      const synchronous = /PRAGMA synchronous = (FULL|NORMAL)/.exec(sql)?.[1];
      if (synchronous === "FULL" || synchronous === "NORMAL") store.setSynchronous(synchronous);
      store.database.exec(sql);
      if (sql.includes("COMMIT")) store.committed();
    });
  }

  prepare(sql: string): Statement {
    const store = this.#store;
    if (!store) throw new Error(`${this.#file} is a lock, and was asked ${sql}`);
    if (sql.startsWith("VACUUM INTO")) return this.#copying(store);
    const known = lookNow(() => store.statement(sql));
    const perform = <T>(work: () => T): T => {
      if (!known.isWrite) return lookNow(work);
      return effectNow(sql.slice(0, 60).replace(/\s+/g, " "), ({ mac }) => {
        if (mac.disk.isFull) throw fullError();
        const result = work();
        if (!store.database.isTransaction) store.committed();
        return result;
      });
    };
    return {
      all: (...values) => perform(() => known.statement.all(...values)),
      get: (...values) => perform(() => known.statement.get(...values)),
      run: (...values) => perform(() => known.statement.run(...values)),
    };
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#forget();
    this.#release();
  }

  #copying(store: Store): Statement {
    const run = (file: SQLInputValue | undefined): void =>
      effectNow("copying the ledger", ({ mac }) => {
        if (typeof file !== "string") throw new Error("a copy of the ledger needs a name");
        const made = mac.disk.open(file, { isNew: true });
        mac.disk.write(made, bytesOf(store.database.serialize()));
      });
    return { all: () => [], get: () => undefined, run };
  }

  #lock(sql: string): void {
    const { locks } = this.#process.mac.stores;
    if (!sql.includes("BEGIN EXCLUSIVE")) throw new Error(`a lock was asked ${sql}`);
    lookNow(() => {
      if (locks.has(this.#ino) && !plantedBugs.has("no-lock")) throw busyError();
      locks.set(this.#ino, this);
    });
  }

  #release(): void {
    const { locks } = this.#process.mac.stores;
    if (locks.get(this.#ino) === this) locks.delete(this.#ino);
    this.#store?.rollback();
  }
}

interface Statement {
  all(...values: SQLInputValue[]): unknown[];
  get(...values: SQLInputValue[]): unknown;
  run(...values: SQLInputValue[]): unknown;
}

function isLock(file: string): boolean {
  return file.endsWith(".lock") || file.endsWith(".lock.next");
}

/** SQLITE_BUSY is 5, SQLITE_FULL 13 (sqlite.org/rescode.html). */
function busyError(): Error {
  return Object.assign(new Error("database is locked"), { errcode: 5 });
}

function fullError(): Error {
  return Object.assign(new Error("database or disk is full"), { errcode: 13 });
}

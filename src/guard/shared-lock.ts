import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

const WAIT_MS = 1_000;

/**
 * One of many rights to the same thing, of which whoever wants it alone has to wait for all. Held, as
 * `RunLock` is, by a lock of the kernel on an empty SQLite file, here the shared one of a read
 * transaction (sqlite.org/lockingv3.html), so that it goes with the process however that dies.
 */
export class SharedLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Takes a share; undefined when somebody has it alone, or where no lock can be had. */
  static tryTake(file: string): SharedLock | undefined {
    // Loaded by who holds something, and not by every command.
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(file, { timeout: WAIT_MS, readOnly: existsSync(file) });
      database.exec("BEGIN; SELECT count(*) FROM sqlite_master");
      return new SharedLock(database);
    } catch {
      database?.close();
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";

/**
 * The right to be the only one who runs. Held through SQLite's exclusive lock on an empty database
 * file, which is a lock of the kernel on every platform (fcntl, or LockFileEx on Windows): it goes
 * with the process however that dies, and needs no helper program and no native add-on. Children do
 * not inherit it. Decision 0003 tells why not flock(1) or a lock file with a number in it.
 */
export class RunLock implements Disposable {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #inode: number;

  private constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
    this.#inode = statSync(file).ino;
  }

  /** Takes the lock at `file` at once, or says by undefined that another process has it. */
  static tryTake(file: string): RunLock | undefined {
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      database = new DatabaseSync(file, { timeout: 0 });
      // Without a journal on disk a killed holder leaves nothing to roll back.
      database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return new RunLock(database, file);
    } catch (error) {
      database?.close();
      if (isBusy(error)) return undefined;
      throw unusable(file, error);
    }
  }

  /**
   * Throws when the file was deleted or replaced under us: another process could then hold a lock
   * of the same name. Asked before every stage.
   */
  assertHeld(): void {
    const inode = statSync(this.#file, { throwIfNoEntry: false })?.ino;
    if (inode === this.#inode) return;
    throw new Failure({
      code: "CBI_LOCK_LOST",
      message: `the lock file ${this.#file} was removed or replaced during the run`,
      remedy:
        "Leave the lock file alone: the system releases the lock itself. Start the run again.",
      exit: ExitCode.failed,
    });
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** SQLITE_BUSY is 5 (sqlite.org/rescode.html). */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;
}

function unusable(file: string, cause: unknown): Failure {
  return new Failure({
    code: "CBI_LOCK_UNUSABLE",
    message: `the lock file ${file} cannot be used: ${messageOf(cause)}`,
    remedy: "Check the disk's free space and who owns the file; delete it if it is not ours.",
    exit: ExitCode.failed,
    cause,
  });
}

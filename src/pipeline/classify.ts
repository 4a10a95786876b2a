import type { RecordedError } from "../ledger/runs.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import { isErrno } from "../system/files.ts";

/**
 * Anything thrown as a `Failure`: the operating system's refusals get a name and a remedy, and what
 * is left is a bug of ours.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (FULL.some((code) => isErrno(error, code)) || sqliteCode(error) === SQLITE_FULL) {
    return new Failure({
      code: "CBI_DISK_FULL",
      message: `the disk is full: ${messageOf(error)}`,
      remedy: "Free some space (cbi prune --dry-run shows what cbi can give back), then run again.",
      exit: ExitCode.failed,
      cause: error,
    });
  }
  if (isErrno(error, "EROFS") || isErrno(error, "EACCES") || isErrno(error, "EPERM")) {
    return new Failure({
      code: "CBI_NOT_WRITABLE",
      message: `the home cannot be written: ${messageOf(error)}`,
      remedy:
        "Check who owns the folder, and on a Mac whether cbi may access it (Privacy & Security).",
      exit: ExitCode.failed,
      cause: error,
    });
  }
  if (SQLITE_TROUBLE.has(sqliteCode(error) ?? 0)) {
    return new Failure({
      code: "CBI_LEDGER_UNUSABLE",
      message: `the ledger in Logs/ cannot be read or written: ${messageOf(error)}`,
      remedy: "Check the disk's free space and health, then run again: what is finished is kept.",
      exit: ExitCode.failed,
      class: "retryable",
      cause: error,
    });
  }
  return new Failure({
    code: "CBI_BUG",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    remedy: "This is a bug in cbi; the log of the run holds more.",
    exit: ExitCode.bug,
    cause: error,
  });
}

/** What the ledger keeps of a failure. */
export function recordOf(failure: Failure): RecordedError {
  return {
    code: failure.code,
    message: failure.message,
    ...(failure.remedy === undefined ? {} : { remedy: failure.remedy }),
    class: failure.class,
  };
}

/** No room, no quota, or a limit on the size of a file (errno(3)). */
const FULL = ["ENOSPC", "EDQUOT", "EFBIG"] as const;

// Result codes of sqlite.org/rescode.html; an extended code holds its primary one in the low byte.
const SQLITE_FULL = 13;
/** PERM, BUSY, LOCKED, READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB; the others are mistakes of ours. */
const SQLITE_TROUBLE: ReadonlySet<number> = new Set([3, 5, 6, 8, 10, 11, 14, 26]);

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

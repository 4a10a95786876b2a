import type { ProcessIdentity } from "../system/process-identity.ts";
import type { Ledger, LedgerRow } from "./ledger.ts";
import { hasFields, Row } from "./row.ts";

/** One life of a service's process within its run. */
export interface AttemptRecord {
  run: string;
  /** From 1. */
  number: number;
  startedMs: number;
  /** The leader of its process group; undefined until it was started. */
  process: ProcessIdentity | undefined;
  /** Undefined while it lives. */
  endedMs: number | undefined;
  /** How it ended, in words. */
  reason: string | undefined;
}

/** Of one run the newest so many are kept: a service may be restarted for years. */
const KEPT_MAX = 1000;

/**
 * Records that an attempt is about to start, or says false: the run is not under way any more, since
 * somebody found it dead. Who is told false must not start anything.
 */
export function beginAttempt(
  ledger: Ledger,
  attempt: Pick<AttemptRecord, "run" | "number" | "startedMs">,
): boolean {
  const { run, number, startedMs } = attempt;
  return ledger.transaction(() => {
    const row = ledger.get(
      `INSERT INTO attempt (run, number, started_ms)
       SELECT id, ?, ? FROM run WHERE id = ? AND state = 'running' RETURNING number`,
      number,
      startedMs,
      run,
    );
    ledger.run("DELETE FROM attempt WHERE run = ? AND number <= ?", run, number - KEPT_MAX);
    return row !== undefined;
  });
}

/** Records the process of an attempt that was begun. */
export function noteAttemptProcess(
  ledger: Ledger,
  run: string,
  number: number,
  process: ProcessIdentity,
): void {
  ledger.run(
    "UPDATE attempt SET process = ? WHERE run = ? AND number = ?",
    JSON.stringify(process),
    run,
    number,
  );
}

/** Records how an attempt ended. */
export function endAttempt(
  ledger: Ledger,
  run: string,
  number: number,
  end: { endedMs: number; reason: string },
): void {
  ledger.run(
    "UPDATE attempt SET ended_ms = ?, reason = ? WHERE run = ? AND number = ?",
    end.endedMs,
    end.reason,
    run,
    number,
  );
}

/** The newest attempts of a run first, at most `limit`. */
export function newestAttempts(ledger: Ledger, run: string, limit: number): AttemptRecord[] {
  return ledger
    .all("SELECT * FROM attempt WHERE run = ? ORDER BY number DESC LIMIT ?", run, limit)
    .map(toAttempt);
}

function toAttempt(record: LedgerRow): AttemptRecord {
  const row = new Row(record);
  return {
    run: row.text("run"),
    number: row.number("number"),
    startedMs: row.number("started_ms"),
    process: row.jsonIfAny("process", isIdentity),
    endedMs: row.numberIfAny("ended_ms"),
    reason: row.textIfAny("reason"),
  };
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return hasFields(value, { pid: "number", host: "string", boot: "string", started: "string" });
}

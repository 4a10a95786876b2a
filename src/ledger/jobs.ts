import type { Ledger, LedgerRow } from "./ledger.ts";
import { Row } from "./row.ts";
import { markClock } from "./clock-marks.ts";

const OVERRIDES = ["enabled", "disabled"] as const;

/** A person's word over the `enabled` of cbi.yaml. */
export interface EnabledOverride {
  value: (typeof OVERRIDES)[number];
  who: string;
  reason: string;
  atMs: number;
}

/** A job as the ledger knows it. */
export interface RegisteredJob {
  name: string;
  /** Its schedule in canonical JSON: another text is an edit. */
  schedule: string;
  /** Slots due later than this count. */
  sinceMs: number;
  /** Every slot due no later than this has a record. */
  throughMs: number;
  /** What cbi.yaml and the override together said last. */
  isEnabled: boolean;
  override: EnabledOverride | undefined;
  /** When its next slot is due, as computed under the stamp. */
  nextDueMs: number | undefined;
  nextStamp: string | undefined;
  /** When it was last checked, and what the check said. */
  checkedMs: number | undefined;
  checked: string | undefined;
}

/** All registered jobs by name. */
export function registeredJobs(ledger: Ledger): Map<string, RegisteredJob> {
  const jobs = ledger.all("SELECT * FROM job").map(toJob);
  return new Map(jobs.map((job) => [job.name, job]));
}

export function registeredJob(ledger: Ledger, name: string): RegisteredJob | undefined {
  const row = ledger.get("SELECT * FROM job WHERE name = ?", name);
  return row && toJob(row);
}

/** Records a job that is new, or whose schedule is: its slots count from now. In a transaction. */
export function registerJob(
  ledger: Ledger,
  job: { name: string; schedule: string; isEnabled: boolean; nowMs: number },
): void {
  markClock(ledger, job.nowMs);
  ledger.run(
    `INSERT INTO job (name, schedule, since_ms, through_ms, is_enabled) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, since_ms = excluded.since_ms,
       through_ms = excluded.through_ms, is_enabled = excluded.is_enabled, next_due_ms = NULL, next_stamp = NULL`,
    job.name,
    job.schedule,
    job.nowMs,
    job.nowMs,
    job.isEnabled ? 1 : 0,
  );
}

/** Records whether a job is enabled; everything due until now is settled by the caller. */
export function recordEnabled(ledger: Ledger, name: string, isEnabled: boolean): void {
  ledger.run(
    "UPDATE job SET is_enabled = ?, next_due_ms = NULL, next_stamp = NULL WHERE name = ?",
    isEnabled ? 1 : 0,
    name,
  );
}

/** Records a person's word over `enabled`, or takes it back. */
export function overrideEnabled(
  ledger: Ledger,
  name: string,
  override: EnabledOverride | undefined,
): void {
  ledger.run(
    `UPDATE job SET override = ?, override_who = ?, override_reason = ?, override_ms = ? WHERE name = ?`,
    override?.value ?? null,
    override?.who ?? null,
    override?.reason ?? null,
    override?.atMs ?? null,
    name,
  );
}

/** Forgets a job that is no longer in cbi.yaml; its slots stay. */
export function forgetJob(ledger: Ledger, name: string): void {
  ledger.run("DELETE FROM job WHERE name = ?", name);
}

function toJob(record: LedgerRow): RegisteredJob {
  const row = new Row(record);
  const override = row.textIfAny("override");
  return {
    name: row.text("name"),
    schedule: row.text("schedule"),
    sinceMs: row.number("since_ms"),
    throughMs: row.number("through_ms"),
    isEnabled: row.number("is_enabled") === 1,
    override:
      override === undefined
        ? undefined
        : {
            value: row.oneOf("override", OVERRIDES),
            who: row.text("override_who"),
            reason: row.text("override_reason"),
            atMs: row.number("override_ms"),
          },
    nextDueMs: row.numberIfAny("next_due_ms"),
    nextStamp: row.textIfAny("next_stamp"),
    checkedMs: row.numberIfAny("checked_ms"),
    checked: row.textIfAny("checked"),
  };
}

import type { EndVerdict, RangeEnd, SlotEnd } from "../schedule/due.ts";
import { markClock } from "./clock-marks.ts";
import type { Ledger, LedgerRow } from "./ledger.ts";
import { Row } from "./row.ts";

export const SLOT_VERDICTS = ["done", "failed", "skipped", "missed", "superseded"] as const;
const RANGE_VERDICTS = ["skipped", "missed", "superseded"] as const;

export type SlotVerdict = (typeof SLOT_VERDICTS)[number];

/** One slot of a job in the ledger: claimed by a run while it has no verdict. */
export interface SlotRecord {
  job: string;
  name: string;
  dueMs: number;
  day: string;
  verdict: SlotVerdict | undefined;
  reason: string | undefined;
  /** The run that has it or had it last; undefined while it waits for another. */
  run: string | undefined;
  /** Runs that it has had, and how many of them failed. */
  attempts: number;
  failures: number;
  isCatchUp: boolean;
  claimedMs: number | undefined;
  recordedMs: number;
}

/** Slots that ended together, too many to be listed. */
export interface SlotRange extends RangeEnd {
  job: string;
  recordedMs: number;
}

/** Which slot a run takes. */
export interface Claim {
  job: string;
  name: string;
  dueMs: number;
  day: string;
  run: string;
  isCatchUp: boolean;
  nowMs: number;
  /** Every slot due no later has a record, where the caller knows; the next check lists them no more. */
  settledMs?: number;
}

/**
 * Takes a slot that has no record for a run, or says false: another run was first. Compare and set
 * in one statement, so that of any number of processes one succeeds. The record of the run, which
 * every effect waits for, makes it durable.
 */
export function claimSlot(ledger: Ledger, claim: Claim): boolean {
  return ledger.provisional(() => {
    markClock(ledger, claim.nowMs);
    const row = ledger.get(
      `INSERT INTO slot (job, name, due_ms, day, run, attempts, is_catch_up, claimed_ms, recorded_ms)
       VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?) ON CONFLICT (job, name) DO NOTHING RETURNING name`,
      claim.job,
      claim.name,
      claim.dueMs,
      claim.day,
      claim.run,
      claim.isCatchUp ? 1 : 0,
      claim.nowMs,
      claim.nowMs,
    );
    if (row && claim.settledMs !== undefined) settle(ledger, claim.job, claim.settledMs);
    return row !== undefined;
  });
}

/** Keeps how far every slot of a job has a record. */
function settle(ledger: Ledger, job: string, throughMs: number): void {
  ledger.run("UPDATE job SET through_ms = max(through_ms, ?) WHERE name = ?", throughMs, job);
}

/**
 * Takes a slot over from a run that is dead or that missed it for want of a network, or says false
 * when it changed meanwhile.
 */
export function reclaimSlot(ledger: Ledger, claim: Claim, seen: SlotRecord): boolean {
  return ledger.provisional(() => {
    markClock(ledger, claim.nowMs);
    const row = ledger.get(
      `UPDATE slot SET verdict = NULL, run = ?, attempts = attempts + 1, is_catch_up = ?, recorded_ms = ?
       WHERE job = ? AND name = ? AND (verdict IS NULL OR ${UNREACHED}) AND attempts = ? AND run IS ?
       RETURNING name`,
      claim.run,
      claim.isCatchUp ? 1 : 0,
      claim.nowMs,
      claim.job,
      claim.name,
      seen.attempts,
      seen.run ?? null,
    );
    return row !== undefined;
  });
}

/** Missed, though a run had it: that found no network. A slot that is missed without a start has no run. */
const UNREACHED = "(verdict = 'missed' AND run IS NOT NULL)";

/** What a run says of its slot at its end. */
export interface ClaimEnd {
  job: string;
  name: string;
  run: string;
  /** `missed` when the run found no network. */
  verdict: SlotVerdict;
  reason: string | undefined;
  nowMs: number;
}

/** Gives a claimed slot its verdict; false when the run does not have it any more. */
export function endSlot(ledger: Ledger, end: ClaimEnd): boolean {
  return ledger.transaction(() => {
    markClock(ledger, end.nowMs);
    const row = ledger.get(
      `UPDATE slot SET verdict = ?, reason = ?, failures = failures + ?, recorded_ms = ?
       WHERE job = ? AND name = ? AND run = ? AND verdict IS NULL RETURNING name`,
      end.verdict,
      end.reason ?? null,
      end.verdict === "failed" ? 1 : 0,
      end.nowMs,
      end.job,
      end.name,
      end.run,
    );
    return row !== undefined;
  });
}

/** Keeps a slot claimed after its run ended: it was interrupted, or failed in a way that may heal. */
export function keepClaimed(
  ledger: Ledger,
  kept: Omit<ClaimEnd, "verdict"> & { hasFailed: boolean },
): void {
  ledger.transaction(() => {
    markClock(ledger, kept.nowMs);
    ledger.run(
      `UPDATE slot SET run = NULL, reason = ?, failures = failures + ?, recorded_ms = ?
       WHERE job = ? AND name = ? AND run = ? AND verdict IS NULL`,
      kept.reason ?? null,
      kept.hasFailed ? 1 : 0,
      kept.nowMs,
      kept.job,
      kept.name,
      kept.run,
    );
  });
}

/** What a due-check found out about one job. */
export interface CheckRecord {
  job: string;
  ends: readonly SlotEnd[];
  range?: RangeEnd | undefined;
  /** Every slot due no later has a record now. */
  throughMs: number;
  /** When the next slot is due, where that is known, and under what it was computed. */
  nextDueMs: number | undefined;
  nextStamp: string;
  /** In words, for people. */
  said: string;
  nowMs: number;
}

/** Records a due-check as one transaction. Slots that got another verdict meanwhile keep it. */
export function recordCheck(ledger: Ledger, check: CheckRecord): void {
  ledger.transaction(() => writeCheck(ledger, check));
}

/** The same within a transaction of the caller's. */
export function writeCheck(ledger: Ledger, check: CheckRecord): void {
  markClock(ledger, check.nowMs);
  for (const end of check.ends) recordEnd(ledger, check.job, end, check.nowMs);
  if (check.range) {
    const { afterMs, throughMs, verdict, reason } = check.range;
    ledger.run(
      `INSERT INTO slot_range (job, after_ms, through_ms, verdict, reason, recorded_ms)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (job, after_ms) DO NOTHING`,
      check.job,
      afterMs,
      throughMs,
      verdict,
      reason,
      check.nowMs,
    );
  }
  settle(ledger, check.job, check.throughMs);
  noteCheck(ledger, check);
}

/** Keeps when a job was checked, what was said, and when to look again. */
export function noteCheck(
  ledger: Ledger,
  note: Pick<CheckRecord, "job" | "nextDueMs" | "nextStamp" | "said" | "nowMs">,
): void {
  ledger.run(
    "UPDATE job SET next_due_ms = ?, next_stamp = ?, checked_ms = ?, checked = ? WHERE name = ?",
    note.nextDueMs ?? null,
    note.nextStamp,
    note.nowMs,
    note.said,
    note.job,
  );
}

/** Takes a claim back whose run was never begun, as if it had not been made. */
export function releaseSlot(
  ledger: Ledger,
  claim: Pick<Claim, "job" | "name" | "dueMs" | "run">,
): void {
  const { job, name, run } = claim;
  const ours = "job = ? AND name = ? AND run = ? AND verdict IS NULL";
  ledger.transaction(() => {
    ledger.run(`DELETE FROM slot WHERE ${ours} AND attempts = 1`, job, name, run);
    ledger.run(`UPDATE slot SET run = NULL, attempts = attempts - 1 WHERE ${ours}`, job, name, run);
    ledger.run(
      "UPDATE job SET through_ms = min(through_ms, ?) WHERE name = ?",
      claim.dueMs - 1,
      job,
    );
  });
}

/** Claims a slot anew that ended otherwise than done, by a person's word; false when it is done or taken. */
export function reopenSlot(ledger: Ledger, claim: Claim): boolean {
  return ledger.transaction(() => {
    markClock(ledger, claim.nowMs);
    const row = ledger.get(
      `UPDATE slot SET verdict = NULL, reason = NULL, run = ?, attempts = attempts + 1, is_catch_up = ?,
         claimed_ms = ?, recorded_ms = ?
       WHERE job = ? AND name = ? AND verdict IN ('failed', 'skipped', 'missed', 'superseded') RETURNING name`,
      claim.run,
      claim.isCatchUp ? 1 : 0,
      claim.nowMs,
      claim.nowMs,
      claim.job,
      claim.name,
    );
    return row !== undefined;
  });
}

/** Ends a slot without a start, or one that was claimed and will not go on. Inside a transaction. */
export function recordEnd(ledger: Ledger, job: string, end: SlotEnd, nowMs: number): void {
  ledger.run(
    `INSERT INTO slot (job, name, due_ms, day, verdict, reason, recorded_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (job, name) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,
       recorded_ms = excluded.recorded_ms WHERE verdict IS NULL`,
    job,
    end.name,
    end.dueMs,
    end.day,
    end.verdict satisfies EndVerdict,
    end.reason,
    nowMs,
  );
}

export function findSlot(ledger: Ledger, job: string, name: string): SlotRecord | undefined {
  const row = ledger.get("SELECT * FROM slot WHERE job = ? AND name = ?", job, name);
  return row && toSlot(row);
}

/** Slots that a run has or had and that have no verdict: of one job, or of all. */
export function claimedSlots(ledger: Ledger, job?: string): SlotRecord[] {
  const rows =
    job === undefined
      ? ledger.all(
          "SELECT * FROM slot INDEXED BY slot_claimed WHERE verdict IS NULL ORDER BY job, due_ms",
        )
      : ledger.all("SELECT * FROM slot WHERE job = ? AND verdict IS NULL ORDER BY due_ms", job);
  return rows.map(toSlot);
}

/** A job's newest slots that a run of theirs missed for want of a network: those that came after all others. */
export function unreachedSlots(ledger: Ledger, job: string): SlotRecord[] {
  return ledger
    .all(
      `SELECT * FROM slot WHERE job = ? AND ${UNREACHED} AND due_ms > coalesce((SELECT due_ms
         FROM slot WHERE job = ? AND NOT coalesce(${UNREACHED}, 0) ORDER BY due_ms DESC LIMIT 1),
         ${Number.MIN_SAFE_INTEGER})
       ORDER BY due_ms`,
      job,
      job,
    )
    .map(toSlot);
}

/** The slots of a job that its wall clock gives a day. */
export function slotsOfDay(ledger: Ledger, job: string, day: string): SlotRecord[] {
  return ledger
    .all("SELECT * FROM slot WHERE job = ? AND day = ? ORDER BY due_ms", job, day)
    .map(toSlot);
}

/** The newest slots of a job first, due after one instant and by another, at most `limit`. */
export function newestSlots(
  ledger: Ledger,
  filter: { job: string; afterMs?: number; throughMs?: number; limit: number },
): SlotRecord[] {
  return ledger
    .all(
      `SELECT * FROM slot WHERE job = ? AND due_ms > ? AND due_ms <= ?
       ORDER BY due_ms DESC, name DESC LIMIT ?`,
      filter.job,
      filter.afterMs ?? Number.MIN_SAFE_INTEGER,
      filter.throughMs ?? Number.MAX_SAFE_INTEGER,
      filter.limit,
    )
    .map(toSlot);
}

/** Stretches of slots that ended together, the newest first, that reach past an instant. */
export function slotRanges(ledger: Ledger, job: string, afterMs: number): SlotRange[] {
  return ledger
    .all(
      "SELECT * FROM slot_range WHERE job = ? AND through_ms > ? ORDER BY after_ms DESC",
      job,
      afterMs,
    )
    .map(toRange);
}

/** When a slot of the job that was caught up last started. */
export function lastCaughtUpMs(ledger: Ledger, job: string): number | undefined {
  const row = ledger.get(
    "SELECT max(claimed_ms) AS newest FROM slot WHERE job = ? AND is_catch_up = 1",
    job,
  );
  return row && new Row(row).numberIfAny("newest");
}

function toSlot(record: LedgerRow): SlotRecord {
  const row = new Row(record);
  const verdict = row.textIfAny("verdict");
  return {
    job: row.text("job"),
    name: row.text("name"),
    dueMs: row.number("due_ms"),
    day: row.text("day"),
    verdict: verdict === undefined ? undefined : row.oneOf("verdict", SLOT_VERDICTS),
    reason: row.textIfAny("reason"),
    run: row.textIfAny("run"),
    attempts: row.number("attempts"),
    failures: row.number("failures"),
    isCatchUp: row.number("is_catch_up") === 1,
    claimedMs: row.numberIfAny("claimed_ms"),
    recordedMs: row.number("recorded_ms"),
  };
}

function toRange(record: LedgerRow): SlotRange {
  const row = new Row(record);
  return {
    job: row.text("job"),
    afterMs: row.number("after_ms"),
    throughMs: row.number("through_ms"),
    verdict: row.oneOf("verdict", RANGE_VERDICTS),
    reason: row.text("reason"),
    recordedMs: row.number("recorded_ms"),
  };
}

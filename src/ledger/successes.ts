import { findRun, type RunRecord } from "./runs.ts";
import type { Ledger } from "./ledger.ts";
import { Row } from "./row.ts";

const DAY_MS = 86_400_000;

/**
 * The success that says how fresh a job is: of the finished runs that left no stage out, the newest
 * as of the latest day. Neither a part of a night nor a night of the past makes a home fresh. Days
 * after `pin`, and days that have not come yet since the clock was once ahead, do not count.
 */
export function lastSuccess(
  ledger: Ledger,
  job: string,
  { nowMs, pin }: { nowMs: number; pin?: string | undefined },
): RunRecord | undefined {
  // Where a calendar's newest session is of tomorrow in UTC, it is no further than that.
  const asOfMax = pin ?? new Date(nowMs + DAY_MS).toISOString().slice(0, 10);
  const values = ledger.get(
    `SELECT id FROM run WHERE job = ? AND state = 'done' AND coalesce(as_of, '') <= ?
       AND NOT EXISTS (SELECT 1 FROM stage WHERE stage.run = run.id AND stage.state = 'skipped')
     ORDER BY as_of DESC, rowid DESC LIMIT 1`,
    job,
    asOfMax,
  );
  return values && findRun(ledger, new Row(values).text("id"));
}

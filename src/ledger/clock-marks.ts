import type { Ledger } from "./ledger.ts";
import { Row } from "./row.ts";

/** The newest instant at which anything of slots was recorded; a clock before it is not believed. */
export function newestRecordMs(ledger: Ledger): number | undefined {
  const row = ledger.get("SELECT newest_ms FROM clock_mark");
  return row && new Row(row).number("newest_ms");
}

/** Moves the newest instant forward; inside a transaction of the caller's. */
export function markClock(ledger: Ledger, nowMs: number): void {
  ledger.run(
    `INSERT INTO clock_mark (id, newest_ms) VALUES (1, ?)
     ON CONFLICT (id) DO UPDATE SET newest_ms = max(newest_ms, excluded.newest_ms)`,
    Math.round(nowMs),
  );
}

/**
 * Believes the clock as it is: a person says that the newer records were made by a wrong one. What that
 * recorded counts as recorded now, so that it comes before all that will be.
 */
export function believeClock(ledger: Ledger, nowMs: number): void {
  ledger.transaction(() => {
    ledger.run("UPDATE slot SET recorded_ms = ? WHERE recorded_ms > ?", nowMs, nowMs);
    ledger.run("UPDATE clock_mark SET newest_ms = ?", nowMs);
    ledger.run(
      "UPDATE job SET through_ms = min(through_ms, ?), since_ms = min(since_ms, ?), next_due_ms = NULL",
      nowMs,
      nowMs,
    );
  });
}

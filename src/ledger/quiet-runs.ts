import type { Ledger } from "./ledger.ts";
import { Row } from "./row.ts";

/** How long a run was seen without progress, and when that was last looked at. */
export interface QuietRun {
  run: string;
  progressMs: number;
  quietMs: number;
  seenMs: number;
  uptimeMs: number;
  boot: string;
}

export function quietRun(ledger: Ledger, run: string): QuietRun | undefined {
  const record = ledger.get("SELECT * FROM quiet_run WHERE run = ?", run);
  if (!record) return undefined;
  const row = new Row(record);
  return {
    run: row.text("run"),
    progressMs: row.number("progress_ms"),
    quietMs: row.number("quiet_ms"),
    seenMs: row.number("seen_ms"),
    uptimeMs: row.number("uptime_ms"),
    boot: row.text("boot"),
  };
}

/** Keeps what was seen of the runs that are under way and forgets all others. */
export function keepQuietRuns(ledger: Ledger, seen: readonly QuietRun[]): void {
  ledger.transaction(() => {
    ledger.run("DELETE FROM quiet_run");
    for (const { run, progressMs, quietMs, seenMs, uptimeMs, boot } of seen) {
      ledger.run(
        "INSERT INTO quiet_run (run, progress_ms, quiet_ms, seen_ms, uptime_ms, boot) VALUES (?, ?, ?, ?, ?, ?)",
        run,
        Math.round(progressMs),
        Math.round(quietMs),
        Math.round(seenMs),
        Math.round(uptimeMs),
        boot,
      );
    }
  });
}

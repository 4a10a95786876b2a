import { parseDurationMs } from "../config/duration.ts";
import type { Home } from "../config/home.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { countRuns } from "../ledger/runs.ts";
import type { KeepLimits } from "../models/retention.ts";

/** So far a job's runs may outgrow their limits before its own end looks at them all. */
const SLACK = 1.1;

/** Whether a job has so many or so old runs that they are worth giving back: one look into the ledger. */
export function haveRunsOutgrown(
  job: string,
  { home, ledger, nowMs }: { home: Home; ledger: Ledger; nowMs: number },
): boolean {
  const { count = Number.POSITIVE_INFINITY, ageMs = Number.POSITIVE_INFINITY } = limitsOf(
    home.config.retention.runs,
  );
  const runs = countRuns(ledger, job);
  return runs.count > count * SLACK || nowMs - (runs.oldestMs ?? nowMs) > ageMs * SLACK;
}

/** The limits that hold for the runs of each job by itself. */
export function perJob({ count, ageMs }: KeepLimits): KeepLimits {
  return { count, ageMs };
}

export function limitsOf(keep: Config["retention"]["models"]): KeepLimits {
  return {
    count: keep.count,
    ageMs: keep.age === undefined ? undefined : parseDurationMs(keep.age),
    bytes: keep.megabytes === undefined ? undefined : keep.megabytes * 1_000_000,
  };
}

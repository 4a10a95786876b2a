import { RunLock } from "../guard/run-lock.ts";
import { buryOne } from "../jobs/bury.ts";
import { jobLockFile } from "../jobs/job-locks.ts";
import type { Road } from "../jobs/road.ts";
import { findRun, type RunRecord } from "../ledger/runs.ts";

/**
 * Ends what a dead run left behind and records its end, under the job's lock, so that no start of the
 * same job comes between. Says what it found; undefined when somebody has the lock, or the run has
 * ended meanwhile.
 */
export async function buryRun(road: Road, record: RunRecord): Promise<string | undefined> {
  const { home, ledgers } = road;
  using lock = RunLock.tryTake(jobLockFile(home.paths, record.job));
  if (!lock || findRun(ledgers.ledger, record.id)?.state !== "running") return undefined;
  return buryOne(road, record);
}

import path from "node:path";
import { RunLock } from "../guard/run-lock.ts";
import { pipelineLockFile } from "../pipeline/run-start.ts";
import type { Clock } from "../system/clock.ts";
import type { HomePaths } from "../system/home.ts";
import type { ScheduledJob } from "./schedules.ts";

/** How long a start waits for a run that is in its way, before it leaves the slot to a later check. */
const WAIT_MAX_MS = 24 * 3_600_000;
const POLL_MS = 1_000;

/** The lock of one job: whoever has it is the only one who starts it. */
export function jobLockFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, "locks", `${job}.lock`);
}

/** The lock that the jobs of a group share. */
export function groupLockFile(paths: HomePaths, group: string): string {
  return path.join(paths.logs, "locks", `group-${group}.lock`);
}

/** How a start waits for locks. */
export interface LockWait {
  paths: HomePaths;
  clock: Clock;
  signal: AbortSignal;
  /** Whether to wait at all for a lock that another has. */
  mayWait: boolean;
}

/**
 * The lock of a job. Of those that find it taken one waits its turn, so that a slot that comes due
 * during a run is not lost, and the others go: undefined.
 */
export async function takeJobLock(job: string, wait: LockWait): Promise<RunLock | undefined> {
  const file = jobLockFile(wait.paths, job);
  const lock = RunLock.tryTake(file);
  if (lock || !wait.mayWait) return lock;
  using turn = RunLock.tryTake(`${file}.next`);
  return turn && (await pollFor(() => RunLock.tryTake(file), wait));
}

/**
 * What a run needs besides its job's lock: its group's, and for a pipeline that nobody else is at work
 * in the home. The pipeline takes that lock itself; it is only waited for here.
 */
export async function takeGroupLock(
  job: ScheduledJob,
  wait: LockWait,
): Promise<Disposable | undefined> {
  const { group, kind } = job.settings;
  const needed = group === undefined ? undefined : groupLockFile(wait.paths, group);
  const take = (): Disposable | undefined => {
    const lock = needed === undefined ? nothing : RunLock.tryTake(needed);
    if (!lock || kind !== "pipeline" || isFree(pipelineLockFile(wait.paths))) return lock;
    lock[Symbol.dispose]();
    return undefined;
  };
  const lock = take();
  return lock || !wait.mayWait ? lock : pollFor(take, wait);
}

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

function isFree(file: string): boolean {
  using lock = RunLock.tryTake(file);
  return lock !== undefined;
}

async function pollFor<T>(take: () => T | undefined, wait: LockWait): Promise<T | undefined> {
  const endMs = wait.clock.now() + WAIT_MAX_MS;
  while (wait.clock.now() < endMs) {
    await wait.clock.sleep(POLL_MS, wait.signal);
    const lock = take();
    if (lock !== undefined) return lock;
  }
  return undefined;
}

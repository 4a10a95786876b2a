import { AwakeTime } from "../../system/awake-time.ts";
import type { Clock } from "../../system/clock.ts";
import { processIdentity } from "../../system/process-identity.ts";
import { descendants } from "../../system/process-list.ts";
import { signalProcess } from "../../system/signals.ts";
import { clearRunning, readRunning, type RunningRecord } from "./running-file.ts";

const POLL_MS = 50;
const KILL_MS = 5_000;

/**
 * Ends what a run of this job left running when it was killed itself. Only the holder of the job's lock
 * may call it, since that proves the run dead; the processes prove themselves by what they inherited from
 * it. Gives a sentence for the record, or undefined when there was nobody.
 */
export async function endOrphans(
  file: string,
  graceMs: number,
  clock: Clock,
): Promise<string | undefined> {
  const left = readRunning(file);
  if (!left) return undefined;
  const { found, living } = await endDescendants(left, graceMs, clock);
  if (living > 0) {
    return `run ${left.run} died and left processes behind that even SIGKILL does not end`;
  }
  clearRunning(file);
  if (found === 0) return undefined;
  const processes = found === 1 ? "a process" : `${found} processes`;
  return `run ${left.run} died and left ${processes} running, which had to be ended first`;
}

/** TERM, the grace, KILL, to all that descend from a command, also in groups of their own. */
export async function endDescendants(
  { home, run, pid, startedMs, boot }: RunningRecord,
  graceMs: number,
  clock: Clock,
): Promise<{ found: number; living: number }> {
  // Nobody outlives a boot.
  if (boot !== processIdentity().boot) return { found: 0, living: 0 };
  const marks = [`CBI_RUN=${run}`, `CBI_HOME=${home}`];
  const find = (): number[] => descendants({ marks, leader: pid, startedMs });
  const found = find().length;
  if (found > 0 && !(await areGone(find, "SIGTERM", graceMs, clock))) {
    await areGone(find, "SIGKILL", KILL_MS, clock);
  }
  return { found, living: found === 0 ? 0 : find().length };
}

async function areGone(
  find: () => number[],
  signal: "SIGTERM" | "SIGKILL",
  patienceMs: number,
  clock: Clock,
): Promise<boolean> {
  const awake = new AwakeTime(clock);
  const signalled = new Set<number>();
  for (let living = find(); living.length > 0; living = find()) {
    if (awake.totalMs >= patienceMs) return false;
    // Each once: a second TERM would cut a tidy end short.
    for (const pid of living.filter((one) => !signalled.has(one))) {
      signalled.add(pid);
      signalProcess(pid, signal);
    }
    await awake.wait(POLL_MS, new AbortController().signal);
  }
  return true;
}

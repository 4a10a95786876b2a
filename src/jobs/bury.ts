import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseDurationMs } from "../config/duration.ts";
import { newestAttempts } from "../ledger/attempts.ts";
import { endRun, newestRuns, type RunRecord } from "../ledger/runs.ts";
import { projectStatus } from "../ledger/status-file.ts";
import { jobLogFile } from "../pipeline/run-files.ts";
import { endOrphan } from "../system/end-orphan.ts";
import { ExitCode } from "../system/exit-code.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";
import type { Road } from "./road.ts";

/**
 * Ends what the dead runs of a job left behind and records their ends. Only for who holds the job's
 * lock: whatever the ledger still calls running has died then. A pipeline's are left to the pipeline's
 * own lock, by which it buries them itself.
 */
export async function buryTheDead(road: Road, job: string): Promise<void> {
  if (road.home.config.jobs[job]?.kind === "pipeline") return;
  const { ledger } = road.ledgers;
  for (const run of newestRuns(ledger, { job, states: ["running"], limit: 100 })) {
    const endedGroup = await buryOne(road, run);
    const left = endedGroup === undefined ? "" : `, and what it left running was ended`;
    road.world.emit({ event: "note", message: `run ${run.id} died in mid-run${left}` });
  }
}

/** The same for one run that is proven dead; gives the process group that it left and that was ended. */
export async function buryOne(road: Road, record: RunRecord): Promise<number | undefined> {
  const { home, ledgers, world } = road;
  // A service's log may have gone away with its beginning.
  const [life] = newestAttempts(ledgers.ledger, record.id, 1);
  const logged = life ? undefined : await lastLeader(jobLogFile(home.paths, record.job, record.id));
  const leader = life?.process ?? logged;
  const settings = home.config.jobs[record.job];
  const grace = settings && settings.kind !== "pipeline" ? settings.grace : "10s";
  const graceMs = parseDurationMs(grace) ?? 0;
  const hasEnded = leader && (await endOrphan(leader, graceMs, world.clock, world.signal));
  endRun(ledgers.ledger, record.id, {
    state: "interrupted",
    endedMs: world.clock.now(),
    exitCode: ExitCode.interrupted,
    error: {
      code: "CBI_RUN_DIED",
      message: `process ${record.owner.pid} ended without a word (killed, or the machine went down)`,
      class: "retryable",
    },
  });
  await projectStatus(ledgers.ledger, home.paths, record.id).catch(() => undefined);
  return hasEnded ? leader.pid : undefined;
}

/** The process that the run's log says it started last; workers of a pipeline end by themselves. */
async function lastLeader(file: string): Promise<ProcessIdentity | undefined> {
  let found: ProcessIdentity | undefined;
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (line.includes('"attempt-running"')) found = leaderOf(line) ?? found;
    }
  } catch {
    // Without a log nothing is proven, and nothing is ended.
  }
  return found;
}

function leaderOf(line: string): ProcessIdentity | undefined {
  try {
    const { event, process } = JSON.parse(line) as { event?: unknown; process?: ProcessIdentity };
    const isOurs = event === "attempt-running" && Number.isInteger(process?.pid);
    return isOurs && typeof process?.started === "string" ? process : undefined;
  } catch {
    return undefined;
  }
}

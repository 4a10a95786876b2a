import { parseDurationMs } from "../config/duration.ts";
import { endRun, newestRuns, type RunRecord } from "../ledger/runs.ts";
import { projectStatus } from "../ledger/status-file.ts";
import { runningFile } from "../pipeline/run-files.ts";
import { ExitCode } from "../system/exit-code.ts";
import { endOrphans } from "./command/orphans.ts";
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
    road.world.emit({ event: "note", message: await buryOne(road, run) });
  }
}

/** The same for one run that is proven dead; says what was found. */
export async function buryOne(road: Road, record: RunRecord): Promise<string> {
  const { home, ledgers, world } = road;
  const settings = home.config.jobs[record.job];
  const grace = settings && settings.kind !== "pipeline" ? settings.grace : "10s";
  const file = runningFile(home.paths, record.job);
  const said = await endOrphans(file, parseDurationMs(grace) ?? 0, world.clock);
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
  try {
    projectStatus(ledgers.ledger, home.paths, record.id);
  } catch {
    // A projection; the ledger says it.
  }
  return said ?? `run ${record.id} died in mid-run`;
}

import { rm } from "node:fs/promises";
import type { Home } from "../config/home.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Clock } from "../system/clock.ts";
import type { Candidate, PrunedKind } from "./prune/candidate.ts";
import { exportsBeyond } from "./prune/exports.ts";
import { heldByRuns } from "./prune/held.ts";
import { leftovers, trainingsBeyond } from "./prune/leftovers.ts";
import { modelsBeyond } from "./prune/models.ts";
import { OwnFolders } from "./prune/own-folders.ts";
import { runsBeyond, runsOfJobBeyond } from "./prune/runs.ts";

/** Something that retention gives back. */
export interface Pruned {
  kind: PrunedKind;
  name: string;
  bytes: number;
}

/**
 * Gives back what `retention` in cbi.yaml no longer keeps: model versions, runs with their logs and
 * reports, kept results of trainings, exports, and unfinished files. Never the champion, the version
 * before it, what the newest finished run made, or anything of a run under way; nothing that is not
 * proved to be cbi's, and nothing behind a symbolic link, which a warning tells. Only the holder of
 * the pipeline lock may call it.
 */
export async function pruneHome(request: {
  home: Home;
  ledger: Ledger;
  clock: Clock;
  isDryRun: boolean;
}): Promise<{ pruned: Pruned[]; warnings: string[] }> {
  const { home, ledger, clock, isDryRun } = request;
  const nowMs = clock.now();
  const folders = new OwnFolders(home.paths.root);
  const world = { held: heldByRuns(home, ledger, nowMs), folders, nowMs };
  const doomed = [
    ...(await modelsBeyond(home, ledger, world)),
    ...(await runsBeyond(home, ledger, world)),
    ...(await trainingsBeyond(home, world)),
    ...(await exportsBeyond(home, world)),
    ...(await leftovers(home, world)),
  ];
  if (!isDryRun) await giveBack(doomed);
  const pruned = doomed.map(({ kind, id, bytes }) => ({ kind, name: id, bytes }));
  return { pruned, warnings: folders.warnings };
}

/**
 * Gives back the runs of one job that are too many or too old. Only the holder of that job's lock may
 * call it; `haveRunsOutgrown` says at little cost whether it is worth it.
 */
export async function pruneRunsOf(
  job: string,
  { home, ledger, nowMs }: { home: Home; ledger: Ledger; nowMs: number },
): Promise<void> {
  await giveBack(await runsOfJobBeyond(job, home, ledger, nowMs));
}

async function giveBack(doomed: readonly Candidate[]): Promise<void> {
  for (const candidate of doomed) {
    // The ledger forgets first: a run without its files is worse than files without a run.
    candidate.forget?.();
    for (const target of candidate.paths) await rm(target, { recursive: true, force: true });
  }
}

import path from "node:path";
import type { Home } from "../../config/home.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { deleteRun, newestRuns } from "../../ledger/runs.ts";
import { beyondRetention } from "../../models/retention.ts";
import { limitsOf, perJob } from "../keep-limits.ts";
import { logFilesOf, runFolder } from "../run-files.ts";
import { sizeAndAge, type Candidate } from "./candidate.ts";
import { heldByRuns, type Held } from "./held.ts";
import { OwnFolders } from "./own-folders.ts";

const RUNS_MAX = 1_000_000;

/** Too many or too old of one job, so that a busy job costs no other its history; or too large in all. */
export async function runsBeyond(
  home: Home,
  ledger: Ledger,
  { held, folders, nowMs }: { held: Held; folders: OwnFolders; nowMs: number },
): Promise<Candidate[]> {
  const limits = limitsOf(home.config.retention.runs);
  const candidates = await runCandidates(home, ledger, { held, folders });
  const byJob = Map.groupBy(candidates, ({ job }) => job);
  const beyond = new Set(
    [...byJob.values()].flatMap((runs) => beyondRetention(runs, perJob(limits), nowMs)),
  );
  const left = candidates.filter((candidate) => !beyond.has(candidate));
  return [...beyond, ...beyondRetention(left, { bytes: limits.bytes }, nowMs)];
}

/** The runs of one job that are too many or too old. */
export async function runsOfJobBeyond(
  job: string,
  home: Home,
  ledger: Ledger,
  nowMs: number,
): Promise<Candidate[]> {
  const folders = new OwnFolders(home.paths.root);
  const held = heldByRuns(home, ledger, nowMs);
  const candidates = await runCandidates(home, ledger, { held, folders, job });
  return beyondRetention(candidates, perJob(limitsOf(home.config.retention.runs)), nowMs);
}

async function runCandidates(
  home: Home,
  ledger: Ledger,
  { held, folders, job }: { held: Held; folders: OwnFolders; job?: string },
): Promise<(Candidate & { job: string })[]> {
  const runs = newestRuns(ledger, { limit: RUNS_MAX, ...(job === undefined ? {} : { job }) });
  const linked = new Set<string>();
  for (const name of new Set(runs.map((run) => run.job))) {
    const folder = path.join(home.paths.logs, name);
    // Where the folder is merely gone, nothing holds the records back.
    if ((await folders.stateOf(folder)) === "linked") linked.add(name);
  }
  return Promise.all(
    runs
      .filter((run) => !linked.has(run.job))
      .map(async (run) => {
        const paths = [
          runFolder(home.paths, run.job, run.id),
          ...logFilesOf(home.paths, run.job, run.id),
        ];
        return {
          kind: "run",
          id: run.id,
          job: run.job,
          createdMs: run.startedMs,
          bytes: (await sizeAndAge(paths)).bytes,
          isProtected: run.state === "running" || held.runs.has(run.id),
          paths,
          forget: () => deleteRun(ledger, run.id),
        };
      }),
  );
}

import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Home } from "../config/home.ts";
import { aliases } from "../ledger/champions.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { deleteRun, newestRuns, stagesOf, type RunRecord } from "../ledger/runs.ts";
import { listModels, modelFolder, type ModelKey } from "../models/registry.ts";
import { beyondRetention, type Keepable } from "../models/retention.ts";
import type { Clock } from "../system/clock.ts";
import { isErrno, TEMPORARY_MARK } from "../system/files.ts";
import { limitsOf, perJob } from "./keep-limits.ts";
import { logFilesOf, runFolder } from "./run-files.ts";

/** Something that retention gives back. */
export interface Pruned {
  kind: "model" | "run" | "training" | "export" | "leftover";
  name: string;
  bytes: number;
}

interface Candidate extends Keepable {
  kind: Pruned["kind"];
  /** What is deleted from the disk. */
  paths: string[];
  run?: string;
}

const LEFTOVER_AGE_MS = 24 * 3_600_000;
const RUNS_MAX = 1_000_000;

/**
 * Gives back what `retention` in cbi.yaml no longer keeps: model versions, runs with their logs and
 * reports, kept results of trainings, exports of horizons that are gone, and unfinished files. Never
 * the champion, the version before it, or anything of a run under way. Only the holder of the
 * pipeline lock may call it.
 */
export async function pruneHome(request: {
  home: Home;
  ledger: Ledger;
  clock: Clock;
  isDryRun: boolean;
}): Promise<Pruned[]> {
  const { home, ledger, clock, isDryRun } = request;
  const now = clock.now();
  const { retention } = home.config;
  const doomed = [
    ...(await modelsBeyond(home, ledger, now)),
    ...(await runsBeyond(home, ledger, now)),
    ...beyondRetention(await trainingCandidates(home), limitsOf(retention.trainings), now),
    ...(await staleExports(home)),
    ...(await leftovers(home, now)),
  ];
  if (!isDryRun) await giveBack(ledger, doomed);
  return doomed.map(({ kind, id, bytes }) => ({ kind, name: id, bytes }));
}

/**
 * Gives back the runs of one job that are too many or too old. Only the holder of that job's lock may
 * call it; `haveRunsOutgrown` says at little cost whether it is worth it.
 */
export async function pruneRunsOf(
  job: string,
  { home, ledger, nowMs }: { home: Home; ledger: Ledger; nowMs: number },
): Promise<void> {
  const candidates = await runCandidates(home, ledger, job);
  const limits = perJob(limitsOf(home.config.retention.runs));
  await giveBack(ledger, beyondRetention(candidates, limits, nowMs));
}

async function giveBack(ledger: Ledger, doomed: readonly Candidate[]): Promise<void> {
  for (const candidate of doomed) {
    // The ledger forgets first: a run without its files is worse than files without a run.
    if (candidate.run !== undefined) deleteRun(ledger, candidate.run);
    for (const target of candidate.paths) await rm(target, { recursive: true, force: true });
  }
}

async function modelsBeyond(home: Home, ledger: Ledger, now: number): Promise<Candidate[]> {
  const serving = new Set(aliases(ledger).map(nameOf));
  const groups = new Map<string, Candidate[]>();
  for (const key of await listModels(home.paths)) {
    const folder = modelFolder(home.paths, key);
    const candidate: Candidate = {
      kind: "model",
      id: nameOf(key),
      ...(await sizeAndAge([folder])),
      isProtected: serving.has(nameOf(key)),
      paths: [folder],
    };
    const group = `${key.horizon}/${key.algorithm}`;
    groups.set(group, [...(groups.get(group) ?? []), candidate]);
  }
  const limits = limitsOf(home.config.retention.models);
  return [...groups.values()].flatMap((group) => beyondRetention(group, limits, now));
}

function nameOf(key: ModelKey): string {
  return `${key.horizon}/${key.algorithm}/${key.version}`;
}

/** Too many or too old of one job, so that a busy job costs no other its history; or too large in all. */
async function runsBeyond(home: Home, ledger: Ledger, now: number): Promise<Candidate[]> {
  const limits = limitsOf(home.config.retention.runs);
  const candidates = await runCandidates(home, ledger);
  const byJob = Map.groupBy(candidates, ({ job }) => job);
  const beyond = new Set(
    [...byJob.values()].flatMap((runs) => beyondRetention(runs, perJob(limits), now)),
  );
  const left = candidates.filter((candidate) => !beyond.has(candidate));
  return [...beyond, ...beyondRetention(left, { bytes: limits.bytes }, now)];
}

async function runCandidates(
  home: Home,
  ledger: Ledger,
  job?: string,
): Promise<(Candidate & { job: string })[]> {
  const runs = newestRuns(ledger, { limit: RUNS_MAX, ...(job === undefined ? {} : { job }) });
  const newestDone = new Map<string, RunRecord>();
  for (const run of runs) {
    if (run.state === "done" && !newestDone.has(run.job)) newestDone.set(run.job, run);
  }
  const needed = new Set(
    [...newestDone.values()].flatMap((run) => [run.id, ...usedBy(ledger, run)]),
  );
  return Promise.all(
    runs.map(async (run) => {
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
        isProtected: run.state === "running" || needed.has(run.id),
        paths,
        run: run.id,
      };
    }),
  );
}

/** The runs whose finished stages a run used again: their reports are its reports. */
function usedBy(ledger: Ledger, run: RunRecord): string[] {
  return stagesOf(ledger, run.id).flatMap((stage) => stage.reusedFrom ?? []);
}

async function trainingCandidates(home: Home): Promise<Candidate[]> {
  return Promise.all(
    (await namesIn(home.paths.trainings)).map(async (name): Promise<Candidate> => {
      const file = path.join(home.paths.trainings, name);
      return {
        kind: "training",
        id: name,
        ...(await sizeAndAge([file])),
        isProtected: false,
        paths: [file],
      };
    }),
  );
}

/** Exports of horizons that cbi.yaml no longer has. */
async function staleExports(home: Home): Promise<Candidate[]> {
  const known = new Set(Object.keys(home.config.horizons));
  const stale = (await namesIn(home.paths.exports)).filter(
    (name) => !known.has(name.split(".")[0] ?? "") && !name.includes(TEMPORARY_MARK),
  );
  return Promise.all(
    stale.map((name) => candidateAt("export", path.join(home.paths.exports, name))),
  );
}

/** Unfinished files of processes that died; a living one's are younger. */
async function leftovers(home: Home, now: number): Promise<Candidate[]> {
  // Of TrainingData/ itself only what is ours: the rest of it belongs to the user.
  const warehouse = `${path.basename(home.paths.warehouse)}${TEMPORARY_MARK}`;
  const names = await namesIn(home.paths.trainingData);
  const files = names
    .filter((name) => name.startsWith(warehouse))
    .map((name) => path.join(home.paths.trainingData, name));
  for (const root of [
    home.paths.exports,
    home.paths.trainings,
    home.paths.models,
    home.paths.logs,
  ]) {
    for (const entry of await readdir(root, { recursive: true }).catch(() => [])) {
      if (path.basename(entry).includes(TEMPORARY_MARK)) files.push(path.join(root, entry));
    }
  }
  const found = await Promise.all(files.map((file) => candidateAt("leftover", file)));
  return found.filter((candidate) => now - candidate.createdMs > LEFTOVER_AGE_MS);
}

async function candidateAt(kind: Pruned["kind"], file: string): Promise<Candidate> {
  const facts = await sizeAndAge([file]);
  return { kind, id: path.basename(file), ...facts, isProtected: false, paths: [file] };
}

/** Total size, and the newest change, of files and folders; what is not there counts nothing. */
async function sizeAndAge(targets: string[]): Promise<{ bytes: number; createdMs: number }> {
  let bytes = 0;
  let createdMs = 0;
  for (const target of targets) {
    const facts = await stat(target).catch(() => undefined);
    if (!facts) continue;
    createdMs = Math.max(createdMs, facts.mtimeMs);
    if (!facts.isDirectory()) bytes += facts.size;
    else {
      const inner = await readdir(target);
      bytes += (await sizeAndAge(inner.map((name) => path.join(target, name)))).bytes;
    }
  }
  return { bytes, createdMs };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

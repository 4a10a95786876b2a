import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { parseDurationMs } from "../config/duration.ts";
import type { Home } from "../config/home.ts";
import type { Config } from "../config/schema.ts";
import { aliases } from "../ledger/champions.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { deleteRun, newestRuns, stagesOf, type RunRecord } from "../ledger/runs.ts";
import { listModels, modelFolder, type ModelKey } from "../models/registry.ts";
import { beyondRetention, type Keepable, type KeepLimits } from "../models/retention.ts";
import type { Clock } from "../system/clock.ts";
import { isErrno, TEMPORARY_MARK } from "../system/files.ts";
import { runFolder, runLogFile } from "./run-files.ts";

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
    ...beyondRetention(await runCandidates(home, ledger), limitsOf(retention.runs), now),
    ...beyondRetention(await trainingCandidates(home), limitsOf(retention.trainings), now),
    ...(await staleExports(home)),
    ...(await leftovers(home, now)),
  ];
  for (const candidate of isDryRun ? [] : doomed) {
    // The ledger forgets first: a run without its files is worse than files without a run.
    if (candidate.run !== undefined) deleteRun(ledger, candidate.run);
    for (const target of candidate.paths) await rm(target, { recursive: true, force: true });
  }
  return doomed.map(({ kind, id, bytes }) => ({ kind, name: id, bytes }));
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

async function runCandidates(home: Home, ledger: Ledger): Promise<Candidate[]> {
  const runs = newestRuns(ledger, { limit: RUNS_MAX });
  const newestDone = runs.find((run) => run.state === "done");
  const needed = new Set([newestDone?.id, ...usedBy(ledger, newestDone)]);
  return Promise.all(
    runs.map(async (run): Promise<Candidate> => {
      const paths = [
        runFolder(home.paths, run.job, run.id),
        runLogFile(home.paths, run.job, run.id),
      ];
      return {
        kind: "run",
        id: run.id,
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
function usedBy(ledger: Ledger, run: RunRecord | undefined): string[] {
  if (!run) return [];
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

function limitsOf(keep: Config["retention"]["models"]): KeepLimits {
  return {
    count: keep.count,
    ageMs: keep.age === undefined ? undefined : parseDurationMs(keep.age),
    bytes: keep.megabytes === undefined ? undefined : keep.megabytes * 1_000_000,
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Home } from "../../config/home.ts";
import { beyondRetention } from "../../models/retention.ts";
import { isTemporaryName } from "../../system/files.ts";
import { limitsOf } from "../keep-limits.ts";
import { candidateAt, isPlainFile, type Candidate } from "./candidate.ts";
import type { OwnFolders } from "./own-folders.ts";

/** An unfinished file of a living process is younger. */
const LEFTOVER_AGE_MS = 24 * 3_600_000;

/** The names under which the training keeps results. */
const TRAINING_NAME = /^[0-9a-f]{32}\.(?:json|model)$/;

/** Kept results of trainings beyond `retention.trainings`. */
export async function trainingsBeyond(
  home: Home,
  { folders, nowMs }: { folders: OwnFolders; nowMs: number },
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const name of await folders.namesIn(home.paths.trainings)) {
    const file = path.join(home.paths.trainings, name);
    if (!TRAINING_NAME.test(name) || !(await isPlainFile(file))) continue;
    candidates.push(await candidateAt("training", file));
  }
  return beyondRetention(candidates, limitsOf(home.config.retention.trainings), nowMs);
}

/** Unfinished files of processes that died. */
export async function leftovers(
  home: Home,
  { folders, nowMs }: { folders: OwnFolders; nowMs: number },
): Promise<Candidate[]> {
  const { exports, trainings, models, logs, trainingData, warehouse } = home.paths;
  // Of TrainingData/ itself only what is ours: the rest of it belongs to the user.
  const files = (await folders.namesIn(trainingData))
    .filter((name) => name.startsWith(path.basename(warehouse)) && isTemporaryName(name))
    .map((name) => path.join(trainingData, name));
  for (const root of [exports, trainings, models, logs]) {
    if (await folders.has(root)) files.push(...(await temporariesUnder(root)));
  }
  const found = await Promise.all(files.map((file) => candidateAt("leftover", file)));
  return found.filter((candidate) => nowMs - candidate.createdMs > LEFTOVER_AGE_MS);
}

/** By hand: readdir's own recursion follows links to folders. */
async function temporariesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (isTemporaryName(entry.name)) found.push(file);
    else if (entry.isDirectory()) found.push(...(await temporariesUnder(file)));
  }
  return found;
}

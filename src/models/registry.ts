import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import { hashFile, isErrno, TEMPORARY_MARK } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import { modelManifestSchema, type ModelManifest } from "./manifest.ts";

/** Which fit of which algorithm for which horizon. */
export interface ModelKey {
  horizon: string;
  algorithm: string;
  version: string;
}

/** A name that may become part of a path: no separators, no `..`, bounded. */
const SAFE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The folder of a version. Refuses names that could leave the models' folder. */
export function modelFolder(paths: HomePaths, key: ModelKey): string {
  for (const part of [key.horizon, key.algorithm, key.version]) {
    if (SAFE_NAME.test(part) && !part.includes("..")) continue;
    throw new Failure({
      code: "CBI_MODEL_NAME",
      message: `'${part}' is no horizon, algorithm or version: expected lower-case letters, digits, . _ -`,
      remedy: "List them with: cbi models list",
      exit: ExitCode.usage,
    });
  }
  return path.join(paths.models, `horizon_${key.horizon}`, key.algorithm, key.version);
}

/** Every version on disk, by horizon and algorithm, the oldest first. Unfinished folders are left out. */
export async function listModels(paths: HomePaths): Promise<ModelKey[]> {
  const keys: ModelKey[] = [];
  for (const folder of await namesIn(paths.models)) {
    if (!folder.startsWith("horizon_")) continue;
    const horizon = folder.slice("horizon_".length);
    for (const algorithm of await namesIn(path.join(paths.models, folder))) {
      for (const version of await namesIn(path.join(paths.models, folder, algorithm))) {
        if (!version.includes(TEMPORARY_MARK)) keys.push({ horizon, algorithm, version });
      }
    }
  }
  return keys;
}

/** A version's manifest; a missing or damaged one is a `Failure` that names it. */
export async function readManifest(paths: HomePaths, key: ModelKey): Promise<ModelManifest> {
  const file = path.join(modelFolder(paths, key), "manifest.json");
  try {
    return modelManifestSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new Failure({
      code: "CBI_MODEL_DAMAGED",
      message: isErrno(error, "ENOENT")
        ? `there is no model ${key.horizon} ${key.algorithm} ${key.version}`
        : `the manifest ${file} is damaged: ${messageOf(error)}`,
      remedy: "List the models with: cbi models list",
      exit: ExitCode.failed,
      cause: error,
    });
  }
}

/** What is wrong with a version's files by its manifest's hashes, or undefined. */
export async function problemWithModel(
  paths: HomePaths,
  key: ModelKey,
): Promise<string | undefined> {
  const manifest = await readManifest(paths, key);
  const folder = modelFolder(paths, key);
  for (const file of [manifest.files.model, manifest.files.out_of_fold]) {
    const hash = await hashFile(path.join(folder, file.name)).catch(() => undefined);
    if (hash === undefined) return `${file.name} is missing`;
    if (hash !== file.sha256) return `${file.name} is not what was written`;
  }
  return undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

import type { Dirent } from "node:fs";
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
const HORIZON_PREFIX = "horizon_";

/** The folder of a version. Refuses names that could leave the models' folder. */
export function modelFolder(paths: HomePaths, key: ModelKey): string {
  for (const part of [key.horizon, key.algorithm, key.version]) {
    if (isSafe(part)) continue;
    throw new Failure({
      code: "CBI_MODEL_NAME",
      message: `'${part}' is no horizon, algorithm or version: expected lower-case letters, digits, . _ -`,
      remedy: "List them with: cbi models list",
      exit: ExitCode.usage,
    });
  }
  return path.join(paths.models, `${HORIZON_PREFIX}${key.horizon}`, key.algorithm, key.version);
}

function isSafe(name: string): boolean {
  return SAFE_NAME.test(name) && !name.includes("..");
}

/** What lies under Models/. */
export interface ModelListing {
  /** By horizon and algorithm, within one in the order of the names: the as-of days. */
  keys: ModelKey[];
  /** One sentence for each name that is not ours, and is left alone. */
  warnings: string[];
}

/** Every version on disk. Unfinished folders and names that are not ours are left out. */
export async function listModels(paths: HomePaths): Promise<ModelListing> {
  const listing: ModelListing = { keys: [], warnings: [] };
  const foldersIn = async (folder: string): Promise<string[]> =>
    ourFolders(paths, folder, listing.warnings);
  for (const folder of await foldersIn(paths.models)) {
    const horizon = folder.slice(HORIZON_PREFIX.length);
    for (const algorithm of await foldersIn(path.join(paths.models, folder))) {
      for (const version of await foldersIn(path.join(paths.models, folder, algorithm))) {
        listing.keys.push({ horizon, algorithm, version });
      }
    }
  }
  return listing;
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
  const own = `${manifest.horizon} ${manifest.algorithm} ${manifest.version}`;
  if (own !== `${key.horizon} ${key.algorithm} ${key.version}`) return `it is a copy of ${own}`;
  const folder = modelFolder(paths, key);
  for (const file of [manifest.files.model, manifest.files.out_of_fold]) {
    const hash = await hashFile(path.join(folder, file.name)).catch(() => undefined);
    if (hash === undefined) return `${file.name} is missing`;
    if (hash !== file.sha256) return `${file.name} is not what was written`;
  }
  return undefined;
}

/** The folders in one of ours that may be ours too, in order; a warning for whatever else is there. */
async function ourFolders(paths: HomePaths, folder: string, warnings: string[]): Promise<string[]> {
  const isTop = folder === paths.models;
  const ours: string[] = [];
  for (const entry of await entriesOf(folder, warnings)) {
    const { name } = entry;
    const isHidden = name.startsWith(".");
    if (isHidden || name.includes(TEMPORARY_MARK)) continue;
    const part =
      isTop && name.startsWith(HORIZON_PREFIX) ? name.slice(HORIZON_PREFIX.length) : name;
    const isOurs = entry.isDirectory() && isSafe(part) && (!isTop || part !== name);
    if (isOurs) ours.push(name);
    else
      warnings.push(
        `${path.relative(paths.root, path.join(folder, name))} is no model of ours and is left alone`,
      );
  }
  return ours.sort();
}

async function entriesOf(folder: string, warnings: string[]): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (!isErrno(error, "ENOENT")) warnings.push(`${folder} cannot be read: ${messageOf(error)}`);
    return [];
  }
}

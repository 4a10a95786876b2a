import { constants } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { replayNightSchema, type ReplayNight } from "../../evaluation/replay-night.ts";
import type { Home } from "../../config/home.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import {
  exists,
  hashFile,
  publish,
  readTextIfThere,
  replaceFile,
  replaceJson,
  temporaryNameFor,
} from "../../system/files.ts";
import { homePaths, type HomePaths } from "../../system/home.ts";
import type { ReplayRange } from "./days.ts";
import { inputFiles, isInside } from "./inputs.ts";
import { duckdbSettings } from "../../warehouse/duckdb/settings.ts";
import { replayPlanSchema, type ReplayPlan } from "./plan-file.ts";

/** A replay's own home with the files beside it that make it a replay. */
export interface ReplayFolder {
  paths: HomePaths;
  plan: string;
  nights: string;
  lock: string;
  json: string;
  html: string;
}

/** Where a replay lies: the named folder, else `Replays/<from>_<to>_every-<n>` in the home. */
export function replayFolder(
  home: HomePaths,
  range: ReplayRange,
  into: string | undefined,
): ReplayFolder {
  const name = `${range.from}_${range.to}_every-${range.every}`;
  const paths = homePaths(into ?? path.join(replaysRoot(home), name));
  const at = (file: string): string => path.join(paths.root, file);
  return {
    paths,
    plan: at("replay-plan.json"),
    nights: at("replay-nights"),
    lock: at("replay.lock"),
    json: at("replay.json"),
    html: at("replay.html"),
  };
}

function replaysRoot(home: HomePaths): string {
  return path.join(home.root, "Replays");
}

/**
 * The plan of the replay in the folder; undefined where the folder is empty or not there. Throws a
 * usage `Failure` for a folder that holds anything else, since it may be somebody's home.
 */
export async function readPlan(
  folder: ReplayFolder,
  home: HomePaths,
): Promise<ReplayPlan | undefined> {
  const { root } = folder.paths;
  if (root === home.root || isInside(path.relative(root, home.root))) {
    throw notOurs(`${root} is or holds the home itself; a replay needs a folder of its own`);
  }
  const text = await readTextIfThere(folder.plan);
  if (text !== undefined) {
    const parsed = replayPlanSchema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw notOurs(`${folder.plan} is damaged or of another cbi`);
  }
  const names = (await exists(root)) ? await readdir(root) : [];
  const foreign = names.filter((name) => !isOwnName(folder, name));
  if (foreign.length === 0) return undefined;
  throw notOurs(`${root} holds no replay, and is not empty (${foreign.slice(0, 3).join(", ")})`);
}

/** The lock, and a plan that a killed process was about to publish. */
function isOwnName(folder: ReplayFolder, name: string): boolean {
  const own = [folder.lock, folder.plan].map((file) => path.basename(file));
  return own.some((prefix) => name.startsWith(prefix));
}

/** Removes a replay but for its lock, which the caller holds. The plan goes last. */
export async function clearReplay(folder: ReplayFolder): Promise<void> {
  const lock = path.basename(folder.lock);
  const plan = path.basename(folder.plan);
  for (const name of await readdir(folder.paths.root)) {
    if (name.startsWith(lock) || name === plan) continue;
    await rm(path.join(folder.paths.root, name), { recursive: true, force: true });
  }
  await rm(folder.plan, { force: true });
}

/** Writes the plan; with it the folder is a replay's. */
export async function writePlan(folder: ReplayFolder, plan: ReplayPlan): Promise<void> {
  await replaceJson(folder.plan, replayPlanSchema.parse(plan));
}

/** Keeps the default place of replays out of a home's version control. */
export async function ignoreReplays(home: HomePaths, folder: ReplayFolder): Promise<void> {
  if (path.dirname(folder.paths.root) !== replaysRoot(home)) return;
  const file = path.join(replaysRoot(home), ".gitignore");
  if (!(await exists(file))) await replaceFile(file, "# What cbi replay writes.\n*\n");
}

/**
 * Brings the user's files into the replay's home, where they stay as they were however long the
 * replay takes; a copy that is whole already stays. Files outside of TrainingData/ are read where
 * they lie. History, models and forecasts are left behind: the first night must know none.
 */
export async function copyHome(home: Home, folder: ReplayFolder): Promise<void> {
  await replaceFile(folder.paths.config, home.text);
  await mkdir(path.join(folder.paths.trainingData, relativePrepare(home)), { recursive: true });
  for (const { file } of await inputFiles(home.config, home.paths)) {
    const relative = path.relative(home.paths.trainingData, file);
    if (isInside(relative) && (await exists(file))) {
      await copyWhole(file, path.join(folder.paths.trainingData, relative));
    }
  }
}

function relativePrepare(home: Home): string {
  const folder = path.resolve(home.paths.trainingData, duckdbSettings(home.config).prepare);
  const relative = path.relative(home.paths.trainingData, folder);
  return isInside(relative) ? relative : "";
}

async function copyWhole(from: string, to: string): Promise<void> {
  if ((await exists(to)) && (await hashFile(to)) === (await hashFile(from))) return;
  await mkdir(path.dirname(to), { recursive: true });
  const temporary = temporaryNameFor(to);
  try {
    // On APFS, Btrfs and XFS a clone takes no room; elsewhere this is a copy.
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    // A copy inherits its original's mode, and what may not be written cannot be synced.
    await chmod(temporary, 0o644);
    await publish(temporary, to);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Keeps what a night left; from then on it is done. */
export async function keepNight(folder: ReplayFolder, night: ReplayNight): Promise<void> {
  await replaceJson(nightFile(folder, night.as_of), replayNightSchema.parse(night));
}

/** The nights among `days` that are done, in order. A damaged file counts as not done. */
export async function keptNights(
  folder: ReplayFolder,
  days: readonly string[],
): Promise<ReplayNight[]> {
  const nights: ReplayNight[] = [];
  for (const day of days) {
    const text = await readTextIfThere(nightFile(folder, day));
    const parsed = replayNightSchema.safeParse(parseJson(text ?? "null"));
    if (parsed.success && parsed.data.as_of === day) nights.push(parsed.data);
  }
  return nights;
}

function nightFile(folder: ReplayFolder, day: string): string {
  return path.join(folder.nights, `${z.iso.date().parse(day)}.json`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notOurs(message: string): Failure {
  return new Failure({
    code: "CBI_REPLAY_FOLDER",
    message,
    remedy: "Name an empty or a new folder with --into DIR.",
    exit: ExitCode.usage,
  });
}

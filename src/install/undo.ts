import { existsSync, readdirSync, statSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { endLinger } from "../host/systemd/linger.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { currentLink } from "./app/current.ts";
import { versionsInUse } from "./app/in-use.ts";
import { versionsFolder } from "./app/place-version.ts";
import type { ApplyWorld } from "./apply.ts";
import { recordFile, writeRecord, type InstallRecord } from "./record.ts";
import { registrarOf } from "./registrars.ts";

export interface UndoOptions {
  /** Whether to keep what the scheduler's programs have printed. */
  keepsData: boolean;
  /** Whether to go on while runs are under way. */
  isForced: boolean;
}

export interface UndoWorld extends Omit<ApplyWorld, "source"> {
  /** Called when all else is gone, for what the caller itself keeps in the app folder. */
  lastly: () => void;
}

/** Everything that an uninstallation takes away, in the order in which it goes. */
export function undoPaths(
  appFolder: string,
  record: InstallRecord,
  { keepsData }: Pick<UndoOptions, "keepsData">,
): string[] {
  const kept = keepsData ? record.folders.filter(isLogs) : [];
  // The deepest first: a folder goes after what lies in it.
  const folders = record.folders
    .filter((folder) => !kept.some((one) => one.startsWith(folder)))
    .sort((left, right) => right.length - left.length);
  return [
    ...record.files.map(({ path: file }) => file),
    ...folders,
    currentLink(appFolder),
    versionsFolder(appFolder),
    recordFile(appFolder),
  ].filter((target) => existsSync(target) || target === currentLink(appFolder));
}

/**
 * Takes an installation away: units, files, folders, the program. The home and the workers' environment
 * stay. Interrupted, the same command goes on. Throws `CBI_RUN_UNDER_WAY` when runs are, and
 * `CBI_RESIDUE` when the scheduler still knows a unit at the end.
 */
export async function undoInstall(
  appFolder: string,
  record: InstallRecord,
  options: UndoOptions,
  world: UndoWorld,
): Promise<void> {
  const { say } = world;
  const running = versionsInUse(appFolder);
  if (running.length > 0 && !options.isForced) throw underWay();
  const registrar = registrarOf(record.host, record.scope, world);
  await registrar.mustAnswer();
  await writeRecord(appFolder, { ...record, state: "removing" });
  await registrar.unregister(record.units);
  const targets = undoPaths(appFolder, record, options);
  for (const target of targets.filter((one) => one !== recordFile(appFolder))) {
    await remove(target, appFolder, record);
    say(`removed ${target}`);
  }
  await registrar.forgetFiles(record.units);
  if (record.linger) {
    const { username } = os.userInfo();
    await endLinger(username, world);
    say(`disabled lingering of ${username}, which the installation had enabled`);
  }
  const left = (await registrar.read(record.units)).filter(({ isLoaded }) => isLoaded);
  if (left.length > 0) throw residue(left.map(({ name }) => name));
  await rm(recordFile(appFolder), { force: true });
  world.lastly();
  await removeIfEmpty(appFolder);
}

/** A folder outside of ours goes when nothing is left in it, unless our programs have printed there. */
async function remove(target: string, appFolder: string, record: InstallRecord): Promise<void> {
  const isFolder = record.folders.includes(target);
  const isOurs = target.startsWith(`${appFolder}${path.sep}`) || isLogs(target);
  if (isFolder && !isOurs) await removeIfEmpty(target);
  else await rm(target, { recursive: true, force: true });
}

async function removeIfEmpty(folder: string): Promise<void> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return;
  if (readdirSync(folder).length === 0) await rmdir(folder);
}

function isLogs(folder: string): boolean {
  return path.basename(folder) === "logs" || folder.endsWith("/Logs/cbi");
}

function underWay(): Failure {
  return new Failure({
    code: "CBI_RUN_UNDER_WAY",
    message: "a run of this installation is under way",
    remedy: "Wait for its end (cbi status), or end it with: cbi uninstall --force",
    exit: ExitCode.lockHeld,
  });
}

function residue(units: readonly string[]): Failure {
  return new Failure({
    code: "CBI_RESIDUE",
    message: `everything was removed, and the scheduler still has ${units.join(", ")}`,
    remedy: "Run it again: cbi uninstall",
    exit: ExitCode.failed,
  });
}

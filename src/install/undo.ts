import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ownDisk, type HostDisk } from "../host/disk.ts";
import { endLinger } from "../host/systemd/linger.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { currentLink } from "./app/current.ts";
import { sweepApp } from "./app/sweep.ts";
import { versionsInUse } from "./app/in-use.ts";
import { versionsFolder } from "./app/place-version.ts";
import type { ApplyWorld } from "./apply.ts";
import { clearLeftProbe } from "./probe/left.ts";
import { recordFile, writeRecord, type InstallRecord } from "./record.ts";
import { diskOf, registrarOf, stagingFolder } from "./registrars.ts";
import { cancelWakes, isWakeUnit, withdrawWakes } from "./wake/place-wakes.ts";

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

const LOOK_MS = 5_000;
const POLL_MS = 250;

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
    stagingFolder(appFolder),
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
  if (!options.isForced && (await staysInUse(appFolder, world))) throw underWay();
  const { host, scope } = record;
  const registrar = registrarOf(host, scope, world);
  const disk = diskOf({ host, scope, appFolder }, world);
  await registrar.mustAnswer();
  await writeRecord(appFolder, { ...record, state: "removing" });
  await clearLeftProbe(record, appFolder, world);
  const hasWakes = record.units.some(isWakeUnit);
  if (hasWakes) await withdrawWakes(world);
  await registrar.unregister(record.units);
  if (hasWakes) await cancelWakes(world);
  const targets = undoPaths(appFolder, record, options);
  // Beside a file that was never finished there may be a part of it, which would keep its folder.
  for (const { path: file } of record.files) await disk.removeFile(file);
  for (const target of targets.filter((one) => one !== recordFile(appFolder))) {
    await remove(disk, target, appFolder, record);
    say(existsSync(target) ? `left ${target}: something else is in it` : `removed ${target}`);
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
  await sweepApp(appFolder);
  world.lastly();
  await ownDisk.removeFolderIfEmpty(appFolder);
}

/** The watchdog's look is over in seconds, and no reason to refuse. */
async function staysInUse(appFolder: string, { clock, signal }: UndoWorld): Promise<boolean> {
  const endMs = clock.monotonic() + LOOK_MS;
  while (versionsInUse(appFolder).length > 0) {
    if (clock.monotonic() > endMs) return true;
    await clock.sleep(POLL_MS, signal);
  }
  return false;
}

/** A folder outside of ours goes when nothing is left in it, unless our programs have printed there. */
async function remove(
  disk: HostDisk,
  target: string,
  appFolder: string,
  record: InstallRecord,
): Promise<void> {
  const isFolder = record.folders.includes(target);
  const isOurs = target.startsWith(`${appFolder}${path.sep}`) || isLogs(target);
  if (record.files.some(({ path: file }) => file === target)) await disk.removeFile(target);
  else if (isFolder && !isOurs) await disk.removeFolderIfEmpty(target);
  else await rm(target, { recursive: true, force: true });
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

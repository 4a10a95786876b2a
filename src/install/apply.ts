import { rm } from "node:fs/promises";
import path from "node:path";
import type { HostDisk } from "../host/disk.ts";
import type { HostUnit } from "../host/hosted-home.ts";
import type { Registrar, RegisteredUnit, RegistrarWorld } from "../host/registrar.ts";
import { ensureLinger } from "../host/systemd/linger.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { Volume } from "../system/volume.ts";
import { currentVersion, moveCurrent, removeOldVersions } from "./app/current.ts";
import { findVersion, placeVersion, type VersionSource } from "./app/place-version.ts";
import { sweepApp } from "./app/sweep.ts";
import { bytesOf } from "./look.ts";
import { recordOf, union, unitsGone } from "./next-record.ts";
import type { Prepared } from "./prepare.ts";
import { writeRecord } from "./record.ts";
import { diskOf, registrarOf, stagingFolder } from "./registrars.ts";
import {
  cancelWakes,
  isWakeUnit,
  placeWakes,
  readBackWakes,
  withdrawWakes,
} from "./wake/place-wakes.ts";

export interface ApplyWorld extends RegistrarWorld {
  /** The volume that the home lies on, to be known again. */
  volume?: Volume | undefined;
  source: VersionSource;
  /** Told of each step as it is done. */
  say: (message: string) => void;
}

/** What an installation has left, as the scheduler itself says it. */
export interface Applied {
  version: string;
  units: RegisteredUnit[];
  /** What came out besides, a sentence each. */
  remarks: string[];
}

/** Whether everything is as planned already: program, files, units. Nothing is written. */
export async function isInPlace(prepared: Prepared, world: ApplyWorld): Promise<boolean> {
  const { plan, comparison, record, machine } = prepared;
  if (record?.state !== "installed" || record.fingerprint !== plan.fingerprint) return false;
  if (comparison.removes.length > 0) return false;
  if (comparison.files.some(({ change }) => change !== "none")) return false;
  const version = await findVersion(machine.appFolder, world.source);
  if (!version.isThere || (await currentVersion(machine.appFolder)) !== version.name) return false;
  const registrar = registrarOf(plan.host, plan.home.scope, world);
  const units = await registrar.read(plan.units);
  return units.every(isWell);
}

/**
 * Installs a plan, each step repeatable: the program, a record of what is about to be written, the
 * files, the scheduler's units. At the end the scheduler is asked what it really has. After a
 * failure or a kill the same command goes on, and an uninstallation takes away what is there.
 */
export async function applyPlan(prepared: Prepared, world: ApplyWorld): Promise<Applied> {
  const { plan, machine, record } = prepared;
  const { host, home, units, files } = plan;
  const { appFolder } = machine;
  const registrar = registrarOf(host, home.scope, world);
  const disk = diskOf({ host, scope: home.scope, appFolder }, world);

  await registrar.mustAnswer();
  const version = await place(prepared, world);
  const next = { ...recordOf(prepared, version), ...(world.volume && { volume: world.volume }) };
  await writeRecord(appFolder, { ...union(next, record), state: "installing" });
  await moveCurrent(appFolder, version);
  const changed = await writeFiles(disk, prepared, world);
  await placeWakes(plan, world);
  await removeFormer({ registrar, disk }, prepared, world);
  // What an interrupted installation wrote, the scheduler may not have been told of.
  const untold = record && record.state !== "installed" ? files.map(({ path }) => path) : [];
  await registrar.register(units, files, new Set([...changed, ...untold]));
  const linger = await lingerFor(prepared, world);
  const registered = await readBack(registrar, units);
  const isLingerOurs = linger === "enabled" || record?.linger === true;
  await writeRecord(appFolder, { ...next, linger: isLingerOurs });
  await sweep(appFolder, world);

  const remarks = await readBackWakes(plan, world);
  if (linger === "refused") remarks.push(lingerRemark(home.account.name));
  return { version, units: registered, remarks };
}

async function place({ machine }: Prepared, world: ApplyWorld): Promise<string> {
  const { name, isNew } = await placeVersion(machine.appFolder, world.source, world.signal);
  if (isNew) world.say(`placed ${path.join(machine.appFolder, "versions", name)}`);
  return name;
}

function lingerRemark(user: string): string {
  return `the timers run only while ${user} is logged in; for always, as root: loginctl enable-linger ${user}`;
}

/** Writes what differs, and gives the paths of it. */
async function writeFiles(
  disk: HostDisk,
  { plan, comparison }: Prepared,
  { say }: ApplyWorld,
): Promise<Set<string>> {
  for (const folder of plan.folders) await disk.makeFolder(folder);
  const changed = new Set<string>();
  for (const { file, change } of comparison.files) {
    if (change === "none") continue;
    await disk.write(file, bytesOf(file));
    changed.add(file.path);
    say(`wrote ${file.path}`);
  }
  return changed;
}

/** Takes away what an earlier installation had and this plan has no more. */
async function removeFormer(
  { registrar, disk }: { registrar: Registrar; disk: HostDisk },
  prepared: Prepared,
  world: ApplyWorld,
): Promise<void> {
  const gone = unitsGone(prepared);
  const hasWakes = gone.some(isWakeUnit);
  if (hasWakes) await withdrawWakes(world);
  if (gone.length > 0) await registrar.unregister(gone);
  if (hasWakes) await cancelWakes(world);
  for (const file of prepared.comparison.removes) {
    await disk.removeFile(file);
    world.say(`removed ${file}`);
  }
  if (gone.length > 0) await registrar.forgetFiles(gone);
}

/** Takes away what nothing needs any more, of this installation and of interrupted ones. */
async function sweep(appFolder: string, { say }: ApplyWorld): Promise<void> {
  for (const old of await removeOldVersions(appFolder)) say(`removed version ${old}`);
  await rm(stagingFolder(appFolder), { recursive: true, force: true });
  await sweepApp(appFolder);
}

async function lingerFor(
  { plan }: Prepared,
  world: ApplyWorld,
): Promise<"already" | "enabled" | "refused" | undefined> {
  if (plan.host !== "systemd" || plan.home.scope !== "user") return undefined;
  return ensureLinger(plan.home.account.name, world);
}

async function readBack(
  registrar: Registrar,
  units: readonly HostUnit[],
): Promise<RegisteredUnit[]> {
  const found = await registrar.read(units);
  const bad = found.filter((unit) => !isWell(unit)).map(faultOf);
  if (bad.length === 0) return found;
  throw new Failure({
    code: "CBI_HOST_READBACK",
    message: `the files are in place, and the scheduler does not have ${bad.join(", ")} as it was told`,
    remedy: "Look at it there, then the same command again: cbi install",
    exit: ExitCode.failed,
  });
}

function isWell({ isLoaded, isEnabled, differs }: RegisteredUnit): boolean {
  return isLoaded && isEnabled && differs === undefined;
}

function faultOf({ name, isLoaded, isEnabled, differs }: RegisteredUnit): string {
  if (!isLoaded) return `${name} (not loaded)`;
  if (differs) return `${name} (another ${differs.join(", ")})`;
  return isEnabled ? name : `${name} (disabled)`;
}

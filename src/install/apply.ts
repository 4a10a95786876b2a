import { chmod, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { HostFile, HostUnit } from "../host/hosted-home.ts";
import type { Registrar, RegisteredUnit, RegistrarWorld } from "../host/registrar.ts";
import { ensureLinger } from "../host/systemd/linger.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { replaceFile } from "../system/files.ts";
import type { Volume } from "../system/volume.ts";
import { currentVersion, moveCurrent, removeOldVersions } from "./app/current.ts";
import { findVersion, placeVersion, type VersionSource } from "./app/place-version.ts";
import { bytesOf, hashOf } from "./look.ts";
import type { Prepared } from "./prepare.ts";
import { writeRecord, type InstallRecord } from "./record.ts";
import { registrarOf } from "./registrars.ts";

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
  const { say, signal } = world;
  const registrar = registrarOf(plan.host, plan.home.scope, world);
  await registrar.mustAnswer();
  const { name, isNew } = await placeVersion(machine.appFolder, world.source, signal);
  if (isNew) say(`placed ${path.join(machine.appFolder, "versions", name)}`);
  const next = { ...recordOf(prepared, name), ...(world.volume && { volume: world.volume }) };
  await writeRecord(machine.appFolder, { ...union(next, record), state: "installing" });
  await moveCurrent(machine.appFolder, name);
  const changed = await writeFiles(prepared, say);
  const gone = unitsGone(prepared);
  if (gone.length > 0) await registrar.unregister(gone);
  for (const file of prepared.comparison.removes) {
    await rm(file, { force: true });
    say(`removed ${file}`);
  }
  if (gone.length > 0) await registrar.forgetFiles(gone);
  // What an interrupted installation wrote, the scheduler may not have been told of.
  const untold = record && record.state !== "installed" ? plan.files.map(({ path }) => path) : [];
  await registrar.register(plan.units, plan.files, new Set([...changed, ...untold]));
  const linger = await lingerFor(prepared, world);
  const units = await readBack(registrar, plan.units);
  const isLingerOurs = linger === "enabled" || record?.linger === true;
  await writeRecord(machine.appFolder, { ...next, linger: isLingerOurs });
  for (const old of await removeOldVersions(machine.appFolder)) say(`removed version ${old}`);
  const remarks = linger === "refused" ? [lingerRemark(plan.home.account.name)] : [];
  return { version: name, units, remarks };
}

function lingerRemark(user: string): string {
  return `the timers run only while ${user} is logged in; for always, as root: loginctl enable-linger ${user}`;
}

function recordOf({ plan, record }: Prepared, version: string): InstallRecord {
  return {
    schema: 1,
    state: "installed",
    host: plan.host,
    scope: plan.home.scope,
    home: plan.home.root,
    version,
    fingerprint: plan.fingerprint,
    folders: plan.folders.map(({ path: folder }) => folder),
    files: plan.files.map((file) => ({ path: file.path, hash: hashOf(file) })),
    units: plan.units,
    linger: record?.linger === true,
  };
}

/** Everything of both, so that whoever finds it knows all that may be there. */
function union(next: InstallRecord, former: InstallRecord | undefined): InstallRecord {
  if (!former) return next;
  const files = new Map([...former.files, ...next.files].map((file) => [file.path, file]));
  const units = new Map([...former.units, ...next.units].map((unit) => [unit.name, unit]));
  return {
    ...next,
    folders: [...new Set([...former.folders, ...next.folders])],
    files: [...files.values()],
    units: [...units.values()],
  };
}

async function writeFiles(
  { plan, comparison }: Prepared,
  say: (message: string) => void,
): Promise<Set<string>> {
  for (const { path: folder, mode } of plan.folders) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, mode);
  }
  const changed = new Set<string>();
  for (const { file, change } of comparison.files) {
    if (change === "none") continue;
    await writeFile(file);
    changed.add(file.path);
    say(`wrote ${file.path}`);
  }
  return changed;
}

async function writeFile(file: HostFile): Promise<void> {
  await replaceFile(file.path, bytesOf(file));
  // The mode that a file is made with passes through the umask of whoever installs.
  await chmod(file.path, file.mode);
}

function unitsGone({ plan, record }: Prepared): HostUnit[] {
  const planned = new Set(plan.units.map(({ name }) => name));
  return record?.units.filter(({ name }) => !planned.has(name)) ?? [];
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
  const bad = found.filter((unit) => !isWell(unit)).map(({ name }) => name);
  if (bad.length === 0) return found;
  throw new Failure({
    code: "CBI_HOST_READBACK",
    message: `the files are in place, and the scheduler does not have ${bad.join(", ")} as it was told`,
    remedy: "Look at it there, then the same command again: cbi install",
    exit: ExitCode.failed,
  });
}

function isWell({ isLoaded, isEnabled }: RegisteredUnit): boolean {
  return isLoaded && isEnabled;
}

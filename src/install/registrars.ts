import path from "node:path";
import { crontabRegistrar } from "../host/cron/crontab.ts";
import { ownDisk, type HostDisk } from "../host/disk.ts";
import { launchctlRegistrar } from "../host/launchd/launchctl.ts";
import { rootBySudo, type Root } from "../host/root.ts";
import { rootDisk } from "../host/root-disk.ts";
import type { HostScope } from "../host/hosted-home.ts";
import type { Registrar, RegistrarWorld } from "../host/registrar.ts";
import { systemctlRegistrar } from "../host/systemd/systemctl.ts";
import { schtasksRegistrar } from "../host/windows/schtasks.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { HostName } from "./machine.ts";

/**
 * How this machine's scheduler is told. Throws `CBI_HOST_UNSUPPORTED` for one that it has not, rather than
 * leave half of an installation.
 */
export function registrarOf(host: HostName, scope: HostScope, world: RegistrarWorld): Registrar {
  if (process.platform === "linux") {
    if (host === "systemd") return systemctlRegistrar(scope, rooted(scope, world));
    if (host === "cron") return crontabRegistrar(scope, world);
  }
  if (process.platform === "darwin" && host === "launchd") {
    if (scope === "user") return launchctlRegistrar(`gui/${process.getuid?.() ?? 0}`, world);
    return launchctlRegistrar("system", world, { root: rootOf(world) });
  }
  if (process.platform === "win32" && host === "windows") return schtasksRegistrar(world);
  throw new Failure({
    code: "CBI_HOST_UNSUPPORTED",
    message: host === "windows" ? "this machine is not Windows" : `this machine has no ${host}`,
    remedy: `Write its files with: cbi install --dry-run --host ${host} --render DIR; without a scheduler: cbi daemon`,
    exit: ExitCode.failed,
  });
}

/** The world with root's hands, where a process that is not root changes what is the machine's. */
export function rooted(scope: HostScope, world: RegistrarWorld): RegistrarWorld {
  const isOwn = scope === "user" || process.getuid?.() === 0;
  return isOwn || hasNoRoot() ? world : { ...world, root: rootOf(world) };
}

/** On Windows the whole process is an administrator's, or nothing of it is. */
function hasNoRoot(): boolean {
  return process.platform === "win32";
}

function rootOf(world: RegistrarWorld): Root {
  return world.root ?? rootBySudo(world);
}

/** How its files are put in place: root's by root's commands, else as this process may. */
export function diskOf(
  { host, scope, appFolder }: { host: HostName; scope: HostScope; appFolder: string },
  world: RegistrarWorld,
): HostDisk {
  if (scope !== "system" || hasNoRoot()) return ownDisk;
  if (host !== "launchd" && process.getuid?.() === 0) return ownDisk;
  return rootDisk(rootOf(world), stagingFolder(appFolder), world);
}

/** Where files lie that root is about to copy; of an interrupted installation it may be left. */
export function stagingFolder(appFolder: string): string {
  return path.join(appFolder, "staging");
}

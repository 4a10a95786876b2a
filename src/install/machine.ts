import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { HostScope } from "../host/hosted-home.ts";
import { appFolder } from "../system/app-folder.ts";
import { zoneNamed, type Zone } from "../schedule/zone.ts";

export const HOST_NAMES = ["launchd", "systemd", "cron", "windows"] as const;

/** The schedulers that `cbi` can be installed in. */
export type HostName = (typeof HOST_NAMES)[number];

/** The machine that is installed on, or in a rendering the one that is imagined. */
export interface Machine {
  account: { name: string; folder: string };
  appFolder: string;
  /** Its own zone, and the release of the zone data by which it is known. */
  zone: Zone;
  zoneData: string;
  /** Whether it is this very machine, so that what exists on it can be looked at. */
  isThis: boolean;
  /** Whether this process may write what is root's. */
  isRoot: boolean;
  /** Whether its scheduler can wake it; of an imagined machine, what its kind can. */
  canWake: boolean;
}

const PLATFORMS: Readonly<Record<HostName, NodeJS.Platform>> = {
  launchd: "darwin",
  systemd: "linux",
  cron: "linux",
  windows: "win32",
};

/**
 * What is known of the machine for a host. For another system's host, the user's name is kept and
 * their folder is where that system would have it.
 */
export function machineFor(
  host: HostName,
  environment: Readonly<Record<string, string | undefined>>,
): Machine {
  const platform = PLATFORMS[host];
  const username = userName(environment);
  const isThis = platform === process.platform;
  const folder = isThis ? os.homedir() : foreignFolder(platform, username);
  const known = isThis ? environment : {};
  return {
    account: { name: username, folder },
    appFolder: appFolder({ environment: known, platform, userFolder: folder }),
    ...ownZone(),
    isThis,
    isRoot: process.getuid?.() === 0,
    canWake: host !== "cron" && (!isThis || platform !== "linux" || hasWakeAlarm()),
  };
}

/** The scheduler that this machine has: sd_booted(3) says how systemd is known. */
export function ownHost(): HostName {
  if (process.platform === "darwin") return "launchd";
  if (process.platform === "win32") return "windows";
  return existsSync("/run/systemd/system") ? "systemd" : "cron";
}

/**
 * Whose scheduler is told where nobody says: a Mac's is the machine's own, since an agent does not run
 * before its user logs in; on Linux whoever is not root has a scheduler of their own.
 */
export function defaultScope(host: HostName, machine: Machine): HostScope {
  const isLinux = PLATFORMS[host] === "linux";
  return isLinux && machine.isThis && !machine.isRoot ? "user" : "system";
}

/** A container may run as a number that no user has. */
function userName(environment: Readonly<Record<string, string | undefined>>): string {
  try {
    return os.userInfo().username;
  } catch {
    return environment["USER"] || `${process.getuid?.() ?? "nobody"}`;
  }
}

function foreignFolder(platform: NodeJS.Platform, user: string): string {
  if (platform === "darwin") return user === "root" ? "/var/root" : `/Users/${user}`;
  if (platform === "win32") return path.win32.join("C:\\Users", user);
  return user === "root" ? "/root" : `/home/${user}`;
}

/** CAP_WAKE_ALARM of capabilities(7), among those that the first process may ever have. */
const WAKE_ALARM_BIT = 35n;

/** A timer that wakes needs a clock that can, and a manager that may set its alarm (timerfd_create(2)). */
function hasWakeAlarm(): boolean {
  if (!existsSync("/sys/class/rtc/rtc0")) return false;
  try {
    const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/1/status", "utf8"))?.[1];
    return ((BigInt(`0x${bounding ?? "0"}`) >> WAKE_ALARM_BIT) & 1n) === 1n;
  } catch {
    return false;
  }
}

/** The zone of this machine, and the release of the zone data that Node knows it by. */
export function ownZone(): { zone: Zone; zoneData: string } {
  const named = zoneNamed(new Intl.DateTimeFormat("en").resolvedOptions().timeZone);
  const zone = named ?? zoneNamed("UTC");
  if (!zone) throw new Error("this Node carries no time zone data");
  return { zone, zoneData: process.versions["tz"] ?? "unknown" };
}

import { cronFiles } from "../host/cron/cron-files.ts";
import { homeFingerprint } from "../host/fingerprint.ts";
import type { HostedHome, HostFiles } from "../host/hosted-home.ts";
import type { PowerSchedule } from "../host/launchd/pmset/sched-text.ts";
import { launchdFiles } from "../host/launchd/launchd-files.ts";
import { systemdFiles } from "../host/systemd/systemd-files.ts";
import { windowsFiles } from "../host/windows/windows-files.ts";
import { slotsBetween } from "../schedule/slots.ts";
import type { HostName } from "./machine.ts";

/** An instant at which the machine is to be awake. */
export interface PlannedWake {
  job: string;
  slot: string;
  atMs: number;
}

/** Everything that an installation puts in place, before anything is looked at or touched. */
export interface InstallPlan extends HostFiles {
  host: HostName;
  home: HostedHome;
  fingerprint: string;
  wakes: PlannedWake[];
  /** What this very machine is scheduled to do by itself already, where it says so. */
  power?: PowerSchedule;
}

const DAY_MS = 86_400_000;
/** Wakes are set for so long ahead, and set again before they end. */
const WAKES_DAYS = 14;
const WAKES_MAX = 32;

/** The plan of an installation: a function of the description, without a look at the machine. */
export function planInstall(host: HostName, home: HostedHome, nowMs: number): InstallPlan {
  const files = FILES[host](home);
  return {
    ...files,
    remarks: [...files.remarks, ...remarksOn(home)],
    host,
    home,
    fingerprint: homeFingerprint(home),
    wakes: wakesOf(home, nowMs),
  };
}

const FILES: Readonly<Record<HostName, (home: HostedHome) => HostFiles>> = {
  launchd: launchdFiles,
  systemd: systemdFiles,
  cron: cronFiles,
  windows: windowsFiles,
};

function remarksOn({ account }: HostedHome): string[] {
  if (account.name !== "root") return [];
  return [
    "The jobs would run as root, which none of them needs: install as the user whose home it is.",
  ];
}

function wakesOf(home: HostedHome, nowMs: number): PlannedWake[] {
  const waking = home.jobs.filter(({ power }) => power.wake);
  const found = waking.flatMap(({ name, schedule }) => {
    const slots: PlannedWake[] = [];
    for (const slot of slotsBetween(schedule, nowMs, nowMs + WAKES_DAYS * DAY_MS)) {
      slots.push({ job: name, slot: slot.name, atMs: slot.dueMs });
      if (slots.length >= WAKES_MAX) break;
    }
    return slots;
  });
  return found.sort((left, right) => left.atMs - right.atMs).slice(0, WAKES_MAX);
}

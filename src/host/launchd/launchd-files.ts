import { build } from "plist";
import type { HostedHome, HostFile, HostFiles, HostFolder } from "../hosted-home.ts";
import type { ProbeRequest } from "../probe.ts";
import { jobPlist, probePlist, watchdogPlist, type LaunchdPlist } from "./job-plist.ts";
import { protectedFolder } from "./protected-folder.ts";
import { logsFolder, plistFile, startsFolder } from "./names.ts";
import { hasWakeDaemon, wakeFiles, wakePlist, wakeUnit, type WakePlist } from "./wake/daemon.ts";

/**
 * All that launchd needs for a home: a property list for each job and for the watchdog, and the
 * folders that they name. launchd takes a list only when it is its owner's alone to write: root's in
 * the system domain (launchctl(1)).
 */
export function launchdFiles(home: HostedHome): HostFiles {
  const plists = [...home.jobs.map((job) => jobPlist(home, job)), watchdogPlist(home)];
  const domain = home.scope === "system" ? "system" : "gui";
  // Before its program and its list are there, the daemon must not be started.
  const wake = hasWakeDaemon(home)
    ? { ...wakeFiles(), plists: [wakePlist()], units: [wakeUnit(home)] }
    : { folders: [], files: [], plists: [], units: [] };
  return {
    folders: [...folders(home), ...wake.folders],
    files: [...wake.files, ...[...plists, ...wake.plists].map((plist) => file(home, plist))],
    units: [
      ...plists.map(({ Label }) => ({ name: Label, domain, file: plistFile(home, Label) })),
      ...wake.units,
    ],
    remarks: remarks(home),
  };
}

/** The property list of a look from within launchd, where those of jobs are. */
export function probeFile(home: HostedHome, request: ProbeRequest): HostFile {
  return file(home, probePlist(home, request));
}

/** The text of a property list, as XML. */
export function plistText(plist: LaunchdPlist | WakePlist): string {
  return `${build({ ...plist })}\n`;
}

function file(home: HostedHome, plist: LaunchdPlist | WakePlist): HostFile {
  return {
    path: plistFile(home, plist.Label),
    mode: 0o644,
    owner: home.scope === "system" ? "root" : "user",
    content: plistText(plist),
    encoding: "utf8",
  };
}

function folders(home: HostedHome): HostFolder[] {
  const starts = [startsFolder(home), ...home.jobs.map(({ name }) => startsFolder(home, name))];
  return [logsFolder(home), ...starts].map((path) => ({ path, mode: 0o700, owner: "user" }));
}

function remarks({ scope, root, account, jobs }: HostedHome): string[] {
  const found: string[] = [];
  if (scope === "user") {
    found.push("Nothing starts before this user has logged in.");
    if (jobs.some(({ power }) => power.wake)) {
      found.push("Nothing wakes the Mac: that needs an installation in the machine's own launchd.");
    }
  }
  const folder = protectedFolder(root, account.folder);
  if (folder !== undefined) {
    found.push(
      `macOS keeps what it starts by itself out of ${folder}: without Full Disk Access for the installed Node every run is refused.`,
    );
  }
  if (root.startsWith("/Volumes/")) {
    found.push("The home lies on an external volume: runs fail while it is not mounted.");
  }
  return found;
}

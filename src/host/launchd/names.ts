import path from "node:path";
import type { HostedHome } from "../hosted-home.ts";
import { PROBE_NAME } from "../probe.ts";

export const WATCHDOG_LABEL = "com.cbi.watchdog";
export const PROBE_LABEL = `com.cbi.${PROBE_NAME}`;

/** The label by which launchd knows a job. */
export function jobLabel(job: string): string {
  return `com.cbi.${job}`;
}

/** Where launchd looks for what it loads at boot, or at the user's login. */
export function plistFile({ scope, account }: HostedHome, label: string): string {
  const library = scope === "system" ? "/Library" : path.posix.join(account.folder, "Library");
  const folder = scope === "system" ? "LaunchDaemons" : "LaunchAgents";
  return path.posix.join(library, folder, `${label}.plist`);
}

/**
 * The folder that starts a job when a file appears in it; without a job, the folder of all of them.
 * It lies on the system's own volume: a home may lie on a drive that is not there.
 */
export function startsFolder({ program }: HostedHome, job = ""): string {
  return path.posix.join(program.appFolder, "starts", job);
}

export function logsFolder({ account }: HostedHome): string {
  return path.posix.join(account.folder, "Library", "Logs", "cbi");
}

/**
 * Where launchd puts what a program prints. Not in the home: launchd starts nothing at all when it
 * cannot open the file, as on a drive that is not there or in a folder that privacy protects, and
 * leaves no word but the exit status 78.
 */
export function logFile(home: HostedHome, label: string): string {
  return path.posix.join(logsFolder(home), `${label}.log`);
}

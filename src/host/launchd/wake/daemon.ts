import path from "node:path";
import type { HostedHome, HostFile, HostFiles } from "../../hosted-home.ts";
import { plistFile } from "../names.ts";
import { instantsText } from "./instants.ts";
import { WAKE_OWNER, wakeScript, type WakePaths } from "./script.ts";

/** What launchd is told of the daemon that sets wakes; it runs as root, which pmset(1) needs. */
export interface WakePlist {
  Label: string;
  ProgramArguments: string[];
  RunAtLoad: boolean;
  StartInterval: number;
  ThrottleInterval: number;
  ProcessType: "Background";
}

/** Root's alone, up to the root of the disk: whoever may write here is root. */
export const WAKE_FOLDER = "/Library/Application Support/cbi";

export const WAKE_PATHS: WakePaths & { script: string } = {
  script: path.posix.join(WAKE_FOLDER, "set-wakes"),
  list: path.posix.join(WAKE_FOLDER, "wakes"),
  report: path.posix.join(WAKE_FOLDER, "wakes-report"),
  pmset: "/usr/bin/pmset",
  date: "/bin/date",
  dd: "/bin/dd",
  tr: "/usr/bin/tr",
};

/**
 * How often the list is looked at while the Mac is awake. What is set reaches days ahead, so nothing hangs on
 * the minute; a folder that is watched would be the user's, and root's program should touch nothing there.
 */
const LOOK_SECONDS = 300;
const THROTTLE_SECONDS = 10;

/** Whether a home has its Mac woken: by a daemon, which only the machine's own domain may have. */
export function hasWakeDaemon({ scope, jobs }: HostedHome): boolean {
  return scope === "system" && jobs.some(({ power }) => power.wake);
}

/** What launchd is told of the daemon. */
export function wakePlist(): WakePlist {
  return {
    Label: WAKE_OWNER,
    ProgramArguments: ["/bin/sh", WAKE_PATHS.script],
    RunAtLoad: true,
    StartInterval: LOOK_SECONDS,
    ThrottleInterval: THROTTLE_SECONDS,
    ProcessType: "Background",
  };
}

/**
 * What the daemon consists of besides its property list. Everything lies in a folder of root's; the list in it
 * belongs to the user, who can write in it and cannot put another file, a link or a pipe in its place.
 */
export function wakeFiles(): Pick<HostFiles, "folders" | "files"> {
  const { script, list, report } = WAKE_PATHS;
  const root = { owner: "root", encoding: "utf8" } as const;
  const files: HostFile[] = [
    { ...root, path: script, mode: 0o755, content: wakeScript(WAKE_PATHS) },
    { ...root, path: list, mode: 0o644, owner: "user", content: instantsText([]), isKept: true },
    { ...root, path: report, mode: 0o644, content: "at 0\nnever ran\n", isKept: true },
  ];
  return { folders: [{ path: WAKE_FOLDER, mode: 0o755, owner: "root" }], files };
}

export function wakeUnit(home: HostedHome): HostFiles["units"][number] {
  return { name: WAKE_OWNER, domain: "system", file: plistFile(home, WAKE_OWNER) };
}

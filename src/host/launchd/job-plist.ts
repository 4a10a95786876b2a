import { calendarEntries, type CalendarEntry } from "../../schedule/calendar-entries.ts";
import { FINGERPRINT_VARIABLE, homeFingerprint, jobFingerprint } from "../fingerprint.ts";
import { KEPT_VARIABLE } from "../kept.ts";
import {
  jobWords,
  probeWords,
  rings,
  watchdogWords,
  WATCHDOG_MINUTE,
  type HostedHome,
  type HostedJob,
} from "../hosted-home.ts";
import type { ProbeRequest } from "../probe.ts";
import { jobLabel, logFile, PROBE_LABEL, startsFolder, WATCHDOG_LABEL } from "./names.ts";

/** The keys of launchd.plist(5) that we write; a calendar dictionary without Weekday rings daily. */
export interface LaunchdPlist {
  Label: string;
  UserName?: string;
  ProgramArguments: string[];
  EnvironmentVariables: Record<string, string>;
  RunAtLoad?: boolean;
  KeepAlive?: { SuccessfulExit: boolean };
  StartCalendarInterval?: { Weekday?: number; Hour: number; Minute: number }[];
  StartInterval?: number;
  QueueDirectories?: string[];
  ThrottleInterval: number;
  ProcessType: "Interactive" | "Background";
  ExitTimeOut: number;
  SoftResourceLimits: { NumberOfFiles: number };
  StandardOutPath: string;
  StandardErrorPath: string;
}

/** A job that would need more rings every minute instead. */
const ENTRIES_MAX = 100;
const MINUTE_SECONDS = 60;
/** The watchdog's second alarm, which knows no calendar; launchd drops it while the Mac sleeps. */
const WATCHDOG_SECONDS = 1800;
/** Least time between two starts of one job, so that what dies at its start does not spin. */
const THROTTLE_SECONDS = 30;
/** launchd itself would wait for five seconds between TERM and KILL. */
const WATCHDOG_STOP_SECONDS = 60;
const PROBE_STOP_SECONDS = 10;

/**
 * What launchd is told of a job. Calendar entries stand in the Mac's zone; a job with too many of them
 * is asked for every minute. A start that is asked for by a process of the user is a file in the queue
 * folder, since only root may tell the system domain anything. `Interactive`, because what launchd
 * starts is otherwise throttled in processor and disk, and all its children with it. The keeper of a
 * service is started again unless it ends with 0, and also when it is loaded, since `SuccessfulExit`
 * implies RunAtLoad; launchd never gives up, so whatever is no crash has to end with 0.
 */
export function jobPlist(home: HostedHome, job: HostedJob): LaunchdPlist {
  const entries = calendarEntries(job.schedule, home.zone, {
    fromMs: home.fromMs,
    throughMs: home.throughMs,
    entriesMax: ENTRIES_MAX,
  });
  return {
    Label: jobLabel(job.name),
    ...userName(home),
    ProgramArguments: awake(job.power.awake, [home.program.node, ...jobWords(home, job)]),
    EnvironmentVariables: {
      ...environment(home, jobFingerprint(home, job)),
      ...(job.isService && { [KEPT_VARIABLE]: job.name }),
    },
    ...(job.isService && { KeepAlive: { SuccessfulExit: false } }),
    ...(rings(job) &&
      (entries
        ? { StartCalendarInterval: entries.map(calendarDictionary) }
        : { StartInterval: MINUTE_SECONDS })),
    QueueDirectories: [startsFolder(home, job.name)],
    ThrottleInterval: THROTTLE_SECONDS,
    ProcessType: "Interactive",
    ExitTimeOut: job.stopSeconds,
    ...limitsAndLogs(home, jobLabel(job.name)),
  };
}

/**
 * What launchd is told of the watchdog: at boot and login, every hour by an entry of its own, and every
 * half hour of waking time. Hours are named one by one: an entry without `Hour` is lost for the rest
 * of the day after the clocks go forward (launchd-842, src/core.c, cronemu_hour).
 */
export function watchdogPlist(home: HostedHome): LaunchdPlist {
  const hours = Array.from({ length: 24 }, (_, hour) => ({ hour, minute: WATCHDOG_MINUTE }));
  return {
    Label: WATCHDOG_LABEL,
    ...userName(home),
    ProgramArguments: awake("ac", [home.program.node, ...watchdogWords(home)]),
    EnvironmentVariables: environment(home, homeFingerprint(home)),
    RunAtLoad: true,
    StartCalendarInterval: hours.map(calendarDictionary),
    StartInterval: WATCHDOG_SECONDS,
    ThrottleInterval: THROTTLE_SECONDS,
    ProcessType: "Background",
    ExitTimeOut: WATCHDOG_STOP_SECONDS,
    ...limitsAndLogs(home, WATCHDOG_LABEL),
  };
}

/**
 * What launchd is told of a look from within itself: all that a job has, started when it is loaded, once.
 */
export function probePlist(home: HostedHome, request: ProbeRequest): LaunchdPlist {
  return {
    Label: PROBE_LABEL,
    ...userName(home),
    ProgramArguments: awake("ac", [home.program.node, ...probeWords(home, request)]),
    EnvironmentVariables: environment(home, homeFingerprint(home)),
    RunAtLoad: true,
    ThrottleInterval: THROTTLE_SECONDS,
    ProcessType: "Interactive",
    ExitTimeOut: PROBE_STOP_SECONDS,
    ...limitsAndLogs(home, PROBE_LABEL),
  };
}

/** launchd refuses UserName outside of the system domain, where everything is the user's anyway. */
function userName({ scope, account }: HostedHome): { UserName?: string } {
  return scope === "system" ? { UserName: account.name } : {};
}

/**
 * Held awake by caffeinate(8): -i against idle sleep, -s against any sleep on mains power, -m against
 * the disk's. caffeinate replaces itself by the program, so launchd's process is the program itself.
 */
function awake(when: HostedJob["power"]["awake"], words: string[]): string[] {
  return when === "never" ? words : ["/usr/bin/caffeinate", "-ims", ...words];
}

function environment(home: HostedHome, fingerprint: string): Record<string, string> {
  return {
    ...home.environment,
    CBI_HOST: "launchd",
    CBI_STARTS: startsFolder(home),
    [FINGERPRINT_VARIABLE]: fingerprint,
  };
}

function calendarDictionary({ weekday, hour, minute }: CalendarEntry): {
  Weekday?: number;
  Hour: number;
  Minute: number;
} {
  return {
    ...(weekday === undefined ? {} : { Weekday: weekday }),
    Hour: hour,
    Minute: minute,
  };
}

/**
 * launchd gives 256 open files. In the system domain the key also sets kern.maxfiles of the whole
 * machine (launchd.plist(5)), so it must not be less than what macOS has anyway.
 */
function limitsAndLogs(
  home: HostedHome,
  label: string,
): Pick<LaunchdPlist, "SoftResourceLimits" | "StandardOutPath" | "StandardErrorPath"> {
  const log = logFile(home, label);
  return {
    SoftResourceLimits: { NumberOfFiles: home.scope === "system" ? 1_048_576 : 10_240 },
    StandardOutPath: log,
    StandardErrorPath: log,
  };
}

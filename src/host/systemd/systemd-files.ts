import path from "node:path";
import { calendarEntries } from "../../schedule/calendar-entries.ts";
import { timeOfDay } from "../../schedule/wall.ts";
import { alarmTimes, type AlarmTime } from "../alarm-times.ts";
import { FINGERPRINT_VARIABLE, homeFingerprint, jobFingerprint } from "../fingerprint.ts";
import {
  jobWords,
  probeWords,
  rings,
  WATCHDOG_MINUTE,
  watchdogWords,
  type HostedHome,
  type HostedJob,
  type HostFile,
  type HostFiles,
} from "../hosted-home.ts";
import { PROBE_NAME, type ProbeRequest } from "../probe.ts";
import { KEPT_LIMITS, KEPT_SETTINGS } from "./kept-unit.ts";
import { commandLine, plain, quoted, unitText, type UnitSection } from "./unit-text.ts";

const ENTRIES_MAX = 100;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const WATCHDOG_STOP_SECONDS = 60;
const PROBE_STOP_SECONDS = 10;
export const PROBE_UNIT = `cbi-${PROBE_NAME}.service`;
/** Warnings, another run under way, held by a gate: no failures of the unit. */
const NO_FAILURES = "2 75 77";

/** All that systemd needs for a home: a service and, where it rings, a timer for each job and for the watchdog. */
export function systemdFiles(home: HostedHome): HostFiles {
  const names = [...home.jobs.filter(rings).map(({ name }) => name), "watchdog"];
  const files = [...home.jobs.flatMap((job) => jobUnits(home, job)), ...watchdogUnits(home)];
  return {
    folders: [],
    files: files.map(([name, content]) => unitFile(home, name, content)),
    units: names.map((name) => ({
      name: `cbi-${name}.timer`,
      domain: home.scope,
      file: path.posix.join(unitFolder(home), `cbi-${name}.timer`),
    })),
    remarks: remarks(home),
  };
}

/**
 * A service beside the jobs' that is started once, with all that theirs have. It lies where systemd
 * keeps what a boot does not outlive (systemd.unit(5)), so that nothing is left of one that was killed.
 */
export function probeUnit(home: HostedHome, request: ProbeRequest, runtime: string): HostFile {
  const content = unitText({
    Unit: [["Description", plain(`cbi probe of ${home.root}`)]],
    Service: serviceSettings(home, {
      name: PROBE_NAME,
      words: [home.program.node, ...probeWords(home, request)],
      fingerprint: homeFingerprint(home),
      stopSeconds: PROBE_STOP_SECONDS,
    }),
  });
  const file = path.posix.join(runtime, "systemd", home.scope, PROBE_UNIT);
  const owner = home.scope === "system" ? "root" : "user";
  return { path: file, mode: 0o644, owner, content, encoding: "utf8" };
}

/** Where systemd looks for units that an administrator, or a user, adds (systemd.unit(5)). */
function unitFolder({ scope, account }: HostedHome): string {
  if (scope === "system") return "/etc/systemd/system";
  return path.posix.join(account.folder, ".config", "systemd", "user");
}

function unitFile(home: HostedHome, name: string, content: string): HostFile {
  return {
    path: path.posix.join(unitFolder(home), name),
    mode: 0o644,
    owner: home.scope === "system" ? "root" : "user",
    content,
    encoding: "utf8",
  };
}

function jobUnits(home: HostedHome, job: HostedJob): [string, string][] {
  const description = `cbi ${job.name} of ${home.root}`;
  const service = serviceSettings(home, {
    name: job.name,
    words: [home.program.node, ...jobWords(home, job)],
    fingerprint: jobFingerprint(home, job),
    stopSeconds: job.stopSeconds,
    isKept: job.isService,
  });
  const isAwake = job.power.awake !== "never";
  const text = unitText({
    Unit: [...unitSettings(home, description), ...(job.isService ? KEPT_LIMITS : [])],
    Service: isAwake ? [...service, ["ExecStartPost", inhibit(home)]] : service,
  });
  const files: [string, string][] = [[`cbi-${job.name}.service`, text]];
  if (!rings(job)) return files;
  return [...files, [`cbi-${job.name}.timer`, timerText(description, jobTimer(home, job))]];
}

function watchdogUnits(home: HostedHome): [string, string][] {
  const description = `cbi watchdog of ${home.root}`;
  const service = serviceSettings(home, {
    name: "watchdog",
    words: [home.program.node, ...watchdogWords(home)],
    fingerprint: homeFingerprint(home),
    stopSeconds: WATCHDOG_STOP_SECONDS,
  });
  // In UTC, since no clock of the wall shows every hour once.
  const minute = `${WATCHDOG_MINUTE}`.padStart(2, "0");
  const atStart = home.scope === "system" ? "OnBootSec" : "OnStartupSec";
  const timer: UnitSection = [
    ["OnCalendar", `*-*-* *:${minute}:00 UTC`],
    [atStart, "1min"],
    ["AccuracySec", "1s"],
    ["Persistent", "true"],
  ];
  return [
    ["cbi-watchdog.service", unitText({ Unit: unitSettings(home, description), Service: service })],
    ["cbi-watchdog.timer", timerText(description, timer)],
  ];
}

function unitSettings({ scope }: HostedHome, description: string): UnitSection {
  const settings: [string, string][] = [["Description", plain(description)]];
  if (scope === "system") {
    settings.push(["Wants", "network-online.target"]);
    settings.push(["After", "network-online.target time-sync.target"]);
  }
  return settings;
}

/**
 * `mixed` gives TERM to cbi alone, which ends its workers and commands in order; what is left is
 * killed. A timer never starts a second instance of a service that is under way.
 */
function serviceSettings(
  home: HostedHome,
  facts: {
    name: string;
    words: readonly string[];
    fingerprint: string;
    stopSeconds: number;
    isKept?: boolean;
  },
): UnitSection {
  const environment = {
    ...home.environment,
    CBI_HOST: "systemd",
    [FINGERPRINT_VARIABLE]: facts.fingerprint,
  };
  const user: UnitSection = home.scope === "system" ? [["User", plain(home.account.name)]] : [];
  return [
    ["Type", "exec"],
    ...user,
    ...Object.entries(environment).map(
      ([name, value]) => ["Environment", quoted(`${name}=${value}`)] as const,
    ),
    ["ExecStart", commandLine(facts.words)],
    ["SyslogIdentifier", `cbi-${facts.name}`],
    ["SuccessExitStatus", NO_FAILURES],
    ...(facts.isKept === true ? KEPT_SETTINGS : [["KillMode", "mixed"] as const]),
    ["TimeoutStopSec", `${facts.stopSeconds}`],
  ];
}

/**
 * Holds sleep off while the service's process lives, beside it and without a say in whether it starts:
 * where logind is missing or refuses, the run goes on without. Only root may hold sleep itself off;
 * a user without a seat may hold off idleness (systemd-inhibit(1)).
 */
function inhibit({ scope }: HostedHome): string {
  const [prefix, what] = scope === "system" ? ["-+", "sleep:idle"] : ["-", "idle"];
  const hold = `systemd-inhibit --what=${what} --mode=block --who=cbi --why=running`;
  const line = `exec ${hold} tail --pid=$MAINPID -f /dev/null >/dev/null 2>&1 &`;
  return `${prefix}/bin/sh -c '${line}'`;
}

function jobTimer(home: HostedHome, job: HostedJob): UnitSection {
  const { schedule, power } = job;
  const entries = calendarEntries(schedule, schedule.zone, {
    fromMs: home.fromMs,
    throughMs: home.throughMs,
    entriesMax: ENTRIES_MAX,
  });
  const calendar = entries
    ? alarmTimes(entries).map((time) => calendarText(time, schedule.zone.name))
    : ["*-*-* *:*:00"];
  const settings: [string, string][] = calendar.map((text) => ["OnCalendar", text]);
  settings.push(["AccuracySec", "1s"]);
  if (entries) settings.push(["Persistent", "true"]);
  // A user's manager may not set the alarm that wakes the machine, and then loads no such timer.
  if (power.wake && home.scope === "system") settings.push(["WakeSystem", "true"]);
  return settings;
}

/** systemd.time(7): `Mon,Fri *-*-* 09:30:00 America/New_York`. */
function calendarText({ hour, minute, weekdays }: AlarmTime, zone: string): string {
  const days = weekdays.map((weekday) => WEEKDAYS[weekday]).join(",");
  return `${days} *-*-* ${timeOfDay(hour * 60 + minute)}:00 ${zone}`.trim();
}

function timerText(description: string, timer: UnitSection): string {
  return unitText({
    Unit: [["Description", plain(description)]],
    Timer: timer,
    Install: [["WantedBy", "timers.target"]],
  });
}

function remarks({ scope, account, jobs }: HostedHome): string[] {
  if (scope === "system") return [];
  const found = [
    `Timers of a user run while the user's manager does; where this user may, it is made to run always (loginctl enable-linger ${account.name}).`,
  ];
  if (jobs.some(({ power }) => power.wake)) {
    found.push("A user's timers cannot wake the machine; an installation for the system can.");
  }
  return found;
}

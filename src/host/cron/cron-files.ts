import path from "node:path";
import { calendarEntries } from "../../schedule/calendar-entries.ts";
import { shellWord } from "../../system/shell-word.ts";
import { alarmTimes } from "../alarm-times.ts";
import { FINGERPRINT_VARIABLE, homeFingerprint, jobFingerprint } from "../fingerprint.ts";
import {
  jobWords,
  WATCHDOG_MINUTE,
  watchdogWords,
  type HostedHome,
  type HostedJob,
  type HostFile,
  type HostFiles,
  type HostFolder,
} from "../hosted-home.ts";

const ENTRIES_MAX = 100;

/**
 * All that cron needs for a home: a small script for each job and for the watchdog, and the lines that
 * start them. Of the machine, the lines are a file of their own in /etc/cron.d; of a user, a part of the
 * crontab between two marks, which is kept in the app folder as well.
 */
export function cronFiles(home: HostedHome): HostFiles {
  const lines = [...home.jobs.flatMap((job) => jobLines(home, job)), ...watchdogLines(home)];
  const table = tableFile(home, lines);
  return {
    folders: folders(home),
    files: [...home.jobs.map((job) => jobScript(home, job)), watchdogScript(home), table],
    units: [{ name: "crontab", domain: home.scope, file: table.path }],
    remarks: [
      "cron starts nothing that was due while the machine was off or asleep, and cannot wake it; the watchdog catches up.",
    ],
  };
}

function cronFolder({ program }: HostedHome): string {
  return path.posix.join(program.appFolder, "cron");
}

function folders(home: HostedHome): HostFolder[] {
  const own = [cronFolder(home), path.posix.join(cronFolder(home), "logs")];
  return own.map((folder) => ({ path: folder, mode: 0o700, owner: "user" }));
}

/** /etc/cron.d takes no name with a dot, and no file that others may write (cron(8)). */
function tableFile(home: HostedHome, lines: readonly string[]): HostFile {
  const content = `${[`${TABLE_BEGIN}${home.root}`, ...lines, TABLE_END].join("\n")}\n`;
  if (home.scope === "system") {
    return { path: "/etc/cron.d/cbi", mode: 0o644, owner: "root", content, encoding: "utf8" };
  }
  const file = path.posix.join(cronFolder(home), "crontab");
  return { path: file, mode: 0o600, owner: "user", content, encoding: "utf8" };
}

/** The marks around our part of a crontab; the first names the home. */
export const TABLE_BEGIN = "# cbi begins: ";
export const TABLE_END = "# cbi ends";

function jobLines(home: HostedHome, job: HostedJob): string[] {
  const entries = calendarEntries(job.schedule, home.zone, {
    fromMs: home.fromMs,
    throughMs: home.throughMs,
    entriesMax: ENTRIES_MAX,
  });
  if (!entries) return [line(home, "* * * * *", job.name)];
  // Hours of the same minute and weekdays share a line.
  const hours = new Map<string, number[]>();
  for (const { hour, minute, weekdays } of alarmTimes(entries)) {
    const key = `${minute} ${weekdays.join(",") || "*"}`;
    hours.set(key, [...(hours.get(key) ?? []), hour]);
  }
  return [...hours].map(([key, of]) => {
    const [minute = "", weekdays = ""] = key.split(" ");
    return line(home, `${minute} ${of.join(",")} * * ${weekdays}`, job.name);
  });
}

function watchdogLines(home: HostedHome): string[] {
  const times = `${WATCHDOG_MINUTE},${WATCHDOG_MINUTE + 30} * * * *`;
  return [line(home, "@reboot", "watchdog"), line(home, times, "watchdog")];
}

/** A percent sign ends the command in a crontab unless it is escaped (crontab(5)). */
function line(home: HostedHome, times: string, name: string): string {
  const user = home.scope === "system" ? `${home.account.name} ` : "";
  const script = shellWord(scriptFile(home, name)).replaceAll("%", "\\%");
  return `${times} ${user}${script}`;
}

function scriptFile(home: HostedHome, name: string): string {
  return path.posix.join(cronFolder(home), name);
}

function jobScript(home: HostedHome, job: HostedJob): HostFile {
  return script(home, job.name, jobWords(home, job), jobFingerprint(home, job));
}

function watchdogScript(home: HostedHome): HostFile {
  return script(home, "watchdog", watchdogWords(home), homeFingerprint(home));
}

/** What a script of ours sets, over what cron(8) gives: this and nothing of a login. */
export function scriptEnvironment(home: HostedHome, fingerprint: string): Record<string, string> {
  return { ...home.environment, CBI_HOST: "cron", [FINGERPRINT_VARIABLE]: fingerprint };
}

function script(
  home: HostedHome,
  name: string,
  words: readonly string[],
  fingerprint: string,
): HostFile {
  const environment = scriptEnvironment(home, fingerprint);
  const log = path.posix.join(cronFolder(home), "logs", `${name}.log`);
  const lines = [
    "#!/bin/sh",
    ...Object.entries(environment).map(([key, value]) => `export ${key}=${shellWord(value)}`),
    `exec ${[home.program.node, ...words].map(shellWord).join(" ")} >>${shellWord(log)} 2>&1`,
  ];
  return {
    path: scriptFile(home, name),
    mode: 0o700,
    owner: "user",
    content: `${lines.join("\n")}\n`,
    encoding: "utf8",
  };
}

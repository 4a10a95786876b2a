import path from "node:path";
import { calendarEntries } from "../../schedule/calendar-entries.ts";
import { timeOfDay } from "../../schedule/wall.ts";
import { alarmTimes, type AlarmTime } from "../alarm-times.ts";
import { homeFingerprint, jobFingerprint } from "../fingerprint.ts";
import {
  jobWords,
  probeWords,
  WATCHDOG_MINUTE,
  watchdogWords,
  type HostedHome,
  type HostedJob,
  type HostFile,
  type HostFiles,
} from "../hosted-home.ts";
import { PROBE_NAME, type ProbeRequest } from "../probe.ts";
import { windowsCommandLine, xmlText } from "./quoting.ts";

/** A task takes no more triggers (Task Scheduler schema, "Triggers"). */
const TRIGGERS_MAX = 48;
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/** Any day of the past: the day on which a daily trigger begins to count. */
const FIRST_DAY = "2026-01-01";

/**
 * All that the Windows Task Scheduler needs for a home: a task for each job and for the watchdog, to
 * be registered by `schtasks /Create /XML`. A task knows no zone but the machine's, so its triggers are
 * compiled; what Windows does in the hour of a clock change is not specified, and the watchdog's
 * elapsed hours bound it.
 */
export function windowsFiles(home: HostedHome): HostFiles {
  const tasks = [
    ...home.jobs.map((job) => [job.name, jobTask(home, job)] as const),
    ["watchdog", watchdogTask(home)] as const,
  ];
  const files = tasks.map(([name, content]) => taskFile(home, name, content));
  return {
    folders: [{ path: tasksFolder(home), mode: 0o700, owner: "user" }],
    files,
    units: files.map(({ path: file }) => ({
      name: `\\cbi\\${path.win32.basename(file, ".xml")}`,
      domain: home.scope,
      file,
    })),
    remarks: [],
  };
}

/** A task beside the jobs' that nothing but a request starts, with all that theirs have. */
export function probeTask(
  home: HostedHome,
  request: ProbeRequest,
): { file: HostFile; name: string } {
  const content = taskText(home, {
    description: `cbi probe of ${home.root}`,
    fingerprint: homeFingerprint(home),
    triggers: [],
    words: probeWords(home, request),
    wakes: false,
  });
  return { file: taskFile(home, PROBE_NAME, content), name: `\\cbi\\${PROBE_NAME}` };
}

function tasksFolder({ program }: HostedHome): string {
  return path.win32.join(program.appFolder, "tasks");
}

function taskFile(home: HostedHome, name: string, content: string): HostFile {
  const file = path.win32.join(tasksFolder(home), `${name}.xml`);
  return { path: file, mode: 0o600, owner: "user", content, encoding: "utf16" };
}

interface Task {
  description: string;
  fingerprint: string;
  triggers: readonly string[];
  words: readonly string[];
  wakes: boolean;
}

function jobTask(home: HostedHome, job: HostedJob): string {
  return taskText(home, {
    description: `cbi ${job.name} of ${home.root}`,
    fingerprint: jobFingerprint(home, job),
    triggers: jobTriggers(home, job),
    words: jobWords(home, job),
    wakes: job.power.wake,
  });
}

function watchdogTask(home: HostedHome): string {
  const minute = `${WATCHDOG_MINUTE}`.padStart(2, "0");
  return taskText(home, {
    description: `cbi watchdog of ${home.root}`,
    fingerprint: homeFingerprint(home),
    triggers: [atStart(home), repeating("PT30M", `00:${minute}`)],
    words: watchdogWords(home),
    wakes: false,
  });
}

/** A logon that names no user is anybody's, which only an administrator may register. */
function atStart({ scope, account }: HostedHome): string {
  const enabled = "<Enabled>true</Enabled>";
  if (scope === "system") return `<BootTrigger>${enabled}</BootTrigger>`;
  return `<LogonTrigger>${enabled}<UserId>${xmlText(account.name)}</UserId></LogonTrigger>`;
}

function jobTriggers(home: HostedHome, job: HostedJob): string[] {
  const entries = calendarEntries(job.schedule, home.zone, {
    fromMs: home.fromMs,
    throughMs: home.throughMs,
    entriesMax: TRIGGERS_MAX * DAYS.length,
  });
  const times = alarmTimes(entries ?? []);
  if (!entries || times.length > TRIGGERS_MAX) return [repeating("PT1M", "00:00")];
  return times.map(calendarTrigger);
}

/** Without an offset, the time is the machine's own wall clock's. */
function calendarTrigger({ hour, minute, weekdays }: AlarmTime): string {
  const start = `<StartBoundary>${FIRST_DAY}T${timeOfDay(hour * 60 + minute)}:00</StartBoundary>`;
  const days = weekdays.map((weekday) => `<${DAYS[weekday]} />`).join("");
  const schedule =
    weekdays.length === 0
      ? "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
      : `<ScheduleByWeek><DaysOfWeek>${days}</DaysOfWeek><WeeksInterval>1</WeeksInterval></ScheduleByWeek>`;
  return `<CalendarTrigger>${start}<Enabled>true</Enabled>${schedule}</CalendarTrigger>`;
}

function repeating(interval: string, from: string): string {
  const repetition = `<Repetition><Interval>${interval}</Interval><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>`;
  return `<TimeTrigger>${repetition}<StartBoundary>${FIRST_DAY}T${from}:00</StartBoundary><Enabled>true</Enabled></TimeTrigger>`;
}

/**
 * `S4U` runs whether or not the user is logged in, and keeps no password. Priority 5 is a normal one: a
 * task's own, 7, is throttled in processor and disk.
 */
function taskText(home: HostedHome, task: Task): string {
  const logon = home.scope === "system" ? "S4U" : "InteractiveToken";
  const lines = [
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    "  <RegistrationInfo>",
    `    <Source>cbi ${task.fingerprint}</Source>`,
    `    <Description>${xmlText(task.description)}</Description>`,
    "  </RegistrationInfo>",
    "  <Triggers>",
    ...task.triggers.map((trigger) => `    ${trigger}`),
    "  </Triggers>",
    "  <Principals>",
    '    <Principal id="Author">',
    `      <UserId>${xmlText(home.account.name)}</UserId>`,
    `      <LogonType>${logon}</LogonType>`,
    "      <RunLevel>LeastPrivilege</RunLevel>",
    "    </Principal>",
    "  </Principals>",
    "  <Settings>",
    "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
    "    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
    "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
    "    <StartWhenAvailable>true</StartWhenAvailable>",
    "    <Enabled>true</Enabled>",
    `    <WakeToRun>${task.wakes}</WakeToRun>`,
    "    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
    "    <Priority>5</Priority>",
    "  </Settings>",
    '  <Actions Context="Author">',
    "    <Exec>",
    `      <Command>${xmlText(home.program.node)}</Command>`,
    `      <Arguments>${xmlText(windowsCommandLine(task.words))}</Arguments>`,
    "    </Exec>",
    "  </Actions>",
    "</Task>",
  ];
  return `${lines.join("\r\n")}\r\n`;
}

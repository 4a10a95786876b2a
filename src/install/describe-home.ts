import path from "node:path";
import { parseDurationMs } from "../config/duration.ts";
import type { Home } from "../config/home.ts";
import type { Job } from "../config/jobs-schema.ts";
import type { HostedHome, HostedJob, HostScope } from "../host/hosted-home.ts";
import { HomeJobs } from "../jobs/schedules.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { version } from "../system/version.ts";
import type { HostName, Machine } from "./machine.ts";

export interface DescribeRequest {
  home: Home;
  host: HostName;
  scope: HostScope;
  machine: Machine;
  environment: Readonly<Record<string, string | undefined>>;
  nowMs: number;
}

const DAY_MS = 86_400_000;
const HORIZON_MS = 3 * 365 * DAY_MS;
/** Labels of our own, which a job of the same name would replace. */
const RESERVED = new Set(["watchdog", "wake", "probe"]);
/** Whatever is not among them starts nothing again that has died. */
const KEEPS_SERVICES: ReadonlySet<HostName> = new Set(["launchd", "systemd"]);
/** A pipeline ends its workers and records where it stands. */
const PIPELINE_STOP_SECONDS = 60;
const MARGIN_SECONDS = 30;
/** Paths of files or folders, never secrets: unit files are there for all to read. */
const CARRIED = ["CBI_PYTHON_ENV", "GOOGLE_APPLICATION_CREDENTIALS", "XDG_DATA_HOME"];

/**
 * What a scheduler is told of a home. Throws `CBI_NOTHING_SCHEDULED` when no job has a schedule,
 * `CBI_JOB_NAME_RESERVED` and `CBI_PATH_UNUSABLE` for names that no scheduler's file could hold.
 */
export function describeHome(request: DescribeRequest): HostedHome {
  const { home, host, machine, scope } = request;
  // Days apart, so that what is compiled does not change from one minute to the next.
  const fromMs = Math.floor(request.nowMs / DAY_MS) * DAY_MS;
  const described: HostedHome = {
    root: rootFor(host, home.paths.root, machine),
    scope,
    account: machine.account,
    program: programOf(host, machine.appFolder),
    environment: environmentOf(request),
    zone: machine.zone,
    zoneData: machine.zoneData,
    version: version(),
    fromMs,
    throughMs: fromMs + HORIZON_MS,
    jobs: hostedJobs(home, host, machine),
  };
  mustBeWritable(described);
  return described;
}

/** A home of another system's machine lies where this one's does, as that system writes it. */
function rootFor(host: HostName, root: string, machine: Machine): string {
  if (host !== "windows" || machine.isThis) return root;
  return path.win32.join("C:\\", ...root.split("/"));
}

/** What the hosts' files point to; `current` is moved by an upgrade, and these stay true. */
export function programOf(host: HostName, appFolder: string): HostedHome["program"] {
  const isWindows = host === "windows";
  const form = isWindows ? path.win32 : path.posix;
  const current = form.join(appFolder, "current");
  return {
    appFolder,
    node: form.join(current, "bin", isWindows ? "node.exe" : "node"),
    entry: form.join(current, "node_modules", "cbi", "dist", "cli", "cbi.js"),
  };
}

/** Without a schedule a service is told of too, where the scheduler brings back what a person has started. */
function hostedJobs(home: Home, host: HostName, { canWake }: Machine): HostedJob[] {
  const jobs = new HomeJobs(home);
  const found = jobs.names.flatMap((name): HostedJob[] => {
    const job = jobs.find(name);
    if (!job) return [];
    const { scheduleText, settings, zone, calendar } = job;
    const power = { ...settings.power, wake: settings.power.wake && canWake };
    const isService = settings.kind === "service";
    if (!job.schedule && !(isService && KEEPS_SERVICES.has(host))) return [];
    const schedule = job.schedule ?? { times: [], zone, calendar, days: "every-day" };
    const facts = { name, isService, schedule, scheduleText, power };
    return [{ ...facts, stopSeconds: stopSeconds(settings) }];
  });
  const reserved = found.find(({ name }) => RESERVED.has(name));
  if (reserved) {
    throw new Failure({
      code: "CBI_JOB_NAME_RESERVED",
      message: `the job '${reserved.name}' has a name that cbi itself uses in the system's scheduler`,
      remedy: "Give the job another name in cbi.yaml",
      exit: ExitCode.configInvalid,
    });
  }
  if (found.length > 0) return found;
  throw new Failure({
    code: "CBI_NOTHING_SCHEDULED",
    message: "no job of this home has a schedule, so there is nothing to install",
    remedy: "Give a job one in cbi.yaml, such as schedule: ['0 0 * * *']",
    exit: ExitCode.configInvalid,
  });
}

function stopSeconds(settings: Job): number {
  if (settings.kind === "pipeline") return PIPELINE_STOP_SECONDS;
  const graceMs = parseDurationMs(settings.grace) ?? 0;
  return Math.ceil(graceMs / 1000) + MARGIN_SECONDS;
}

const PATHS: Readonly<Record<HostName, string>> = {
  launchd: "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
  systemd: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
  cron: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
  windows: "",
};

function environmentOf({ host, machine, environment }: DescribeRequest): Record<string, string> {
  // A task of Windows has the user's own environment, and no place for another.
  if (host === "windows") return {};
  const { account, appFolder, isThis } = machine;
  const known = isThis ? environment : {};
  const carried = CARRIED.flatMap((name): [string, string][] => {
    const value = known[name];
    return value ? [[name, path.resolve(value)]] : [];
  });
  return {
    HOME: account.folder,
    PATH: `${path.posix.join(appFolder, "current", "bin")}:${PATHS[host]}`,
    ...Object.fromEntries(carried),
  };
}

/** A line break in a path would be a line of a unit or a crontab, and XML has no words for the rest. */
function mustBeWritable({ root, account, program, environment }: HostedHome): void {
  const texts = [root, account.name, account.folder, ...Object.values(program)];
  const bad = [...texts, ...Object.values(environment)].find((text) => /\p{Cc}/u.test(text));
  if (bad === undefined) return;
  throw new Failure({
    code: "CBI_PATH_UNUSABLE",
    message: `${JSON.stringify(bad)} has a control character in it, which no scheduler's file can hold`,
    remedy: "Move the home to a folder without one",
    exit: ExitCode.configInvalid,
  });
}

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { parse } from "plist";
import { z } from "zod";
import { ok, remember, says, stateOf, type Answer } from "./fake.ts";

/** The keys of launchd.plist(5) that are imitated; the others are kept as they are. */
export const plistSchema = z.looseObject({
  Label: z.string(),
  UserName: z.string().optional(),
  Program: z.string().optional(),
  ProgramArguments: z.array(z.string()).optional(),
  EnvironmentVariables: z.record(z.string(), z.string()).optional(),
  WorkingDirectory: z.string().optional(),
  StandardOutPath: z.string().optional(),
  StandardErrorPath: z.string().optional(),
  RunAtLoad: z.boolean().optional(),
  KeepAlive: z.union([z.boolean(), z.object({ SuccessfulExit: z.boolean() })]).optional(),
  StartInterval: z.number().optional(),
  StartCalendarInterval: z
    .union([z.record(z.string(), z.number()), z.array(z.record(z.string(), z.number()))])
    .optional(),
  QueueDirectories: z.array(z.string()).optional(),
  ExitTimeOut: z.number().optional(),
  ThrottleInterval: z.number().optional(),
  ProcessType: z.string().optional(),
  AbandonProcessGroup: z.boolean().optional(),
});

export type Plist = z.infer<typeof plistSchema>;

/** A service as launchd knows it. Calendar times never ring by themselves: `MacBox.ring`. */
export interface Service {
  domain: string;
  path: string;
  plist: Plist;
  state: "not running" | "running" | "xpcproxy" | "spawn scheduled" | "SIGTERMed";
  pid?: number;
  runs: number;
  /** The lines of `print` that say how it ended last. */
  ended: string;
  reason?: string;
}

/** `launchd.json` of the state. */
export interface LaunchdState {
  services: Record<string, Service>;
  /** By `domain/label`: whether it is disabled; what is not there never was. */
  overrides: Record<string, boolean>;
  /** Users with a session at the screen; others have no `gui` domain. */
  sessions: number[];
  /** How long a bootout of what does not run takes to be true: asynchrony is what is imitated. */
  bootoutMs: number;
  /** How long a second of ExitTimeOut and of ThrottleInterval lasts: its processes are real and know no injected clock. */
  secondMs: number;
  dialect: "macos26" | "macos12";
  /** Whether nothing starts because it is loaded, as long as a test looks at the loading alone. */
  isQuiet: boolean;
}

const INITIAL: LaunchdState = {
  services: {},
  overrides: {},
  sessions: [501],
  bootoutMs: 60,
  secondMs: 100,
  dialect: "macos26",
  isQuiet: false,
};
const POLL_MS = 50;
const THROTTLE_SECONDS = 10;
/** The system's own; exit timeout as every capture of today shows it. */
const EXIT_SECONDS = 5;

const children = new Map<string, ChildProcess>();
const quietUntil = new Map<string, number>();

/** The first process of the Mac: loads, starts and ends services. */
export const launchd = {
  get state(): LaunchdState {
    return { ...INITIAL, ...stateOf<Partial<LaunchdState>>("launchd", {}) };
  },

  /** Loads what lies in LaunchDaemons, as at a start of the Mac, and looks after queues. */
  boot(): void {
    for (const file of globSync("/Library/LaunchDaemons/*.plist").sort()) {
      const plist = readPlist(file);
      if (plist && !this.isDisabled("system", plist.Label)) this.load("system", file, plist);
    }
    setInterval(startQueued, POLL_MS);
  },

  isDisabled(domain: string, label: string): boolean {
    return this.state.overrides[`${domain}/${label}`] === true;
  },

  load(domain: string, path: string, plist: Plist): void {
    const service: Service = {
      domain,
      path,
      plist,
      state: "not running",
      runs: 0,
      ended: "last exit code = (never exited)",
    };
    change(plist.Label, service);
    if (this.state.isQuiet) return;
    // KeepAlive implies it.
    if (plist.RunAtLoad === true || plist.KeepAlive) start(plist.Label, "speculative");
  },

  /** Begins to end a service; it is gone when its process is, or a moment later. */
  unload(label: string): void {
    const service = this.state.services[label];
    if (!service) return;
    change(label, { ...service, state: "SIGTERMed" });
    const child = children.get(label);
    if (!child) {
      setTimeout(() => forget(label), this.state.bootoutMs);
      return;
    }
    child.kill("SIGTERM");
    const seconds = service.plist.ExitTimeOut ?? EXIT_SECONDS;
    const killer = setTimeout(() => child.kill("SIGKILL"), seconds * this.state.secondMs);
    child.once("exit", () => clearTimeout(killer));
  },

  start,

  kill(label: string, signal: NodeJS.Signals): void {
    children.get(label)?.kill(signal);
  },

  override(domain: string, label: string, isDisabled: boolean): void {
    const { state } = this;
    const overrides = { ...state.overrides, [`${domain}/${label}`]: isDisabled };
    remember("launchd", { ...state, overrides });
  },

  /** What a test asks for by no program of the Mac's. */
  control([verb = "", label = ""]: readonly string[]): Answer {
    if (verb === "ring") return start(label, "xpc event") ? ok : says(3, `${label} does not start`);
    if (verb !== "reboot") return says(64, `nothing is known of ${verb}`);
    for (const child of children.values()) child.kill("SIGKILL");
    children.clear();
    remember("launchd", { ...this.state, services: {} });
    for (const file of globSync("/Library/LaunchDaemons/*.plist").sort()) {
      const plist = readPlist(file);
      if (plist && !this.isDisabled("system", plist.Label)) this.load("system", file, plist);
    }
    return ok;
  },
};

/** Undefined for what is no property list of a service. */
export function readPlist(file: string): Plist | undefined {
  try {
    return plistSchema.safeParse(parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** False when it is not there, runs or is ending. */
function start(label: string, reason: string): boolean {
  const service = launchd.state.services[label];
  if (!service || service.state === "running" || service.state === "SIGTERMed") return false;
  const { plist } = service;
  const account = accountOf(plist.UserName ?? (service.domain === "system" ? "root" : "you"));
  const words = plist.ProgramArguments ?? [];
  const program = plist.Program ?? words[0] ?? "";
  const environment = {
    PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
    XPC_SERVICE_NAME: label,
    ...plist.EnvironmentVariables,
  };
  const assigned = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const child = spawn(
    "/bin/bash",
    [
      "-c",
      PRELUDE,
      "launchd",
      plist.WorkingDirectory ?? "/",
      plist.StandardOutPath ?? "/dev/null",
      plist.StandardErrorPath ?? "/dev/null",
      program,
      ...assigned,
      program,
      ...words.slice(1),
    ],
    {
      uid: account.uid,
      gid: account.gid,
      detached: true,
      env: {},
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    },
  );
  watch(label, service, child);
  const running: Service = { ...service, state: "running", runs: service.runs + 1, reason };
  change(label, { ...running, ...(child.pid !== undefined && { pid: child.pid }) });
  return true;
}

/**
 * Opens folder and files as the user, and becomes the program with its environment alone. What fails of
 * it is said on descriptor 3: launchd has the status 78 for it, and the program none.
 */
const PRELUDE = `
cd "$1" && [ -x "$4" ] && exec >>"$2" 2>>"$3" || { echo 78 >&3; exit 78; }
shift 4; exec 3>&-
exec /usr/bin/env -i "$@"`;

function watch(label: string, { plist }: Service, child: ChildProcess): void {
  children.set(label, child);
  let isMisconfigured = false;
  child.stdio[3]?.on("data", () => (isMisconfigured = true));
  child.once("close", (code, signal) => {
    if (children.get(label) !== child) return;
    children.delete(label);
    // What is left of its group ends with it.
    if (child.pid !== undefined && plist.AbandonProcessGroup !== true) endGroup(child.pid);
    const service = launchd.state.services[label];
    if (!service) return;
    if (service.state === "SIGTERMed") return forget(label);
    const seconds = plist.ThrottleInterval ?? THROTTLE_SECONDS;
    quietUntil.set(label, performance.now() + seconds * launchd.state.secondMs);
    const { pid: _pid, reason: _reason, ...rest } = service;
    const ended = endedLine(code, signal, isMisconfigured);
    const isKept = isStartedAgain(plist, code);
    change(label, { ...rest, state: isKept ? "spawn scheduled" : "not running", ended });
    if (isKept) setTimeout(() => start(label, "inefficient"), seconds * launchd.state.secondMs);
  });
}

/** What KeepAlive makes of an end; a signal is no successful one. It never gives up. */
function isStartedAgain({ KeepAlive: rule }: Plist, code: number | null): boolean {
  if (rule === undefined || typeof rule === "boolean") return rule === true;
  return rule.SuccessfulExit === (code === 0);
}

const SIGNALS: Readonly<Record<string, string>> = {
  SIGTERM: "Terminated: 15",
  SIGKILL: "Killed: 9",
  SIGSEGV: "Segmentation fault: 11",
  SIGABRT: "Abort trap: 6",
};

function endedLine(code: number | null, signal: string | null, isMisconfigured: boolean): string {
  if (signal !== null) return `last terminating signal = ${SIGNALS[signal] ?? signal}`;
  return `last exit code = ${isMisconfigured ? "78: EX_CONFIG" : code}`;
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // Nobody was left.
  }
}

/** Starts whatever has something in one of its queue folders, no sooner than its throttle allows. */
function startQueued(): void {
  for (const [label, { plist, state }] of Object.entries(launchd.state.services)) {
    const isFilled = (plist.QueueDirectories ?? []).some(
      (folder) => existsSync(folder) && readdirSync(folder).length > 0,
    );
    if (!isFilled || state !== "not running") continue;
    if (performance.now() >= (quietUntil.get(label) ?? 0)) start(label, "non-ipc demand");
  }
}

function accountOf(name: string): { uid: number; gid: number } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function change(label: string, service: Service): void {
  const { state } = launchd;
  remember("launchd", { ...state, services: { ...state.services, [label]: service } });
}

function forget(label: string): void {
  const { state } = launchd;
  const { [label]: _gone, ...services } = state.services;
  remember("launchd", { ...state, services });
}

/** What launchd asks of a property list's file: a regular one, its owner's alone to write. */
export function isTrustworthy(file: string, owner: number): boolean {
  const stat = statSync(file);
  return stat.isFile() && stat.uid === owner && (stat.mode & 0o022) === 0;
}

import type { Schedule } from "../schedule/schedule.ts";
import type { Zone } from "../schedule/zone.ts";
import { PROBE_NAME, type ProbeRequest } from "./probe.ts";

/** Whose scheduler is told: the machine's, which works before anybody logs in, or one user's. */
export type HostScope = "system" | "user";

/** A job as a scheduler of the system is told of it. */
export interface HostedJob {
  name: string;
  /** Whether what is started keeps a service, and is to be started again when it dies. */
  isService: boolean;
  /** Without times for a service that only people start. */
  schedule: Schedule;
  /** The keys of its schedule in canonical JSON. */
  scheduleText: string;
  power: { wake: boolean; awake: "ac" | "always" | "never" };
  /** How long its program may need to end in order once it is told to. */
  stopSeconds: number;
}

/** Everything that decides what a scheduler of the system is told of a home. */
export interface HostedHome {
  /** The home's folder, absolute. */
  root: string;
  scope: HostScope;
  /** Who the jobs run as. */
  account: { name: string; folder: string };
  /** Absolute paths that stay true over upgrades; nothing else is pointed to. */
  program: { node: string; entry: string; appFolder: string };
  /** What the jobs find in their environment: HOME, PATH and the like, never a secret. */
  environment: Readonly<Record<string, string>>;
  /** The machine's own zone, and the release of the zone data that it was compiled with. */
  zone: Zone;
  zoneData: string;
  /** The version of cbi. */
  version: string;
  /** Slots due in (from, through] decide the alarms. */
  fromMs: number;
  throughMs: number;
  jobs: readonly HostedJob[];
}

export interface HostFile {
  /** Absolute, in the form of the host's system. */
  path: string;
  mode: number;
  owner: "root" | "user";
  content: string;
  /** `utf16` is written little-endian with a byte order mark, as Windows has it. */
  encoding: "utf8" | "utf16";
  /** Made when it is not there, and from then on whoever uses it writes it. */
  isKept?: boolean;
}

export interface HostFolder {
  path: string;
  mode: number;
  owner: "root" | "user";
}

/** Something that the scheduler itself must be told of, beside the file. */
export interface HostUnit {
  /** As the scheduler calls it: `com.cbi.nightly`, `cbi-nightly.timer`, `\cbi\nightly`. */
  name: string;
  /** Where: `system`, `gui`, `user`. */
  domain: string;
  file: string;
}

/** All that an installation puts in place for one host. */
export interface HostFiles {
  folders: HostFolder[];
  files: HostFile[];
  units: HostUnit[];
  /** What a person should know of it, a sentence each. */
  remarks: string[];
}

/** Whether the clock starts a job at all. */
export function rings({ schedule }: HostedJob): boolean {
  return schedule.times.length > 0;
}

/** The words after the interpreter that start what is due of a job. */
export function jobWords(home: HostedHome, job: HostedJob): string[] {
  return [home.program.entry, "run", job.name, "--scheduled", "--home", home.root];
}

/** The words after the interpreter that let the watchdog look once. */
export function watchdogWords(home: HostedHome): string[] {
  return [home.program.entry, "watchdog", "--home", home.root];
}

/** The words after the interpreter that look from within the scheduler and leave an answer. */
export function probeWords(home: HostedHome, { answer, isOffline }: ProbeRequest): string[] {
  const words = [home.program.entry, PROBE_NAME, "--home", home.root, "--answer", answer];
  return isOffline ? [...words, "--offline"] : words;
}

/** The minute of every hour at which the watchdog looks: one at which few other things start. */
export const WATCHDOG_MINUTE = 7;

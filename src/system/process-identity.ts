import { readFileSync } from "node:fs";
import os from "node:os";
import { bootName } from "./boot-name.ts";

/**
 * Which process this is, in a way that a reused process number cannot forge. Shown to people and
 * used as proof of death; the lock, not this, decides who may run.
 */
export interface ProcessIdentity {
  pid: number;
  host: string;
  /** The boot that the process lives in; a process of another boot is dead. */
  boot: string;
  /** When the process started, in the system's own words; empty where they cannot be had cheaply. */
  started: string;
}

/** The identity of the process with this number, by default of our own. */
export function processIdentity(pid: number = process.pid): ProcessIdentity {
  if (pid !== process.pid) return identityOf(pid);
  // Of our own nothing changes.
  own ??= identityOf(pid);
  return own;
}

let own: ProcessIdentity | undefined;

function identityOf(pid: number): ProcessIdentity {
  return { pid, host: os.hostname(), boot: bootId(), started: startOf(pid) };
}

/** Whether the very process still lives: same boot, same number, same start. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot !== bootId()) return false;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM means that it lives and belongs to someone else.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return startOf(identity.pid) === identity.started;
}

let knownBoot: string | undefined;

/** No process outlives its boot. */
function bootId(): string {
  knownBoot ??= bootName();
  return knownBoot;
}

/** Field 22 of /proc/PID/stat (proc(5)); the command name before it may hold spaces and brackets. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const isZombie = fields[0] === "Z";
    return isZombie ? "ended" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

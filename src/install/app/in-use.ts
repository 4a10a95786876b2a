import { existsSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { VERSION_LOCK } from "../../guard/held-version.ts";
import { RunLock } from "../../guard/run-lock.ts";
import { versionsFolder } from "./place-version.ts";

/** The versions that a process runs from: those that are held, and on Linux those whose interpreter is at work. */
export function versionsInUse(appFolder: string): string[] {
  const folder = versionsFolder(appFolder);
  if (!existsSync(folder)) return [];
  const held = readdirSync(folder).filter((name) => isHeld(path.join(folder, name, VERSION_LOCK)));
  return [...new Set([...held, ...executedVersions(folder)])];
}

/** A lock that nobody can look at is taken for held. */
function isHeld(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    using lock = RunLock.tryTake(file);
    return lock === undefined;
  } catch {
    return true;
  }
}

/** A process that has only just begun holds nothing yet; proc(5) knows its program, /proc/pid/exe. */
function executedVersions(folder: string): string[] {
  if (process.platform !== "linux") return [];
  const prefix = `${realpathSync(folder)}${path.sep}`;
  const programs = readdirSync("/proc").flatMap((pid) => {
    try {
      const isOther = /^\d+$/.test(pid) && Number(pid) !== process.pid;
      return isOther ? [readlinkSync(`/proc/${pid}/exe`)] : [];
    } catch {
      return [];
    }
  });
  return programs
    .filter((program) => program.startsWith(prefix))
    .map((program) => program.slice(prefix.length).split(path.sep)[0] ?? "");
}

import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { inFolder, isErrno } from "../../system/files.ts";
import { processIdentity } from "../../system/process-identity.ts";

/** What is known of a command that a run started, for whoever finds the run dead. */
export interface RunningRecord {
  home: string;
  run: string;
  /** The leader of the command's process group; undefined before it is known. */
  pid: number | undefined;
  startedMs: number;
  /** The boot that it lives in. */
  boot: string;
}

/**
 * Writes down that a command is about to start, or has started. In one write, which no kill tears, and
 * not synced to the disk: after a power cut no process is left to look for. Failing to write is no reason
 * not to run.
 */
export function writeRunning(file: string, record: Omit<RunningRecord, "boot">): void {
  const { boot } = processIdentity();
  try {
    overwrite(file, () => openSync(file, "w"), `${JSON.stringify({ ...record, boot })}\n`);
  } catch {
    // Said by the log, which lies in the same folder.
  }
}

/** The command has ended, and with it its process group. */
export function clearRunning(file: string): void {
  try {
    overwrite(file, undefined, "\n");
  } catch {
    // Where it could not be written, or never was, it is not there.
  }
}

/**
 * Replaces the first line; what is left of a longer text before it follows. The file stays: to make and
 * remove one for each command takes the disk as long as all else that a start writes.
 */
function overwrite(file: string, make: (() => number) | undefined, line: string): void {
  const descriptor = openThere(file) ?? (make && inFolder(file, make));
  if (descriptor === undefined) return;
  try {
    writeFileSync(descriptor, line);
  } finally {
    closeSync(descriptor);
  }
}

function openThere(file: string): number | undefined {
  try {
    return openSync(file, "r+");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** What a run that died wrote down; undefined when the last one ended in order. */
export function readRunning(file: string): RunningRecord | undefined {
  try {
    const [line = ""] = readFileSync(file, "utf8").split("\n", 1);
    const value = JSON.parse(line) as Partial<RunningRecord> | null;
    const { home, run, pid, startedMs, boot } = value ?? {};
    if (typeof home !== "string" || typeof run !== "string" || run === "") return undefined;
    if (typeof startedMs !== "number" || typeof boot !== "string") return undefined;
    return { home, run, pid: typeof pid === "number" ? pid : undefined, startedMs, boot };
  } catch {
    return undefined;
  }
}

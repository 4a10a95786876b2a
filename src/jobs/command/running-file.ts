import { readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { inFolder, temporaryNameFor } from "../../system/files.ts";
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
 * Writes down that a command is about to start, or has started. Not synced to the disk: after a power
 * cut no process is left to look for. Failing to write is no reason not to run.
 */
export function writeRunning(file: string, record: Omit<RunningRecord, "boot">): void {
  try {
    const text = JSON.stringify({ ...record, boot: processIdentity().boot });
    // What is there before a start is of no use any more, and may be lost in writing.
    const isFirst = record.pid === undefined;
    const target = isFirst ? file : temporaryNameFor(file);
    inFolder(file, () => writeFileSync(target, text));
    if (!isFirst) renameSync(target, file);
  } catch {
    // Said by the log, which lies in the same folder.
  }
}

/** The command has ended, and with it its process group. */
export function clearRunning(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Where it could not be written, or was cleared before, it is not there.
  }
}

/** What a run that died wrote down; undefined when the last one ended in order. */
export function readRunning(file: string): RunningRecord | undefined {
  try {
    const value = JSON.parse(readFileSync(file, "utf8")) as Partial<RunningRecord> | null;
    const { home, run, pid, startedMs, boot } = value ?? {};
    if (typeof home !== "string" || typeof run !== "string" || run === "") return undefined;
    if (typeof startedMs !== "number" || typeof boot !== "string") return undefined;
    return { home, run, pid: typeof pid === "number" ? pid : undefined, startedMs, boot };
  } catch {
    return undefined;
  }
}

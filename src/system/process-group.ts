import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { messageOf } from "./failure.ts";

/** How a process ended: by itself, by a signal, or before it began. */
export interface ProcessEnd {
  exitCode: number | null;
  signal: string | null;
  /** Why it could not be started. */
  error?: string;
}

/** A child with its pipes, the leader of a group of its own. */
export interface GroupProcess {
  readonly pid: number | undefined;
  /** Null for a program that was started without input, which finds its end at once. */
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the leader has ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to every process of the group; one that has ended is no error. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /**
   * Whether anybody of the group still lives, once the leader has ended. Windows keeps no groups:
   * there it is always false.
   */
  hasMembers(): boolean;
}

/**
 * Starts `command` as the leader of a new process group (setsid(2)), so that Ctrl-C in a terminal
 * does not reach it and all that it starts can be ended together. On Windows the tree is ended by
 * taskkill, which knows no polite way.
 */
export function spawnGroup(
  command: string,
  args: readonly string[],
  options: {
    environment: Record<string, string>;
    workingDirectory: string;
    withoutInput?: boolean;
  },
): GroupProcess {
  const how = {
    cwd: options.workingDirectory,
    env: options.environment,
    detached: process.platform !== "win32",
    windowsHide: true,
  };
  const child =
    options.withoutInput === true
      ? spawn(command, args, { ...how, stdio: ["ignore", "pipe", "pipe"] })
      : spawn(command, args, { ...how, stdio: ["pipe", "pipe", "pipe"] });
  // A child that is gone breaks the pipe; its end is told by `ended`.
  child.stdin?.on("error", () => undefined);
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: endOf(child),
    kill: (signal) => killGroup(child, signal),
    hasMembers: () => hasMembers(child),
  };
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve({ exitCode: null, signal: null, error: messageOf(error) });
    });
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

function killGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"], { windowsHide: true });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: nobody of the group is left. EPERM on macOS means that only a zombie is.
  }
}

function hasMembers(child: ChildProcess): boolean {
  if (child.pid === undefined || process.platform === "win32") return false;
  try {
    process.kill(-child.pid, 0);
  } catch {
    return false;
  }
  return process.platform !== "linux" || hasLivingMembers(child.pid);
}

/** A zombie that nobody has taken note of yet keeps its group, and is dead (proc(5): fields 3 and 5). */
function hasLivingMembers(group: number): boolean {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readIfThere(`/proc/${name}/stat`);
    const [state = "", , groupOf] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(groupOf) === group && state !== "Z" && state !== "X") return true;
  }
  return false;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

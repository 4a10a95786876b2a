import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Which processes to find: those that a program started, and what they started in turn. */
export interface Descent {
  /** Variables with their values that all of them inherited: together unique on this machine. */
  marks: readonly string[];
  /** The leader of their group, where it is known. */
  leader: number | undefined;
  /** When the leader was started, by the wall clock. */
  startedMs: number;
}

/** How far `ps` and our own clock may differ: it tells whole seconds. */
const START_SLACK_MS = 2_000;

/**
 * The living processes of a descent, this one left out. On Linux by the environment that they inherited
 * (proc(5)), which no other process has by chance. Elsewhere by the group and the start of its leader
 * (ps(1)): a group's number is not given away while it has members. None on Windows.
 */
export function descendants(descent: Descent): number[] {
  if (process.platform === "linux") return markedProcesses(descent.marks);
  if (process.platform === "win32" || descent.leader === undefined) return [];
  try {
    const listed = execFileSync("ps", ["-A", "-o", "pid=,pgid=,lstart="], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    return groupMembers(listed, { ...descent, leader: descent.leader });
  } catch {
    return [];
  }
}

function markedProcesses(marks: readonly string[]): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => {
      const environment = environmentOf(pid);
      return marks.every((mark) => environment.includes(mark)) && !isZombie(pid);
    });
}

/** Empty for a process of another user, and for one that has ended. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return true;
  }
}

/** Of `pid pgid lstart` lines those of the leader's group, if that is still the same group. */
export function groupMembers(listed: string, descent: Descent & { leader: number }): number[] {
  const members = listed.split("\n").flatMap((line) => {
    const [, pid, group, started] = /^\s*(\d+)\s+(\d+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (started === undefined || Number(group) !== descent.leader) return [];
    return [{ pid: Number(pid), startedMs: Date.parse(started) }];
  });
  const leader = members.find(({ pid }) => pid === descent.leader);
  const isOther = leader && Math.abs(leader.startedMs - descent.startedMs) > START_SLACK_MS;
  if (isOther) return [];
  return members
    .filter(({ startedMs }) => startedMs >= descent.startedMs - START_SLACK_MS)
    .map(({ pid }) => pid);
}

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { systemClock } from "../../src/system/clock.ts";

const POLL_MS = 20;
const PATIENCE_MS = 120_000;

/**
 * The living processes whose environment holds `mark`, by /proc (proc(5)), elsewhere by ps(1). A
 * child that was given to init is found too, which a walk along parents would miss. Zombies have
 * ended and do not count.
 */
export function processesMarked(mark: string): number[] {
  if (process.platform !== "linux") return processesListed(mark);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => hasMark(pid, mark) && !isZombie(pid));
}

/** BSD's ps shows environments with -E; a zombie has none. */
function processesListed(mark: string): number[] {
  const { stdout } = spawnSync("ps", ["-axwwE", "-o", "pid=,command="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line.includes(mark))
    .map((line) => Number.parseInt(line, 10));
}

/** Asks again until `isSo` holds; throws with `what` when it does not within two minutes. */
export async function pollUntil(
  what: string,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const startedMs = systemClock.monotonic();
  while (!(await isSo())) {
    if (systemClock.monotonic() - startedMs > PATIENCE_MS) {
      throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}`);
    }
    await systemClock.sleep(POLL_MS);
  }
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark);
  } catch {
    // It has ended meanwhile, or is another user's.
    return false;
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

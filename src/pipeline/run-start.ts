import path from "node:path";
import type { Clock } from "../system/clock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { HomePaths } from "../system/home.ts";
import type { Random } from "../system/random.ts";

// What every start needs, apart from the runner: most starts find nothing due and load no pipeline.

/** The lock of everything that trains or publishes in a home. */
export function pipelineLockFile(paths: HomePaths): string {
  return path.join(paths.logs, "pipeline.lock");
}

/** The failure of whoever needs the lock while another has it. */
export function lockHeld(message: string): Failure {
  return new Failure({
    code: "CBI_LOCK_HELD",
    message,
    remedy: "See it with: cbi status",
    exit: ExitCode.lockHeld,
    class: "retryable",
  });
}

/** Sorts by time, is safe in a path, and is told apart by chance: `20261120t050001z-3fa9c2`. */
export function runId(clock: Clock, random: Random): string {
  const stamp = new Date(clock.now())
    .toISOString()
    .replace(/[-:]|\.\d+/g, "")
    .toLowerCase();
  return `${stamp}-${random.hex(3)}`;
}

import type { Clock } from "./clock.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { signalGroup } from "./signals.ts";

const POLL_MS = 100;

/**
 * Ends the process group of a leader whose owner is dead: TERM, the grace, KILL. Only while the very
 * leader lives, by boot, number and start time, so that a reused number is never hit; where the
 * start time cannot be had, nothing is ended. True when it lived and is gone now.
 */
export async function endOrphan(
  leader: ProcessIdentity,
  graceMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isProvenAlive(leader)) return false;
  signalGroup(leader.pid, "SIGTERM");
  const endMs = clock.monotonic() + graceMs;
  while (isProvenAlive(leader) && clock.monotonic() < endMs) await clock.sleep(POLL_MS, signal);
  // Members that outlived a leader that obeyed keep its number taken, so the group is still theirs.
  signalGroup(leader.pid, "SIGKILL");
  return true;
}

/** Whether the process lives and its start time proves that it is the one. */
export function isProvenAlive(leader: ProcessIdentity): boolean {
  return leader.started !== "" && leader.started !== "ended" && isAlive(leader);
}

import type { FailureClass } from "../system/failure.ts";

/** Whether to try a stage again, and after how long. */
export type RetryDecision = { retry: true; delayMs: number } | { retry: false; reason: string };

const FIRST_DELAY_MS = 2_000;
const GROWTH = 3;
/** A night is short: longer waits belong to the next slot, not to this run. */
const DELAY_MAX_MS = 5 * 60_000;
/** Spread around the delay, so that several machines do not come back in step. */
const JITTER = 0.2;

/**
 * Decides what follows a failed attempt: only failures that time may heal are tried again, after
 * 2 s, 6 s, 18 s … up to 5 min, each ±20 %. `attempt` counts from 1; `chance` is in [0, 1).
 */
export function decideRetry(failed: {
  class: FailureClass;
  attempt: number;
  attemptsMax: number;
  chance: number;
}): RetryDecision {
  if (failed.class !== "retryable") return { retry: false, reason: `a ${failed.class} failure` };
  if (failed.attempt >= failed.attemptsMax) {
    return { retry: false, reason: `attempt ${failed.attempt} of ${failed.attemptsMax}` };
  }
  const delayMs = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * GROWTH ** (failed.attempt - 1));
  return { retry: true, delayMs: Math.round(delayMs * (1 + JITTER * (2 * failed.chance - 1))) };
}

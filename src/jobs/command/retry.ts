import type { ExitMeaning } from "../../config/jobs-schema.ts";

/** How often and how long an invocation of a job is tried. */
export interface RetryPolicy {
  /** The first one counts: 1 is no retry. */
  attempts: number;
  /** The wait after the first attempt; each further one is `factor` times as long, up to `delayMaxMs`. */
  delayMs: number;
  factor: number;
  delayMaxMs: number;
  /** How far a wait may be shorter or longer, as a share of it, so that jobs do not come back in step. */
  jitter: number;
  /** No attempt begins later than this after the first one did. */
  budgetMs: number;
}

export type RetryDecision = { retry: true; delayMs: number } | { retry: false; reason: string };

/**
 * Decides what follows an attempt: only what means `retry` is tried again, as long as attempts are
 * left and the next one begins within the budget. `attempt` counts from 1, `chance` is in [0, 1), and
 * `elapsedMs` runs from the start of the first attempt.
 */
export function decideNextAttempt(
  policy: RetryPolicy,
  ended: { meaning: ExitMeaning; attempt: number; elapsedMs: number; chance: number },
): RetryDecision {
  const { meaning, attempt, elapsedMs, chance } = ended;
  if (meaning !== "retry") return { retry: false, reason: `its end means '${meaning}'` };
  if (attempt >= policy.attempts) {
    return { retry: false, reason: `attempt ${attempt} of ${policy.attempts}` };
  }
  const steadyMs = Math.min(policy.delayMaxMs, policy.delayMs * policy.factor ** (attempt - 1));
  const delayMs = Math.max(0, Math.round(steadyMs * (1 + policy.jitter * (2 * chance - 1))));
  if (elapsedMs + delayMs > policy.budgetMs) {
    const spent = Math.round(policy.budgetMs / 1000);
    return { retry: false, reason: `the next attempt would begin after the ${spent} s for all` };
  }
  return { retry: true, delayMs };
}

import type { Health } from "../ledger/status-schema.ts";
import type { RunState } from "../ledger/runs.ts";

/** What the judgement of a home rests on. */
export interface HealthFacts {
  nowMs: number;
  job: string;
  /** The newest run that was not refused; undefined before the first. */
  last?: {
    id: string;
    state: RunState;
    startedMs: number;
    warnings: number;
    error: string | undefined;
    /** For a run that the ledger calls running: whether its process lives. */
    isAlive: boolean;
  };
  lastSuccessMs: number | undefined;
  staleAfterMs: number;
  staleAfter: string;
  data: Health["data"];
  freshness: { warn: number; error: number };
  models: Health["models"];
  alerts: Health["alerts"];
  /** What the kill switch holds back. */
  halts: readonly string[];
  /** Why the watchdog seems to be gone. */
  watchdogSilence: string | undefined;
  wake: Health["wake"];
}

/**
 * Judges a home: failed when the last run failed or died, or the data are too old to train on;
 * warned when it warned, was interrupted, is overdue, or never ran.
 */
export function judgeHealth(facts: HealthFacts): Health {
  const failures: string[] = [];
  const warnings: string[] = [];
  const { last, data } = facts;
  if (!last) warnings.push(`${facts.job} has never run: cbi run ${facts.job}`);
  else if (last.state === "failed")
    failures.push(`the last run failed: ${last.error ?? "no reason kept"}`);
  else if (last.state === "interrupted") {
    warnings.push(`the last run was interrupted; resume it with: cbi run ${facts.job}`);
  } else if (last.state === "running" && !last.isAlive) {
    failures.push(`run ${last.id} died in mid-run; resume it with: cbi run ${facts.job}`);
  } else if (last.warnings > 0) {
    warnings.push(
      `the last run ended with ${last.warnings} warning${last.warnings === 1 ? "" : "s"}`,
    );
  }
  const isOverdue =
    facts.lastSuccessMs === undefined || facts.nowMs - facts.lastSuccessMs > facts.staleAfterMs;
  if (last && isOverdue && last.state !== "running") {
    warnings.push(`no success within ${facts.staleAfter} (jobs.${facts.job}.stale_after)`);
  }
  if (data && data.sessions_behind > facts.freshness.error) {
    failures.push(`the newest data are of ${data.newest}, ${data.sessions_behind} sessions behind`);
  } else if (data && data.sessions_behind > facts.freshness.warn) {
    warnings.push(`the newest data are of ${data.newest}, ${data.sessions_behind} sessions behind`);
  }
  for (const { severity, message, since } of facts.alerts) {
    (severity === "fail" ? failures : warnings).push(`${message} (alert since ${since})`);
  }
  warnings.push(...facts.halts);
  if (facts.watchdogSilence !== undefined) warnings.push(facts.watchdogSilence);
  return {
    verdict: failures.length > 0 ? "fail" : warnings.length > 0 ? "warn" : "pass",
    reasons: [...failures, ...warnings],
    last_success:
      facts.lastSuccessMs === undefined ? null : new Date(facts.lastSuccessMs).toISOString(),
    alerts: facts.alerts,
    wake: facts.wake,
    data,
    models: facts.models,
  };
}

import { ON_TIME_MS, spanText } from "../schedule/due.ts";
import { utcText } from "../schedule/wall.ts";
import type { EndedSlot, JobFacts, RunningFacts } from "./facts.ts";
import type { Finding, FindingKind, Severity } from "./finding.ts";

/** So often may runs of one slot fail before a person must look. */
const SLOT_FAILURES_MAX = 2;
/** So many failed slots among the newest ones are a pattern, even with successes between them. */
const WINDOW_FAILURES_MAX = 3;
export const WINDOW_SLOTS = 10;
/** A slot that is owed may take so long before its absence makes a job stale. */
const OWED_MAX_MS = 2 * 3_600_000;

/** Everything that is not well with one job. Pure and total: any facts give findings. */
export function judgeJob(facts: JobFacts, nowMs: number): Finding[] {
  if (facts.clockHold !== undefined) {
    const message = `nothing starts: ${facts.clockHold}`;
    return [{ ...finding({ ...facts, job: "" }, "clock", "fail", message), job: undefined }];
  }
  return [
    ...facts.running.flatMap((run) => judgeRun(facts, run)),
    ...judgeLate(facts, nowMs),
    ...judgeMissed(facts),
    ...judgeFailed(facts),
    ...judgeStale(facts, nowMs),
  ];
}

/** Dead is proven; stuck is silence of a living process in time that the machine was awake. */
function judgeRun(facts: JobFacts, run: RunningFacts): Finding[] {
  if (run.isDead) {
    const message = `run ${run.run} of ${facts.job} died in mid-run (process ${run.pid})`;
    const dead = finding(facts, "dead", "fail", message);
    return [{ ...dead, key: `dead:${run.run}`, isBeingHealed: true }];
  }
  if (run.quietMaxMs === undefined || run.quietMs <= run.quietMaxMs) return [];
  const message =
    `run ${run.run} of ${facts.job} (process ${run.pid}) hangs: ` +
    `no progress for ${spanText(run.quietMs)} of waking time`;
  return [
    { ...finding(facts, "stuck", "fail", message), key: `stuck:${run.run}`, needsPerson: true },
  ];
}

/** A late slot is caught up by this very pass; it is an incident when that does not help. */
function judgeLate({ late, ...facts }: JobFacts, nowMs: number): Finding[] {
  if (!late || nowMs - late.dueMs <= ON_TIME_MS) return [];
  const message = `${facts.job}@${late.slot} was due ${spanText(nowMs - late.dueMs)} ago and has no start`;
  return [{ ...finding({ ...facts, late }, "missed", "warn", message), isBeingHealed: true }];
}

/** Slots that were missed for good, until a later one is done. */
function judgeMissed(facts: JobFacts): Finding[] {
  const missed = untilDone(facts.ended).filter(({ verdict }) => verdict === "missed");
  const [newest] = missed;
  if (!newest || !facts.isEnabled) return [];
  const many = missed.length > 1 ? ` and ${missed.length - 1} before it` : "";
  const message = `${facts.job}@${newest.name}${many} was missed: ${newest.reason ?? "it had no start"}`;
  // A start that is under way may end it, and may not: until then it is neither over nor new.
  const isBeingHealed = isStarting(facts) || isOfBefore(facts, newest);
  return [{ ...finding(facts, "missed", "warn", message), isBeingHealed }];
}

function judgeFailed(facts: JobFacts): Finding[] {
  const failed = facts.ended.slice(0, WINDOW_SLOTS).filter(({ verdict }) => verdict === "failed");
  const newest = untilDone(facts.ended).find(({ verdict }) => verdict === "failed");
  const isPattern = failed.length >= WINDOW_FAILURES_MAX;
  const shown = newest ?? (isPattern ? failed[0] : undefined);
  if (!shown) return [];
  const why = shown.reason === undefined ? "" : `: ${shown.reason}`;
  const often = isPattern
    ? ` (${failed.length} of the last ${Math.min(WINDOW_SLOTS, facts.ended.length)} failed)`
    : "";
  const needsPerson = isPattern || shown.failures >= SLOT_FAILURES_MAX;
  const message = `${facts.job}@${shown.name} failed${why}${often}`;
  const isBeingHealed = isOfBefore(facts, shown);
  return [{ ...finding(facts, "failed", "fail", message), needsPerson, isBeingHealed }];
}

/**
 * Whether a slot ended before the job counted anew, by an edit or since it came back to cbi.yaml. What
 * people know of it goes on until a slot of now is done; they are not told of it again.
 */
function isOfBefore({ sinceMs }: JobFacts, { recordedMs }: EndedSlot): boolean {
  return recordedMs !== undefined && recordedMs < sinceMs;
}

/**
 * Stale counts from slots, not from the clock alone: a nightly job that rests on weekends owes
 * nothing until its next slot is due.
 */
function judgeStale(facts: JobFacts, nowMs: number): Finding[] {
  const { staleAfterMs, owedMs } = facts;
  if (staleAfterMs === undefined || owedMs === undefined || !facts.isEnabled) return [];
  const sinceMs = Math.max(facts.lastSuccessMs ?? facts.sinceMs, facts.sinceMs);
  const staleMs = Math.max(sinceMs + staleAfterMs, owedMs + Math.min(staleAfterMs, OWED_MAX_MS));
  if (nowMs <= staleMs) return [];
  const last =
    facts.lastSuccessMs === undefined ? "none ever" : `the last ${utcText(facts.lastSuccessMs)}`;
  const message = `${facts.job} had no success within ${spanText(staleAfterMs)} (${last})`;
  return [{ ...finding(facts, "stale", "warn", message), isBeingHealed: isStarting(facts) }];
}

/** A run that is at work, or that this very pass starts, may be the success. */
function isStarting({ late, running }: Pick<JobFacts, "late" | "running">): boolean {
  return late !== undefined || running.some(({ isDead }) => !isDead);
}

/** The newest slots up to the last that was done. */
function untilDone(ended: readonly EndedSlot[]): readonly EndedSlot[] {
  const done = ended.findIndex(({ verdict }) => verdict === "done");
  return done === -1 ? ended : ended.slice(0, done);
}

function finding(
  { job }: JobFacts,
  kind: FindingKind,
  severity: Severity,
  message: string,
): Finding {
  const key = job === "" ? kind : `${kind}:${job}`;
  return { key, kind, job, severity, message, needsPerson: false, isBeingHealed: false };
}

import {
  forgetJob,
  recordEnabled,
  registeredJobs,
  registerJob,
  type RegisteredJob,
} from "../ledger/jobs.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { claimedSlots, findSlot, recordEnd, writeCheck } from "../ledger/slots.ts";
import { dueCheck, type SlotEnd } from "../schedule/due.ts";
import type { HomeJobs } from "./schedules.ts";

/**
 * Brings the ledger's jobs in line with cbi.yaml: a new job and a new schedule count from now, so that
 * neither a first install nor an edit sets off a stampede. What was due before and had no start gets
 * its verdict here. Writes nothing when nothing changed; gives the registered jobs by name.
 */
export function registerJobs(
  jobs: HomeJobs,
  ledger: Ledger,
  nowMs: number,
): Map<string, RegisteredJob> {
  const known = registeredJobs(ledger);
  if (isInLine(jobs, known)) return known;
  return ledger.transaction(() => {
    // Another process may have been first while this one waited.
    const before = registeredJobs(ledger);
    for (const name of jobs.names) registerOne(jobs, ledger, name, before.get(name), nowMs);
    for (const [name, gone] of before) {
      if (jobs.home.config.jobs[name] === undefined) retire(jobs, ledger, gone, nowMs);
    }
    return registeredJobs(ledger);
  });
}

function isInLine(jobs: HomeJobs, known: ReadonlyMap<string, RegisteredJob>): boolean {
  const { names } = jobs;
  return names.length === known.size && names.every((name) => isSame(jobs, name, known.get(name)));
}

function isSame(jobs: HomeJobs, name: string, known: RegisteredJob | undefined): boolean {
  if (known?.schedule !== jobs.textOf(name)) return false;
  return known.isEnabled === (disabledReason(jobs, known) === undefined);
}

/** Why a job's slots do not start, or undefined for an enabled one. */
export function disabledReason(jobs: HomeJobs, known: RegisteredJob): string | undefined {
  const { override, name } = known;
  if (override?.value === "disabled") {
    const why = override.reason === "" ? "" : `: ${override.reason}`;
    return `disabled by ${override.who}${why}`;
  }
  if (override?.value === "enabled" || jobs.home.config.jobs[name]?.enabled !== false) return;
  return "disabled in cbi.yaml";
}

function registerOne(
  jobs: HomeJobs,
  ledger: Ledger,
  name: string,
  known: RegisteredJob | undefined,
  nowMs: number,
): void {
  const schedule = jobs.textOf(name);
  if (known?.schedule !== schedule) {
    const isEnabled = known ? disabledReason(jobs, known) === undefined : isEnabledIn(jobs, name);
    if (known) settle(jobs, ledger, known, "its schedule was edited before it started", nowMs);
    registerJob(ledger, { name, schedule, isEnabled, nowMs });
    return;
  }
  const isEnabled = disabledReason(jobs, known) === undefined;
  if (known.isEnabled === isEnabled) return;
  if (isEnabled) settle(jobs, ledger, known, "it was disabled", nowMs);
  recordEnabled(ledger, name, isEnabled);
}

/** Ends every slot that is due and has no start: as skipped while disabled, else as missed. */
function settle(
  jobs: HomeJobs,
  ledger: Ledger,
  known: RegisteredJob,
  reason: string,
  nowMs: number,
): void {
  const decision = dueCheck({
    nowMs,
    newestRecordMs: undefined,
    schedule: jobs.scheduleOfText(known.schedule),
    sinceMs: known.sinceMs,
    throughMs: known.throughMs,
    disabled: reason,
    catchUp: { policy: "none", maxCount: 1 },
    claimed: [],
    isRecorded: (name) => findSlot(ledger, known.name, name) !== undefined,
  });
  const verdict = known.isEnabled ? "missed" : "skipped";
  writeCheck(ledger, {
    job: known.name,
    ends: decision.ends.map((end) => ({ ...end, verdict })),
    range: decision.range && { ...decision.range, verdict },
    throughMs: decision.throughMs,
    nextDueMs: undefined,
    nextStamp: "",
    said: reason,
    nowMs,
  });
}

/** A job that is gone from cbi.yaml: what it left open ends, and it counts anew when it comes back. */
function retire(jobs: HomeJobs, ledger: Ledger, known: RegisteredJob, nowMs: number): void {
  const reason = "the job was removed from cbi.yaml";
  settle(jobs, ledger, known, reason, nowMs);
  for (const { name, dueMs, day } of claimedSlots(ledger, known.name)) {
    const end: SlotEnd = { name, dueMs, day, verdict: "failed", reason: `interrupted; ${reason}` };
    recordEnd(ledger, known.name, end, nowMs);
  }
  forgetJob(ledger, known.name);
}

function isEnabledIn(jobs: HomeJobs, name: string): boolean {
  return jobs.home.config.jobs[name]?.enabled !== false;
}

import { stat } from "node:fs/promises";
import path from "node:path";
import { parseDurationMs } from "../config/duration.ts";
import type { Job } from "../config/jobs-schema.ts";
import { RunLock } from "../guard/run-lock.ts";
import { readBook, type Checked } from "../jobs/check.ts";
import { jobLockFile } from "../jobs/job-locks.ts";
import type { Road } from "../jobs/road.ts";
import { registeredJobs, type RegisteredJob } from "../ledger/jobs.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { keepQuietRuns, quietRun } from "../ledger/quiet-runs.ts";
import { newestRuns, stagesOf, type RunRecord } from "../ledger/runs.ts";
import { lastSuccess } from "../ledger/successes.ts";
import { newestSlots, type SlotRecord } from "../ledger/slots.ts";
import { jobLogFile, runLogFile } from "../pipeline/run-files.ts";
import { pipelineLockFile } from "../pipeline/run-start.ts";
import { nextSlots } from "../schedule/slots.ts";
import { isAlive } from "../system/process-identity.ts";
import type { Uptime } from "../system/uptime.ts";
import type { EndedSlot, JobFacts, RunningFacts } from "./facts.ts";
import { WINDOW_SLOTS } from "./judge-job.ts";
import { countQuiet, type QuietRecord } from "./quiet.ts";

/** Beyond the job's own limits, which its supervisor enforces, before that is taken to hang itself. */
const SLACK_MS = 10 * 60_000;
/** The longest stage by default is the training's four hours. */
const PIPELINE_QUIET_MS = 4 * 3_600_000;

/** A job's facts with what the due-check says, for who acts on it. */
export interface Observed {
  facts: JobFacts;
  checked: Checked;
  running: readonly { record: RunRecord; isDead: boolean }[];
}

/** Gathers what the watchdog judges jobs by. Nothing is written but, `mayWrite`, how long runs are quiet. */
export async function observeJobs(
  road: Road,
  uptime: Uptime,
  mayWrite: boolean,
): Promise<Observed[]> {
  const { jobs, ledgers, world } = road;
  const nowMs = world.clock.now();
  const book = readBook(jobs, ledgers.ledger, nowMs);
  const registered = registeredJobs(ledgers.ledger);
  const quiet: QuietRecord[] = [];
  const observed: Observed[] = [];
  for (const name of jobs.names) {
    const known = registered.get(name);
    if (!known) continue;
    const checked = book.check(name, { hasLock: false });
    const runs = newestRuns(ledgers.ledger, { job: name, states: ["running"], limit: 10 });
    const running: { record: RunRecord; isDead: boolean; facts: RunningFacts }[] = [];
    for (const record of runs) running.push(await observeRun(road, record, uptime, quiet));
    const facts = jobFacts(road, known, checked, nowMs);
    observed.push({
      facts: { ...facts, running: running.map(({ facts }) => facts) },
      checked,
      running,
    });
  }
  if (mayWrite && (quiet.length > 0 || hasQuietRuns(ledgers.ledger))) {
    keepQuietRuns(ledgers.ledger, quiet);
  }
  return observed;
}

function hasQuietRuns(ledger: Ledger): boolean {
  return ledger.get("SELECT 1 FROM quiet_run LIMIT 1") !== undefined;
}

function jobFacts(
  road: Road,
  known: RegisteredJob,
  checked: Checked,
  nowMs: number,
): Omit<JobFacts, "running"> {
  const { ledger } = road.ledgers;
  const job = road.jobs.find(known.name);
  const { next } = checked;
  const success = lastSuccess(ledger, known.name, { nowMs, pin: road.home.config.as_of });
  const lastSuccessMs = success?.endedMs;
  const staleAfter = job?.settings.stale_after;
  const fromMs = Math.max(lastSuccessMs ?? known.sinceMs, known.sinceMs);
  const owed = job?.schedule && nextSlots(job.schedule, fromMs, 1)[0];
  const isStart = next.step === "start" || next.step === "resume";
  return {
    job: known.name,
    isEnabled: known.isEnabled,
    late: isStart ? { slot: next.slot.name, dueMs: next.slot.dueMs } : undefined,
    clockHold: next.step === "hold" ? next.reason : undefined,
    ended: endedSlots(ledger, known.name, checked, nowMs),
    sinceMs: known.sinceMs,
    lastSuccessMs,
    staleAfterMs: staleAfter === undefined ? undefined : parseDurationMs(staleAfter),
    owedMs: owed?.dueMs,
  };
}

/** The ledger's newest verdicts, and before them those that the due-check is about to record. */
function endedSlots(ledger: Ledger, job: string, checked: Checked, nowMs: number): EndedSlot[] {
  const coming: EndedSlot[] = checked.ends
    .map(({ name, verdict, reason }) => ({
      name,
      verdict,
      reason,
      failures: 0,
      recordedMs: undefined,
    }))
    .toReversed();
  const limit = WINDOW_SLOTS * 2;
  // A clock that was ahead has brought slots early. They stand where they were recorded: there for good,
  // and before whatever has come due since the clock is right.
  const early = newestSlots(ledger, { job, afterMs: nowMs, limit });
  const known = [...early, ...newestSlots(ledger, { job, throughMs: nowMs, limit })]
    .sort((left, right) => endedAtMs(right) - endedAtMs(left))
    .flatMap(({ name, verdict, reason, failures, recordedMs }) =>
      verdict === undefined ? [] : [{ name, verdict, reason, failures, recordedMs }],
    );
  return [...coming, ...known].slice(0, WINDOW_SLOTS);
}

function endedAtMs({ dueMs, recordedMs }: SlotRecord): number {
  return Math.min(dueMs, recordedMs);
}

async function observeRun(
  road: Road,
  record: RunRecord,
  uptime: Uptime,
  quiet: QuietRecord[],
): Promise<{ record: RunRecord; isDead: boolean; facts: RunningFacts }> {
  const isDead = isProvenDead(road, record);
  const seenMs = road.world.clock.now();
  const settings = road.home.config.jobs[record.job];
  const progressMs = await progressOf(road, record);
  const before = quietRun(road.ledgers.ledger, record.id);
  const counted = countQuiet(before, { run: record.id, progressMs, seenMs, ...uptime });
  if (!isDead) quiet.push(counted);
  const quietMaxMs = settings && quietLimitMs(settings);
  const facts = {
    run: record.id,
    pid: record.owner.pid,
    isDead,
    quietMs: counted.quietMs,
    quietMaxMs,
  };
  return { record, isDead, facts };
}

/**
 * A run is dead when its very process is gone (boot, number, start), or when nobody holds a lock that
 * it would hold: the kernel lets go of that with the process, however it died.
 */
export function isProvenDead(road: Road, record: RunRecord): boolean {
  if (!isAlive(record.owner)) return true;
  const { paths } = road.home;
  const locks = [jobLockFile(paths, record.job), pipelineLockFile(paths)];
  if (!locks.every(isFree)) return false;
  // It may have ended, in good order, while its locks were looked at.
  const [still] = newestRuns(road.ledgers.ledger, {
    job: record.job,
    states: ["running"],
    limit: 1,
  });
  return still?.id === record.id;
}

function isFree(file: string): boolean {
  using lock = RunLock.tryTake(file);
  return lock !== undefined;
}

/** The newest sign of progress: an event in the run's log, or a stage that began or ended. */
async function progressOf({ home, ledgers }: Road, run: RunRecord): Promise<number> {
  const isPipeline = home.config.jobs[run.job]?.kind === "pipeline";
  const file = isPipeline
    ? runLogFile(home.paths, run.job, run.id)
    : jobLogFile(home.paths, run.job, run.id);
  const loggedMs = await stat(path.resolve(file)).then(
    ({ mtimeMs }) => Math.floor(mtimeMs),
    () => 0,
  );
  const stages = stagesOf(ledgers.ledger, run.id);
  const staged = stages.map(({ startedMs, endedMs }) => Math.max(startedMs ?? 0, endedMs ?? 0));
  return Math.max(run.startedMs, loggedMs, ...staged);
}

/** A run may be silent for as long as its own limits let it. */
function quietLimitMs(settings: Job): number | undefined {
  switch (settings.kind) {
    case "pipeline": {
      const limits = Object.values(settings.stages).map(
        ({ deadline }) => durationMs(deadline) ?? 0,
      );
      return Math.max(PIPELINE_QUIET_MS, ...limits) + SLACK_MS;
    }
    case "command": {
      const limitMs = durationMs(settings.silence) ?? durationMs(settings.timeout) ?? 0;
      return Math.max(limitMs, durationMs(settings.retry.max_delay) ?? 0) + SLACK_MS;
    }
    case "service": {
      const limitMs = durationMs(settings.silence);
      return limitMs === undefined ? undefined : limitMs + SLACK_MS;
    }
  }
}

function durationMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDurationMs(text);
}

import type { Home } from "../config/home.ts";
import { keepLastGood } from "../config/last-good.ts";
import {
  addWarning,
  endRun,
  insertRun,
  newestRuns,
  type RecordedError,
  type RunRecord,
} from "../ledger/runs.ts";
import { haveRunsOutgrown } from "../pipeline/keep-limits.ts";
import { lockHeld } from "../pipeline/run-start.ts";
import { runStatus, writeStatus } from "../ledger/status-file.ts";
import { ExitCode } from "../system/exit-code.ts";
import { messageOf, type Failure } from "../system/failure.ts";
import { processIdentity } from "../system/process-identity.ts";
import { version } from "../system/version.ts";
import type { StageName } from "../config/schema.ts";
import type { RunStatus } from "../ledger/status-schema.ts";
import type { Invocation, JobWorld, RunOutcome } from "./ports.ts";
import type { Road } from "./road.ts";
import { openServiceBook } from "./service/service-book.ts";

/** What a person may ask of a pipeline besides. */
export interface PipelineWish {
  from?: StageName;
  only?: StageName;
  force?: boolean;
}

export interface KindEnd extends RunOutcome {
  status: RunStatus;
  /** Another run was in the way: nothing was done. */
  isRefused?: boolean;
}

/** What is recorded in one transaction with a program's run. */
export interface BesideRun {
  /** The record of the run, if it was made with the claim of its slot. */
  begun?: RunRecord | undefined;
  /** Records what the outcome means for the slot, in the transaction that records the outcome. */
  settle?: (outcome: RunOutcome) => void;
}

/** Runs a job of any kind, records the run before and its outcome after, and projects its status. */
export async function runKind(
  road: Road,
  invocation: Invocation,
  world: JobWorld,
  options: { wish?: PipelineWish | undefined; beside?: BesideRun } = {},
): Promise<KindEnd> {
  return invocation.settings.kind === "pipeline"
    ? runThePipeline(road, invocation, world, options.wish ?? {})
    : runTheProgram(road, invocation, world, options.beside ?? {});
}

/** Records that a program is about to be run. */
export function beginRun({ ledgers }: Road, invocation: Invocation, world: JobWorld): RunRecord {
  const record = recordOf(invocation, world);
  insertRun(ledgers.ledger, record, []);
  return record;
}

/**
 * Records that a run was asked for and not started, since another one is in its way. The refusal
 * stands even when it cannot be recorded.
 */
export function refuseRun(road: Road, invocation: Invocation): KindEnd {
  const { world } = road;
  let failure = lockHeld(`another process is running ${invocation.job} or its group; only one may`);
  const record = {
    ...recordOf(invocation, world),
    state: "refused",
    endedMs: world.clock.now(),
  } as const;
  try {
    const { ledger } = road.ledgers;
    const [holder] = newestRuns(ledger, { states: ["running"], limit: 1 });
    if (holder) {
      const who = `run ${holder.id} (process ${holder.owner.pid})`;
      failure = lockHeld(`${who} is running in this home; only one may`);
    }
    insertRun(ledger, { ...record, exitCode: failure.exit, error: errorOf(failure) }, []);
  } catch (error) {
    const message = `the refusal could not be recorded: ${messageOf(error)}`;
    world.emit({ event: "warning", message });
  }
  return { ...announce(road, record, failure), isRefused: true };
}

/** Says that a run could not start, and why; it is not recorded, for nothing of it happened. */
export function endUnstarted(road: Road, invocation: Invocation, failure: Failure): KindEnd {
  const { world } = road;
  const state = failure.exit === ExitCode.held ? "refused" : "failed";
  const endedMs = world.clock.now();
  return announce(road, { ...recordOf(invocation, world), state, endedMs }, failure);
}

function announce({ world }: Road, record: RunRecord, failure: Failure): KindEnd {
  const error = errorOf(failure);
  world.emit({
    event: "run-finished",
    run: record.id,
    state: record.state,
    exit_code: failure.exit,
    duration_seconds: 0,
    warnings: [],
    error,
  });
  const status = runStatus({ ...record, exitCode: failure.exit, error }, []);
  return { end: "failed", exitCode: failure.exit, error, warnings: [], status };
}

function errorOf(failure: Failure): RecordedError {
  const { code, message, remedy } = failure;
  return { code, message, remedy, class: failure.class };
}

/** A pipeline records itself; the ledger is let go of, because a night may have to restore it. */
async function runThePipeline(
  road: Road,
  invocation: Invocation,
  world: JobWorld,
  wish: PipelineWish,
): Promise<KindEnd> {
  road.ledgers.release();
  const { run, job, trigger, asOf, slot } = invocation;
  const request = { run, job, trigger, asOf, ...(slot && { slot: slot.name }), ...wish };
  const { status, exitCode } = await road.runNight(road.home, request, world);
  const { state, error, warnings } = status;
  return {
    end: state === "done" || state === "interrupted" ? state : "failed",
    exitCode,
    warnings,
    ...(error && { error, reason: error.message, mayHeal: error.class === "retryable" }),
    status,
    isRefused: state === "refused",
  };
}

async function runTheProgram(
  road: Road,
  invocation: Invocation,
  world: JobWorld,
  { begun, settle }: BesideRun,
): Promise<KindEnd> {
  await keepOnce(road, world);
  const record = begun ?? beginRun(road, invocation, world);
  const told = projectWhenRunning(road, world, record, invocation);
  const { job, run, trigger, asOf } = invocation;
  world.emit({ event: "run-started", run, job, as_of: asOf, trigger, stages: [] });
  const outcome = await outcomeOf(road, invocation, told);
  const state = outcome.end === "skipped" ? "done" : outcome.end;
  const endedMs = world.clock.now();
  const end = {
    state,
    endedMs,
    exitCode: outcome.exitCode,
    ...(outcome.error && { error: outcome.error }),
  };
  const { ledger } = road.ledgers;
  ledger.transaction(() => {
    for (const warning of outcome.warnings) addWarning(ledger, run, warning);
    endRun(ledger, run, end);
    settle?.(outcome);
  });
  const ended: RunRecord = { ...record, ...end, warnings: [...new Set(outcome.warnings)] };
  project(road, world, ended);
  world.emit({
    event: "run-finished",
    run,
    state,
    exit_code: outcome.exitCode,
    duration_seconds: (endedMs - record.startedMs) / 1000,
    warnings: [...outcome.warnings],
    error: outcome.error ?? null,
  });
  await giveBack(road, invocation, world);
  return { ...outcome, status: runStatus(ended, []) };
}

/** Retention is no part of a run's success. */
async function giveBack(
  { home, ledgers }: Road,
  { job }: Invocation,
  world: JobWorld,
): Promise<void> {
  try {
    const where = { home, ledger: ledgers.ledger, nowMs: world.clock.now() };
    if (!haveRunsOutgrown(job, where)) return;
    await (await import("../pipeline/prune.ts")).pruneRunsOf(job, where);
  } catch (error) {
    const message = `old runs could not be given back: ${messageOf(error)}`;
    world.emit({ event: "warning", message });
  }
}

const kept = new WeakSet<Home>();

/** The configuration that runs start with is the same until it is read anew. */
async function keepOnce({ home }: Road, { clock }: JobWorld): Promise<void> {
  if (kept.has(home)) return;
  kept.add(home);
  // Without the copy a later mistake is told less well; the run itself needs none.
  await keepLastGood(home, clock).catch(() => undefined);
}

/** A runner throws bugs only; the run and its slot get their verdict all the same. */
async function outcomeOf(road: Road, invocation: Invocation, world: JobWorld): Promise<RunOutcome> {
  const { settings } = invocation;
  try {
    if (settings.kind === "command") {
      return await road.services.command.run({ ...invocation, settings }, world);
    }
    if (settings.kind === "service") {
      const book = openServiceBook(road, invocation);
      return await road.services.service.run({ ...invocation, settings }, world, book);
    }
    throw new Error(`a job of the kind ${settings.kind} is no program`);
  } catch (error) {
    const message = `this is a bug in cbi: ${messageOf(error)}`;
    return {
      end: "failed",
      exitCode: ExitCode.bug,
      reason: message,
      error: { code: "CBI_BUG", message, class: "fatal" },
      warnings: [],
    };
  }
}

function recordOf(invocation: Invocation, { clock }: JobWorld): RunRecord {
  return {
    id: invocation.run,
    job: invocation.job,
    slot: invocation.slot?.name,
    trigger: invocation.trigger,
    state: "running",
    asOf: invocation.asOf,
    startedMs: clock.now(),
    endedMs: undefined,
    owner: processIdentity(),
    version: version(),
    configHash: invocation.home.configHash,
    exitCode: undefined,
    error: undefined,
    warnings: [],
  };
}

/**
 * Projects that a run is under way: of a command once its process is there, since the disk is as busy
 * with the file as the system with the start; of a service at once, since it may wait before its first life.
 */
function projectWhenRunning(
  road: Road,
  world: JobWorld,
  record: RunRecord,
  { settings }: Invocation,
): JobWorld {
  if (settings.kind !== "command") {
    project(road, world, record);
    return world;
  }
  let isTold = false;
  return {
    ...world,
    emit: (event) => {
      world.emit(event);
      if (isTold || event.event !== "attempt-running") return;
      isTold = true;
      project(road, world, record);
    },
  };
}

/** The status file is a projection: failing to write it is said, and never ends a run. */
function project(road: Road, world: JobWorld, run: RunRecord): void {
  try {
    writeStatus(road.home.paths, run, []);
  } catch (error) {
    const message = `last_run_status.json could not be written: ${messageOf(error)}`;
    world.emit({ event: "warning", message });
  }
}

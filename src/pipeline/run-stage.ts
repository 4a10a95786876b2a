import { updateStage } from "../ledger/runs.ts";
import { parseDurationMs } from "../config/duration.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { Random } from "../system/random.ts";
import type { AnyStage, Outputs } from "./chain.ts";
import { findCheckpoint, fingerprintOf, problemWith } from "./checkpoint.ts";
import { recordOf, toFailure } from "./classify.ts";
import { decideRetry } from "./retry.ts";
import type { StageContext } from "./stage.ts";

/** What the runner adds to a stage's own context. */
export interface StageRun {
  stage: AnyStage;
  inputs: Outputs;
  context: StageContext;
  codeHash: string;
  random: Random;
  /** False when the person asked to do it again. */
  mayReuse: boolean;
  /** The refusal where the stage must be reused and cannot be. */
  refusal?: () => Failure;
  /** Brings the status file up to date after a transition. */
  project: () => Promise<void>;
}

/** Whether a stage was used again or done, and what it gave. */
export interface StageOutcome {
  output: unknown;
  reused: boolean;
}

/**
 * Takes one stage from pending to done: reuses a verified checkpoint, or runs it, again by its
 * policy, and verifies what it declares. Throws a `Failure` when it ends otherwise; the ledger holds
 * each transition before the next begins.
 */
export async function runStage(run: StageRun): Promise<StageOutcome> {
  const { stage, inputs, context } = run;
  const startedMs = context.clock.now();
  updateStage(context.ledger, context.run, stage.name, { state: "running", startedMs });
  await run.project();
  try {
    const fingerprint = await fingerprintOf(stage, inputs, context, run.codeHash);
    const checkpoint = run.mayReuse
      ? await findCheckpoint(stage, inputs, context, fingerprint)
      : undefined;
    if (checkpoint) {
      for (const warning of checkpoint.warnings) context.warn(warning);
      const { output, warnings } = checkpoint;
      const remark = await attemptUntilDone(run, (deadlineMs) =>
        underDeadline(run, deadlineMs, async (inner) => stage.afterwards?.(output, inputs, inner)),
      );
      await finish(run, startedMs, fingerprint, { output, warnings, remark }, checkpoint.run);
      return { output, reused: true };
    }
    if (run.refusal) throw run.refusal();
    const made = await attemptUntilDone(run, (deadlineMs, attempt) => {
      updateStage(context.ledger, context.run, stage.name, { state: "running", attempts: attempt });
      context.emit({ event: "stage-started", stage: stage.name, attempt });
      return attemptOnce(run, deadlineMs);
    });
    await finish(run, startedMs, fingerprint, made, undefined);
    return { output: made.output, reused: false };
  } catch (error) {
    await fail(run, toFailure(context.signal.aborted ? context.signal.reason : error));
    throw error;
  }
}

/** What an attempt gave, and what it warned of. */
interface Made {
  output: unknown;
  warnings: readonly string[];
  /** What it did besides, for the summary. */
  remark: string | undefined;
}

async function attemptUntilDone<Result>(
  run: StageRun,
  once: (deadlineMs: number, attempt: number) => Promise<Result>,
): Promise<Result> {
  const { stage, context } = run;
  const job = context.config.jobs[context.job];
  const configured = job?.kind === "pipeline" ? job.stages[stage.name] : undefined;
  const attemptsMax = configured?.attempts ?? stage.limits.attempts;
  const deadlineMs =
    (configured?.deadline === undefined ? undefined : parseDurationMs(configured.deadline)) ??
    stage.limits.deadlineMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(deadlineMs, attempt);
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason;
      const failure = toFailure(error);
      const chance = run.random.fraction();
      const decision = decideRetry({ class: failure.class, attempt, attemptsMax, chance });
      if (!decision.retry) throw failure;
      context.emit({
        event: "stage-retried",
        stage: stage.name,
        attempt,
        delay_seconds: decision.delayMs / 1000,
        error: recordOf(failure),
      });
      await context.clock.sleep(decision.delayMs, context.signal);
    }
  }
}

async function attemptOnce(run: StageRun, deadlineMs: number): Promise<Made> {
  const { stage, inputs } = run;
  const warnings: string[] = [];
  return underDeadline(run, deadlineMs, async (context) => {
    const warn = (message: string): void => {
      warnings.push(message);
      context.warn(message);
    };
    const output = await stage.run(inputs, { ...context, warn });
    context.signal.throwIfAborted();
    const parsed = stage.output.parse(output);
    const problem = await problemWith(stage, parsed, inputs, run.context);
    if (problem !== undefined) throw unverified(stage.name, problem);
    return { output: parsed, warnings, remark: await stage.afterwards?.(parsed, inputs, context) };
  });
}

/** Does work of a stage whose signal is aborted, for the reason thrown, when the deadline passes. */
async function underDeadline<Result>(
  { stage, context }: StageRun,
  deadlineMs: number,
  work: (context: StageContext) => Promise<Result>,
): Promise<Result> {
  const deadline = new AbortController();
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, deadline.signal]);
  context.clock.sleep(deadlineMs, over.signal).then(
    () => deadline.abort(deadlineFailure(stage.name, deadlineMs)),
    () => undefined,
  );
  try {
    return await work({ ...context, signal });
  } catch (error) {
    // A stage may wrap the reason for which it was stopped; the reason itself is what counts.
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  } finally {
    over.abort();
  }
}

async function finish(
  run: StageRun,
  startedMs: number,
  fingerprint: string,
  made: Made,
  reusedFrom: string | undefined,
): Promise<void> {
  const { stage, context } = run;
  const endedMs = context.clock.now();
  const summary = [stage.summarize(made.output), made.remark].filter(Boolean).join("; ");
  updateStage(context.ledger, context.run, stage.name, {
    state: "done",
    fingerprint,
    reusedFrom,
    endedMs,
    summary,
    output: JSON.stringify(made.output),
    warnings: [...made.warnings],
  });
  await run.project();
  context.emit({
    event: "stage-finished",
    stage: stage.name,
    reused: reusedFrom !== undefined,
    duration_seconds: (endedMs - startedMs) / 1000,
    summary,
  });
}

async function fail(run: StageRun, failure: Failure): Promise<void> {
  const { stage, context } = run;
  const isInterrupted = failure.exit === ExitCode.interrupted;
  updateStage(context.ledger, context.run, stage.name, {
    state: isInterrupted ? "interrupted" : "failed",
    endedMs: context.clock.now(),
    error: recordOf(failure),
  });
  await run.project();
  if (isInterrupted) return;
  context.emit({ event: "stage-failed", stage: stage.name, error: recordOf(failure) });
}

function deadlineFailure(stage: string, deadlineMs: number): Failure {
  return new Failure({
    code: "CBI_STAGE_DEADLINE",
    message: `${stage} did not finish within ${Math.round(deadlineMs / 1000)} s`,
    remedy: `Raise jobs.<job>.stages.${stage}.deadline in cbi.yaml if it needs longer.`,
    exit: ExitCode.failed,
    class: "retryable",
  });
}

function unverified(stage: string, problem: string): Failure {
  return new Failure({
    code: "CBI_OUTPUT_UNVERIFIED",
    message: `${stage} ended, but its output does not verify: ${problem}`,
    exit: ExitCode.failed,
    class: "retryable",
  });
}

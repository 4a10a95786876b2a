import path from "node:path";
import { parseDurationMs } from "../../config/duration.ts";
import type { ServiceJob } from "../../config/jobs-schema.ts";
import { toFailure } from "../../pipeline/classify.ts";
import type { RunEvent } from "../../pipeline/events.ts";
import { jobLogFile, olderLogFile, runningFile } from "../../pipeline/run-files.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { openRunLog } from "../../system/run-log.ts";
import { endOrphansOfGroup, failedBy, secretsOf } from "../command/command-runner.ts";
import { endDescendants } from "../command/orphans.ts";
import { redactorOf } from "../command/redact.ts";
import { readRunning } from "../command/running-file.ts";
import type {
  Gates,
  Invocation,
  JobWorld,
  KillSwitch,
  RunOutcome,
  ServiceBook,
  ServiceRunner,
} from "../ports.ts";
import { HomeJobs } from "../schedules.ts";
import { endTimeOf, type EndTime } from "./end-time.ts";
import { keepAlive, type ServiceResult } from "./keep-alive.ts";
import { unending } from "./one-life.ts";
import { withdrawRequest } from "./request.ts";

type ServiceInvocation = Invocation & { settings: ServiceJob };

/**
 * Runs jobs of the kind `service`: one process group, kept alive until its end by the job's restart
 * policy, each life in the ledger, and one log a run that never outgrows its limit.
 */
export function serviceRunner(
  killSwitch: Pick<KillSwitch, "verdict">,
  gates: Gates,
): ServiceRunner {
  return {
    run: (invocation, world, book) => runLogged(invocation, world, { killSwitch, gates, book }),
  };
}

async function runLogged(
  invocation: ServiceInvocation,
  world: JobWorld,
  parts: { killSwitch: Pick<KillSwitch, "verdict">; gates: Gates; book: ServiceBook },
): Promise<RunOutcome> {
  const { home, job, run, settings } = invocation;
  const warnings: string[] = [];
  const rotation = {
    older: olderLogFile(home.paths, job, run),
    bytesMax: settings.log_megabytes * 1_000_000,
  };
  using log = openRunLog(
    jobLogFile(home.paths, job, run),
    (problem) => {
      warnings.push(problem);
      world.emit({ event: "warning", message: problem });
    },
    rotation,
  );
  const emit = (event: RunEvent): void => {
    log.write({ ...event });
    world.emit(event);
  };
  const warn = (message: string): void => {
    // A service may warn for months: the run's record keeps the first of them.
    if (warnings.length < WARNINGS_MAX) warnings.push(message);
    emit({ event: "warning", message });
  };
  try {
    await endOrphansOfGroup(invocation, world.clock, warn);
    await endTheOneBefore(invocation, world, parts.book);
    mustBeAlone(invocation);
    withdrawRequest(home.paths, job);
    const end = endOf(invocation, world.clock.now());
    if (end.kind === "none") return tooLate(end.reason, parts.book, warnings);
    emit({ event: "note", message: endText(end) });
    const secrets = await secretsOf(invocation);
    const rest = { secrets, redactor: redactorOf(secrets), emit, warn, endMs: end.atMs };
    const result = await keepAlive({ invocation, world, ...parts, ...rest });
    return outcomeOf(result, end, invocation, warnings);
  } catch (error) {
    const failure = toFailure(world.signal.aborted ? world.signal.reason : error);
    log.write({ event: "note", message: failure.message });
    return failedBy(failure, warnings);
  } finally {
    withdrawRequest(home.paths, job);
  }
}

const WARNINGS_MAX = 100;

function endOf(invocation: ServiceInvocation, nowMs: number): EndTime {
  const { settings, slot } = invocation;
  const job = new HomeJobs(invocation.home).find(invocation.job);
  if (!job) throw new Error(`${invocation.job} is not in cbi.yaml`);
  return endTimeOf({ ...job, settings }, { slot, startMs: nowMs });
}

function endText(end: EndTime & { kind: "at" }): string {
  if (end.atMs === Number.POSITIVE_INFINITY) return "it runs until it is stopped";
  const at = new Date(end.atMs).toISOString();
  return `it runs until ${at}${end.isNextSlot ? ", when its next slot is due" : ""}`;
}

/** The ledger knows the process of the run before too, should the note in the job's folder be lost. */
async function endTheOneBefore(
  { home, settings }: ServiceInvocation,
  { clock }: JobWorld,
  book: ServiceBook,
): Promise<void> {
  const before = book.before();
  if (!before) return;
  const { run, startedMs, process } = before;
  const { pid, boot } = process;
  const left = { home: path.resolve(home.paths.root), run, pid, startedMs, boot };
  const { living } = await endDescendants(left, parseDurationMs(settings.grace) ?? 0, clock);
  if (living > 0) throw unending(run);
}

/** The job's lock is ours, and so is the place of its process: whoever could not be ended has it still. */
function mustBeAlone({ home, job }: ServiceInvocation): void {
  const left = readRunning(runningFile(home.paths, job));
  if (left) throw unending(left.run);
}

/** A slot that was never begun is skipped; one whose run died did not reach its end. */
function tooLate(reason: string, book: ServiceBook, warnings: readonly string[]): RunOutcome {
  if (!book.hasDied()) {
    return { end: "skipped", exitCode: ExitCode.done, reason, warnings };
  }
  const failure = new Failure({
    code: "CBI_SERVICE_DIED",
    message: `its last run died before its end, and ${reason}`,
    exit: ExitCode.failed,
  });
  return failedBy(failure, warnings);
}

function outcomeOf(
  result: ServiceResult,
  end: EndTime,
  invocation: ServiceInvocation,
  warnings: readonly string[],
): RunOutcome {
  const done = { end: "done", exitCode: ExitCode.done, warnings } as const;
  switch (result.kind) {
    case "over":
      return end.kind === "at" && end.isNextSlot ? { ...done, reason: end.reason } : done;
    case "done":
      return { ...done, reason: result.reason };
    case "stopped": {
      const { who, reason } = result.request;
      const why = reason === "" ? "" : `: ${reason}`;
      return { ...done, end: "skipped", reason: `stopped by ${who} before its end${why}` };
    }
    case "failed": {
      const failure = new Failure({
        code: result.code,
        message: result.reason,
        remedy: `See all that it said: cbi logs ${invocation.run}`,
        exit: ExitCode.failed,
        class: result.mayHeal ? "retryable" : "fatal",
      });
      return { ...failedBy(failure, warnings), ...(result.mayHeal && { mayHeal: true }) };
    }
  }
}

import path from "node:path";
import { parseDurationMs } from "../../config/duration.ts";
import type { CommandJob } from "../../config/jobs-schema.ts";
import { recordOf, toFailure } from "../../pipeline/classify.ts";
import type { RunEvent } from "../../pipeline/events.ts";
import { jobLogFile, runningFile } from "../../pipeline/run-files.ts";
import type { Clock } from "../../system/clock.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { openRunLog } from "../../system/run-log.ts";
import type { Invocation, JobRunner, JobWorld, KillSwitch, RunOutcome } from "../ports.ts";
import { readEnvFile } from "./dotenv.ts";
import { endOrphans } from "./orphans.ts";
import { redactorOf } from "./redact.ts";
import { runAttempts, type AttemptsEnd } from "./run-attempts.ts";

type CommandInvocation = Invocation & { settings: CommandJob };

/**
 * Runs jobs of the kind `command`: attempts with deadlines as process groups of their own, exit codes by
 * the job's table, declared outputs checked, and one log a run, in which secrets of `env_file` are hidden.
 */
export function commandRunner(killSwitch: Pick<KillSwitch, "verdict">): JobRunner<CommandJob> {
  return { run: (invocation, world) => runLogged(invocation, world, killSwitch) };
}

async function runLogged(
  invocation: CommandInvocation,
  world: JobWorld,
  killSwitch: Pick<KillSwitch, "verdict">,
): Promise<RunOutcome> {
  const { home, job, run } = invocation;
  const warnings: string[] = [];
  using log = openRunLog(jobLogFile(home.paths, job, run), (problem) => {
    warnings.push(problem);
    world.emit({ event: "warning", message: problem });
  });
  const emit = (event: RunEvent): void => {
    log.write({ ...event });
    world.emit(event);
  };
  const warn = (message: string): void => {
    warnings.push(message);
    emit({ event: "warning", message });
  };
  try {
    await endOrphansOfGroup(invocation, world.clock, warn);
    const secrets = await secretsOf(invocation);
    const redactor = redactorOf(secrets);
    const rest = { secrets, redactor, emit, warn };
    const end = await runAttempts({ invocation, world, killSwitch, ...rest });
    return outcomeOf(end, invocation, warnings);
  } catch (error) {
    const failure = toFailure(world.signal.aborted ? world.signal.reason : error);
    log.write({ event: "note", message: failure.message });
    return failedBy(failure, warnings);
  }
}

/** The locks of the job and its group are ours: whoever of them still runs was left behind. */
export async function endOrphansOfGroup(
  { home, job, settings }: Pick<Invocation, "home" | "job" | "settings">,
  clock: Clock,
  warn: (message: string) => void,
): Promise<void> {
  const programs = Object.entries(home.config.jobs).filter(
    ([name, other]) =>
      name !== job && settings.group !== undefined && other.group === settings.group,
  );
  for (const [name, other] of [[job, settings] as const, ...programs]) {
    if (other.kind === "pipeline") continue;
    const graceMs = parseDurationMs(other.grace) ?? 0;
    const said = await endOrphans(runningFile(home.paths, name), graceMs, clock);
    if (said !== undefined) warn(said);
  }
}

/** The values of the job's `env_file`. Throws when it cannot be read or others may read it. */
export async function secretsOf({
  settings,
  home,
}: Pick<Invocation, "home"> & { settings: Pick<CommandJob, "env_file"> }): Promise<
  Record<string, string>
> {
  if (settings.env_file === undefined) return {};
  return readEnvFile(path.resolve(home.paths.root, settings.env_file));
}

function outcomeOf(
  end: AttemptsEnd,
  invocation: CommandInvocation,
  warnings: string[],
): RunOutcome {
  switch (end.meaning) {
    case "done":
      return { end: "done", exitCode: ExitCode.done, warnings };
    case "warn":
      warnings.push(`${end.reason}, which means 'warn'`);
      return { end: "done", exitCode: ExitCode.done, warnings };
    case "skip": {
      const reason = `${end.reason}, which means 'skip'`;
      return { end: "skipped", exitCode: ExitCode.done, reason, warnings };
    }
    case "retry":
    case "fatal":
    case "interrupted": {
      const tries = end.attempts === 1 ? "" : ` in attempt ${end.attempts}`;
      const failure = new Failure({
        code: end.code,
        message: `${end.reason}${tries}`,
        remedy: `See all that it said: cbi logs ${invocation.run}`,
        exit: ExitCode.failed,
        class: end.meaning === "retry" ? "retryable" : "fatal",
      });
      return { ...failedBy(failure, warnings), ...(end.mayHeal && { mayHeal: true }) };
    }
  }
}

/** A run that was stopped or held keeps its slot; one that failed gives it its verdict. */
export function failedBy(failure: Failure, warnings: readonly string[]): RunOutcome {
  const isStopped = failure.exit === ExitCode.interrupted || failure.exit === ExitCode.held;
  return {
    end: isStopped ? "interrupted" : "failed",
    exitCode: failure.exit,
    reason: failure.message,
    error: recordOf(failure),
    warnings,
  };
}

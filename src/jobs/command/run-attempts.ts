import { parseDurationMs } from "../../config/duration.ts";
import type { CommandJob } from "../../config/jobs-schema.ts";
import type { Emit } from "../../pipeline/events.ts";
import { runningFile } from "../../pipeline/run-files.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { processIdentity } from "../../system/process-identity.ts";
import { singleLine } from "../../system/text.ts";
import { checkOutput } from "../outputs.ts";
import type { Invocation, JobWorld, KillSwitch } from "../ports.ts";
import { valuesOf } from "../values.ts";
import { exitCodeTable } from "./exit-codes.ts";
import { judgeEnd, type AttemptVerdict } from "./judge.ts";
import { OutputLines } from "./output.ts";
import { startOf } from "./prepare.ts";
import type { Redactor } from "./redact.ts";
import { decideNextAttempt, type RetryPolicy } from "./retry.ts";
import { endDescendants } from "./orphans.ts";
import { clearRunning, readRunning, writeRunning } from "./running-file.ts";
import { supervise, type AttemptOutcome } from "./supervise.ts";

/** An invocation of a command with all that its attempts need. */
export interface CommandRun {
  invocation: Invocation & { settings: CommandJob };
  world: JobWorld;
  killSwitch: Pick<KillSwitch, "verdict">;
  secrets: Readonly<Record<string, string>>;
  redactor: Redactor;
  emit: Emit;
  warn: (message: string) => void;
}

/** How the last attempt ended; its reason has the command's last words. */
export interface AttemptsEnd extends AttemptVerdict {
  attempts: number;
}

/** Of one attempt's output, in the log. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;
const JITTER = 0.2;

/**
 * Tries a command until an attempt means something else than `retry`, or the policy says that it is
 * enough. Throws the signal's reason when it is stopped, and `CBI_PAUSED` (77) when the kill switch came on
 * between two attempts.
 */
export async function runAttempts(run: CommandRun): Promise<AttemptsEnd> {
  const { world, invocation, emit } = run;
  const policy = policyOf(invocation.settings);
  const firstMs = world.clock.monotonic();
  const startedMs = world.clock.now();
  for (let attempt = 1; ; attempt++) {
    if (attempt > 1) await assertNotPaused(run);
    const attemptMs = world.clock.monotonic();
    const verdict = await runAttempt(run, attempt, policy.attempts, startedMs);
    const decision =
      verdict.meaning === "interrupted"
        ? { retry: false as const, reason: "" }
        : decideNextAttempt(policy, {
            meaning: verdict.meaning,
            attempt,
            elapsedMs: world.clock.monotonic() - firstMs,
            chance: world.random.fraction(),
          });
    emit({
      event: "attempt-ended",
      attempt,
      meaning: verdict.meaning,
      reason: verdict.reason,
      duration_seconds: (world.clock.monotonic() - attemptMs) / 1000,
      again_in_seconds: decision.retry ? decision.delayMs / 1000 : null,
    });
    world.signal.throwIfAborted();
    if (!decision.retry) return { ...verdict, attempts: attempt };
    await world.clock.sleep(decision.delayMs, world.signal);
  }
}

function policyOf({ retry }: CommandJob): RetryPolicy {
  return {
    attempts: retry.attempts,
    delayMs: parseDurationMs(retry.delay) ?? 0,
    factor: 2,
    delayMaxMs: parseDurationMs(retry.max_delay) ?? 0,
    jitter: JITTER,
    budgetMs: durationOr(retry.budget, Number.POSITIVE_INFINITY),
  };
}

function durationOr(text: string | undefined, otherwiseMs: number): number {
  return text === undefined ? otherwiseMs : (parseDurationMs(text) ?? otherwiseMs);
}

/** A further attempt is a start like any other. */
async function assertNotPaused({ killSwitch, invocation, world }: CommandRun): Promise<void> {
  const target = { job: invocation.job, tags: invocation.settings.tags };
  const verdict = await killSwitch.verdict(target, world.clock.now());
  if (!verdict.blocked) return;
  throw new Failure({
    code: "CBI_PAUSED",
    message: `no further attempt: ${verdict.reason}`,
    remedy: "Let it run again: cbi resume",
    exit: ExitCode.held,
    class: "retryable",
  });
}

async function runAttempt(
  run: CommandRun,
  attempt: number,
  attemptsMax: number,
  startedMs: number,
): Promise<AttemptVerdict> {
  const { invocation, world, redactor, emit } = run;
  const { settings } = invocation;
  // The attempts of an earlier run of the slot count: a command may want to know that it is not the first.
  const values = valuesOf(invocation, startedMs, invocation.slotAttempt - 1 + attempt);
  const start = startOf(settings, {
    values,
    isCatchUp: invocation.isCatchUp,
    inherited: world.environment,
    secrets: run.secrets,
    extraArguments: invocation.extraArguments,
  });
  const argv = start.argv.map((word) => redactor.redact(word));
  emit({ event: "attempt-started", attempt, attempts_max: attemptsMax, argv });
  const lines = new OutputLines(
    {
      line: (stream, text) => emit({ event: "output", stream, text }),
      cut: (bytes) => emit({ event: "output-cut", bytes }),
    },
    redactor,
    LOG_BYTES_MAX,
  );
  const file = runningFile(invocation.home.paths, invocation.job);
  const running = { home: values.home, run: invocation.run, startedMs: world.clock.now() };
  writeRunning(file, { ...running, pid: undefined });
  const outcome = await supervise(start, limitsOf(settings), {
    clock: world.clock,
    signal: world.signal,
    onStart: (pid) => {
      writeRunning(file, { ...running, pid });
      emit({ event: "attempt-running", attempt, process: processIdentity(pid) });
    },
    onOutput: (stream, chunk) => lines.push(stream, chunk),
  });
  const isGone = await endEscaped(run, file, outcome);
  if (isGone && !outcome.outlivedKill) clearRunning(file);
  lines.end();
  warnOfLeftovers(run, outcome);
  const verdict = judgeEnd(outcome.end, exitCodeTable(settings.exit_codes));
  if (verdict.meaning === "done" || verdict.meaning === "warn") {
    return checkedOutputs(run, verdict, values, startedMs);
  }
  return { ...verdict, reason: withLastWords(verdict.reason, lines) };
}

/** What was ended from outside is ended wholly, also what moved to a group of its own. */
async function endEscaped(
  { invocation, world }: CommandRun,
  file: string,
  { end }: AttemptOutcome,
): Promise<boolean> {
  if (end.kind !== "deadline" && end.kind !== "silent" && end.kind !== "interrupted") return true;
  const started = readRunning(file);
  if (!started) return true;
  const graceMs = durationOr(invocation.settings.grace, 0);
  return (await endDescendants(started, graceMs, world.clock)).living === 0;
}

function limitsOf(settings: CommandJob): Parameters<typeof supervise>[1] {
  return {
    deadlineMs: durationOr(settings.timeout, Number.POSITIVE_INFINITY),
    silenceMs: durationOr(settings.silence, Number.POSITIVE_INFINITY),
    graceMs: durationOr(settings.grace, 0),
  };
}

function warnOfLeftovers({ warn }: CommandRun, outcome: AttemptOutcome): void {
  if (outcome.leftProcesses) warn("the command left processes behind, which were ended");
  if (outcome.outlivedKill) {
    warn(
      "a process of the command outlived SIGKILL; the kernel holds it, as over a dead network disk",
    );
  }
}

/** Success is what the declared outputs say, not the exit code. */
async function checkedOutputs(
  run: CommandRun,
  verdict: AttemptVerdict,
  values: ReturnType<typeof valuesOf>,
  startedMs: number,
): Promise<AttemptVerdict> {
  const { settings, zone, slot } = run.invocation;
  const problems: string[] = [];
  for (const declared of settings.outputs) {
    const reading = await checkOutput(declared, values, zone, slot?.dueMs ?? startedMs);
    if ("problem" in reading) problems.push(reading.problem);
  }
  if (problems.length === 0) return verdict;
  const reason = `${verdict.reason}, but ${problems.join("; ")}`;
  return { meaning: "retry", code: "CBI_OUTPUT_UNVERIFIED", reason, mayHeal: false };
}

function withLastWords(reason: string, lines: OutputLines): string {
  const last = lines.lastLines().at(-1);
  return last === undefined ? reason : `${reason}; its last words: ${singleLine(last, 200)}`;
}

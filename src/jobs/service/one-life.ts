import { parseDurationMs } from "../../config/duration.ts";
import type { ServiceJob } from "../../config/jobs-schema.ts";
import type { Emit } from "../../pipeline/events.ts";
import { runningFile } from "../../pipeline/run-files.ts";
import type { Clock } from "../../system/clock.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { processIdentity } from "../../system/process-identity.ts";
import { endDescendants } from "../command/orphans.ts";
import { OutputLines } from "../command/output.ts";
import { startOf } from "../command/prepare.ts";
import type { Redactor } from "../command/redact.ts";
import { clearRunning, readRunning, writeRunning } from "../command/running-file.ts";
import { supervise, type AttemptEnd, type ProcessStart } from "../command/supervise.ts";
import type { Gates, Invocation, JobWorld, KillSwitch, ServiceBook } from "../ports.ts";
import { valuesOf } from "../values.ts";
import type { StopCause } from "./decide.ts";
import { Pulse } from "./life.ts";

/** An invocation of a service with all that its lives need. */
export interface ServiceWork {
  invocation: Invocation & { settings: ServiceJob };
  world: JobWorld;
  killSwitch: Pick<KillSwitch, "verdict">;
  gates: Gates;
  book: ServiceBook;
  /** When it is over; infinite for a service that nothing ends. */
  endMs: number;
  secrets: Readonly<Record<string, string>>;
  redactor: Redactor;
  emit: Emit;
  warn: (message: string) => void;
}

/** How one life ended, and how long it was by whichever clock says more. */
export interface Life {
  number: number;
  cause: StopCause | undefined;
  end: AttemptEnd;
  livedMs: number;
  lastWords: string;
}

/** What is done beside a life. */
export interface LifeHands {
  /** Looks until `over`, and says by `stop` that the life is to end, for the cause that it resolves with. */
  watch(over: AbortSignal, stop: AbortController, pulse: Pulse): Promise<StopCause | undefined>;
  /** Records something; failing to must not end a service that works. */
  keep(record: () => void): void;
  /** Told when its process is there. */
  onUp(): void;
}

/**
 * One life of a service: recorded, started, watched, ended, and whatever is left of it ended too. Throws
 * `CBI_RUN_LOST` (130) when the run is not its own any more, `CBI_NO_VALUE` (78), and
 * `CBI_SERVICE_UNENDING` (1).
 */
export async function liveOnce(work: ServiceWork, number: number, hands: LifeHands): Promise<Life> {
  const { invocation, world, book, redactor, emit } = work;
  const { home, job, run, settings } = invocation;
  const start = programOf(work, number);
  const unrecorded = begin(work, number);
  if (unrecorded) return unrecorded;
  const argv = start.argv.map((word) => redactor.redact(word));
  emit({ event: "attempt-started", attempt: number, attempts_max: null, argv });
  const lines = linesOf(work);
  const pulse = new Pulse(home.paths.root, settings);
  const stop = new AbortController();
  const over = new AbortController();
  const file = runningFile(home.paths, job);
  const running = { home: home.paths.root, run, startedMs: world.clock.now() };
  writeRunning(file, { ...running, pid: undefined });
  const lived = stopwatch(world.clock);
  const watched = hands.watch(over.signal, stop, pulse);
  watched.catch(() => undefined);
  const graceMs = parseDurationMs(settings.grace) ?? 0;
  const { end, outlivedKill } = await supervise(
    start,
    { deadlineMs: Infinity, silenceMs: Infinity, graceMs },
    {
      clock: world.clock,
      signal: AbortSignal.any([world.signal, stop.signal]),
      onStart: (pid) => {
        writeRunning(file, { ...running, pid });
        const process = processIdentity(pid);
        hands.keep(() => book.running(number, process));
        emit({ event: "attempt-running", attempt: number, process });
        hands.onUp();
      },
      onOutput: (stream, chunk) => {
        pulse.hear();
        lines.push(stream, chunk);
      },
    },
  );
  over.abort();
  const cause = end.kind === "interrupted" ? await watched : undefined;
  await endAll(file, graceMs, world.clock, outlivedKill);
  lines.end();
  return { number, cause, end, livedMs: lived(), lastWords: lines.lastLines().at(-1) ?? "" };
}

function programOf({ invocation, world, secrets }: ServiceWork, number: number): ProcessStart {
  const attempt = invocation.slotAttempt - 1 + number;
  return startOf(invocation.settings, {
    values: valuesOf(invocation, world.clock.now(), attempt),
    isCatchUp: invocation.isCatchUp,
    inherited: world.environment,
    secrets,
    extraArguments: invocation.extraArguments,
  });
}

/** Records the start that is to come; where that fails, it is a life that could not begin. */
function begin({ book, invocation }: ServiceWork, number: number): Life | undefined {
  try {
    if (book.begin(number)) return undefined;
  } catch (error) {
    const reason = `its start cannot be recorded: ${messageOf(error)}`;
    const end = { kind: "not-started", reason, isPassing: true } as const;
    return { number, cause: undefined, end, livedMs: 0, lastWords: "" };
  }
  throw runLost(invocation.run);
}

function linesOf({ emit, redactor }: ServiceWork): OutputLines {
  const sink = {
    line: (stream: "stdout" | "stderr", text: string) => emit({ event: "output", stream, text }),
    cut: () => undefined,
  };
  // The log goes on for ever and stays small by itself.
  return new OutputLines(sink, redactor, Number.POSITIVE_INFINITY);
}

async function endAll(
  file: string,
  graceMs: number,
  clock: Clock,
  outlivedKill: boolean,
): Promise<void> {
  const left = readRunning(file);
  const living = left ? (await endDescendants(left, graceMs, clock)).living : 0;
  if (living > 0 || outlivedKill) throw unending(left?.run ?? "?");
  clearRunning(file);
}

/** How long it has been since, by whichever clock says more: one stands still in sleep, one can be set. */
function stopwatch(clock: Clock): () => number {
  const [wallMs, monotonicMs] = [clock.now(), clock.monotonic()];
  return () => Math.max(clock.now() - wallMs, clock.monotonic() - monotonicMs);
}

/** The failure of a start beside a process that nothing ends. */
export function unending(run: string): Failure {
  return new Failure({
    code: "CBI_SERVICE_UNENDING",
    message: `a process of run ${run} outlives SIGKILL, and a second one must not be started`,
    remedy: "Look for what holds it in the kernel, such as a dead network disk.",
    exit: ExitCode.failed,
    class: "retryable",
  });
}

/** The failure of a run that somebody else has ended. */
export function runLost(run: string): Failure {
  return new Failure({
    code: "CBI_RUN_LOST",
    message: `run ${run} or its slot was ended by another process, or its job has left cbi.yaml`,
    remedy: "Leave the files in Logs/locks alone: they say who may start what.",
    exit: ExitCode.interrupted,
  });
}

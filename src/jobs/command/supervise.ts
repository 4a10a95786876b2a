import { existsSync } from "node:fs";
import { AwakeTime } from "../../system/awake-time.ts";
import type { Clock } from "../../system/clock.ts";
import { messageOf } from "../../system/failure.ts";
import { type GroupProcess, type ProcessEnd, spawnGroup } from "../../system/process-group.ts";

/** A program to start, with no shell in between. */
export interface ProcessStart {
  argv: readonly [string, ...string[]];
  environment: Record<string, string>;
  /** Absolute. */
  workingDirectory: string;
}

export interface ProcessLimits {
  /** For the whole attempt; time in which the machine slept does not count. */
  deadlineMs: number;
  /** From one byte of output to the next. */
  silenceMs: number;
  /** Between TERM and KILL. */
  graceMs: number;
}

/** How one attempt ended. */
export type AttemptEnd =
  | { kind: "exited"; exitCode: number }
  | { kind: "signalled"; signal: string }
  | { kind: "deadline"; limitMs: number }
  | { kind: "silent"; limitMs: number }
  | { kind: "interrupted" }
  /** It never ran; `isPassing` when the system was short of something that comes back. */
  | { kind: "not-started"; reason: string; isPassing: boolean };

export interface SuperviseWorld {
  clock: Clock;
  /** Aborted when the attempt is to end now. */
  signal: AbortSignal;
  onStart: (pid: number) => void;
  onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void;
}

export interface AttemptOutcome {
  end: AttemptEnd;
  /** The leader ended by itself and left processes of its group behind, which were ended. */
  leftProcesses: boolean;
  /** Something of the group outlived KILL, as in an uninterruptible wait of the kernel. */
  outlivedKill: boolean;
}

/** No timer is trusted for longer: a sleeping machine stretches it. */
const TICK_MS = 30_000;
/** How long output is still read after the end, when somebody outside of the group holds the pipe. */
export const DRAIN_MS = 500;
const POLL_MS = 25;
/** How long the kernel may take to end what was sent KILL. */
const KILL_MS = 5_000;
/** Why a wait of ours ends early; never shown. */
const WOKEN = "woken";

/**
 * Runs a program as a process group of its own to its end: by itself, or by a deadline, silence or
 * the signal, each of which sends TERM to the whole group and after the grace KILL. Waits for the
 * leader's end, not for its pipes, which a grandchild may hold for ever. Never throws.
 */
export async function supervise(
  start: ProcessStart,
  limits: ProcessLimits,
  world: SuperviseWorld,
): Promise<AttemptOutcome> {
  const { signal } = world;
  const nothingLeft = { leftProcesses: false, outlivedKill: false };
  if (signal.aborted) return { end: { kind: "interrupted" }, ...nothingLeft };
  let group: GroupProcess;
  try {
    const [command, ...args] = start.argv;
    group = spawnGroup(command, args, { ...start, withoutInput: true });
  } catch (error) {
    const reason = messageOf(error);
    return { end: { kind: "not-started", reason, isPassing: false }, ...nothingLeft };
  }
  if (group.pid !== undefined) world.onStart(group.pid);
  const drained = readOutput(group, world);
  const cut = await Promise.race([group.ended, watch(group, limits, world)]);
  const isOurs = "kind" in cut;
  const isStartFailure = !isOurs && cut.error !== undefined;
  const hasLeft = !isOurs && !isStartFailure && group.hasMembers();
  const outlivedKill =
    isOurs || hasLeft ? await endGroup(group, limits.graceMs, world.clock) : false;
  if (!isStartFailure) await drain(drained, world.clock);
  group.stdout.destroy();
  group.stderr.destroy();
  const end = isOurs ? cut : describe(cut, start);
  return { end, leftProcesses: hasLeft, outlivedKill };
}

/** Resolves when both pipes are at their end. */
function readOutput(group: GroupProcess, world: SuperviseWorld): Promise<void> {
  group.stdout.on("data", (chunk: Buffer) => world.onOutput("stdout", chunk));
  group.stderr.on("data", (chunk: Buffer) => world.onOutput("stderr", chunk));
  const closed = [group.stdout, group.stderr].map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on("error", () => undefined);
        stream.once("close", () => resolve());
      }),
  );
  return Promise.all(closed).then(() => undefined);
}

/** Resolves when the attempt must be ended from outside; never after the leader has ended. */
async function watch(
  group: GroupProcess,
  limits: ProcessLimits,
  { clock, signal }: SuperviseWorld,
): Promise<AttemptEnd> {
  // By hand, since AbortSignal.any and an error for each reason take as long as all else here.
  const over = new AbortController();
  const wake = (): void => over.abort(WOKEN);
  void group.ended.then(wake).then(() => signal.removeEventListener("abort", wake));
  signal.addEventListener("abort", wake);
  const awake = new AwakeTime(clock);
  let heardAt = clock.monotonic();
  const hear = (): void => {
    heardAt = clock.monotonic();
  };
  group.stdout.on("data", hear);
  group.stderr.on("data", hear);
  let silentMs = 0;
  while (!over.signal.aborted || signal.aborted) {
    if (signal.aborted) return { kind: "interrupted" };
    const leftMs = limits.deadlineMs - awake.totalMs;
    const quietMs = limits.silenceMs - silentMs;
    if (leftMs <= 0) return { kind: "deadline", limitMs: limits.deadlineMs };
    if (quietMs <= 0) return { kind: "silent", limitMs: limits.silenceMs };
    const beforeMs = clock.monotonic();
    const countedMs = await awake.wait(Math.min(leftMs, quietMs, TICK_MS), over.signal);
    silentMs =
      heardAt >= beforeMs ? Math.min(clock.monotonic() - heardAt, countedMs) : silentMs + countedMs;
  }
  return new Promise(() => undefined);
}

/** TERM, the grace, then KILL until nobody is left. True when somebody outlived that. */
async function endGroup(group: GroupProcess, graceMs: number, clock: Clock): Promise<boolean> {
  group.kill("SIGTERM");
  if (await isGone(group, graceMs, clock)) return false;
  // More than once: whoever was being forked at one instant gets the next one.
  return !(await isGone(group, KILL_MS, clock, () => group.kill("SIGKILL")));
}

async function isGone(
  group: GroupProcess,
  patienceMs: number,
  clock: Clock,
  remind: () => void = () => undefined,
): Promise<boolean> {
  const awake = new AwakeTime(clock);
  let hasEnded = false;
  const ended = group.ended.then(() => (hasEnded = true));
  while (awake.totalMs < patienceMs) {
    remind();
    const stop = new AbortController();
    const pause = awake.wait(Math.min(POLL_MS, patienceMs - awake.totalMs), stop.signal);
    await (hasEnded ? pause : Promise.race([ended, pause]));
    stop.abort();
    await pause;
    if (hasEnded && !group.hasMembers()) return true;
  }
  return false;
}

async function drain(drained: Promise<void>, clock: Clock): Promise<void> {
  const stop = new AbortController();
  const limit = clock.sleep(DRAIN_MS, stop.signal).catch(() => undefined);
  await Promise.race([drained, limit]);
  stop.abort(WOKEN);
}

/** Failures of the system that pass: errno(3) of fork(2), execve(2) and open(2). */
const PASSING = /\b(EAGAIN|ENOMEM|EMFILE|ENFILE|ETXTBSY|EBUSY)\b/;

function describe(end: ProcessEnd, start: ProcessStart): AttemptEnd {
  if (end.error !== undefined) return notStarted(end.error, start);
  if (end.signal !== null) return { kind: "signalled", signal: end.signal };
  return { kind: "exited", exitCode: end.exitCode ?? 0 };
}

/** The system says ENOENT of the program whether that is missing or the working directory. */
function notStarted(error: string, start: ProcessStart): AttemptEnd {
  const [program] = start.argv;
  const isPassing = PASSING.test(error);
  if (/\bENOENT\b/.test(error)) {
    const reason = existsSync(start.workingDirectory)
      ? `there is no program '${program}'`
      : `there is no working directory ${start.workingDirectory}`;
    return { kind: "not-started", reason, isPassing };
  }
  if (/\bEACCES\b/.test(error)) {
    return { kind: "not-started", reason: `'${program}' may not be executed`, isPassing };
  }
  return { kind: "not-started", reason: error, isPassing };
}

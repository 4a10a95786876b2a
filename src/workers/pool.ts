import type { Clock } from "../system/clock.ts";
import type { WorkerTask } from "./protocol.ts";
import {
  type TaskOutcome,
  Worker,
  WORKER_LIMITS,
  type WorkerCommand,
  type WorkerLimits,
} from "./worker.ts";

/** A task that failed for good: its class was not retryable, or its attempts are used up. */
export class TaskFailed extends Error {
  readonly task: string;
  readonly class: "retryable" | "fatal" | "data";
  readonly attempts: number;

  constructor(
    task: string,
    failure: { class: "retryable" | "fatal" | "data"; message: string },
    attempts: number,
  ) {
    super(failure.message);
    this.name = "TaskFailed";
    this.task = task;
    this.class = failure.class;
    this.attempts = attempts;
  }
}

export const ATTEMPTS_MAX = 3;

/** What the pool tells while it works. */
export interface PoolWatch<T extends WorkerTask> {
  signal: AbortSignal;
  onStart?: (task: T) => void;
  onRound?: (task: T, round: number, roundsMax: number) => void;
  /** A failed attempt, the last one too. */
  onFailure?: (task: T, attempt: number, message: string) => void;
  /** Each result once, as it comes; it is awaited before that worker's next task. */
  onResult: (task: T, result: unknown) => Promise<void>;
}

/**
 * Workers that are started when first needed and stay for the next call. A worker that dies is
 * replaced and its task tried again, while the others work on.
 */
export class WorkerPool implements AsyncDisposable {
  readonly #command: WorkerCommand;
  readonly #clock: Clock;
  readonly #limits: WorkerLimits;
  #idle: Worker[] = [];
  readonly #living = new Set<Worker>();

  constructor(command: WorkerCommand, clock: Clock, limits: WorkerLimits = WORKER_LIMITS) {
    this.#command = command;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The process numbers of the workers that live. */
  get processes(): number[] {
    return [...this.#living].flatMap((worker) => worker.pid ?? []);
  }

  /**
   * Runs `tasks` in their order, `size` at a time. When one fails for good, or the signal is aborted,
   * every worker is ended before the call throws a `TaskFailed` or the signal's reason. What
   * `onResult` throws ends the call in the same way.
   */
  async run<T extends WorkerTask>(
    tasks: readonly T[],
    size: number,
    watch: PoolWatch<T>,
  ): Promise<void> {
    watch.signal.throwIfAborted();
    const queue = tasks.map((task) => ({ task, attempt: 1 }));
    let failure: { error: unknown } | undefined;
    const stop = (error: unknown) => {
      failure ??= { error };
      queue.length = 0;
      void this.#endAll();
    };
    const onAbort = () => stop(watch.signal.reason);
    watch.signal.addEventListener("abort", onAbort, { once: true });
    const lane = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const retry = await this.#attempt(
          next.task,
          next.attempt,
          watch,
          () => failure !== undefined,
        );
        if (retry && !failure) queue.unshift({ task: next.task, attempt: next.attempt + 1 });
      }
    };
    try {
      const lanes = Array.from({ length: Math.min(size, tasks.length) }, async () => {
        await lane().catch(stop);
      });
      await Promise.all(lanes);
    } finally {
      watch.signal.removeEventListener("abort", onAbort);
    }
    if (failure) {
      await this.#endAll();
      throw failure.error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endAll();
  }

  /** One attempt; true when the task is to be tried again. Throws when it failed for good. */
  async #attempt<T extends WorkerTask>(
    task: T,
    attempt: number,
    watch: PoolWatch<T>,
    isStopped: () => boolean,
  ): Promise<boolean> {
    const worker = this.#take();
    watch.onStart?.(task);
    const outcome = await worker.run(task, (round, roundsMax) => {
      if (!isStopped()) watch.onRound?.(task, round, roundsMax);
    });
    this.#giveBack(worker);
    if (isStopped()) return false;
    if (outcome.kind === "result") {
      await watch.onResult(task, outcome.result);
      return false;
    }
    const failure = failureOf(outcome);
    watch.onFailure?.(task, attempt, failure.message);
    if (failure.class === "retryable" && attempt < ATTEMPTS_MAX) return true;
    throw new TaskFailed(task.id, failure, attempt);
  }

  #take(): Worker {
    const idle = this.#idle.pop();
    if (idle?.isAlive) return idle;
    if (idle) return this.#take();
    const worker = new Worker(this.#command, this.#clock, this.#limits);
    this.#living.add(worker);
    return worker;
  }

  #giveBack(worker: Worker): void {
    if (worker.isAlive) this.#idle.push(worker);
    else void worker.end().then(() => this.#living.delete(worker));
  }

  async #endAll(): Promise<void> {
    this.#idle = [];
    const all = [...this.#living];
    await Promise.all(all.map(async (worker) => worker.end()));
    for (const worker of all) this.#living.delete(worker);
  }
}

function failureOf(outcome: Exclude<TaskOutcome, { kind: "result" }>): {
  class: "retryable" | "fatal" | "data";
  message: string;
} {
  return outcome.kind === "error"
    ? outcome
    : { class: "retryable", message: `the worker died: ${outcome.message}` };
}

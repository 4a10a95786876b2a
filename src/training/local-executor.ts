import type { z } from "zod";
import type { Config } from "../config/schema.ts";
import type { Clock } from "../system/clock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { hashFile, isErrno } from "../system/files.ts";
import { workerCommand } from "../workers/command.ts";
import { processors, workersThatFit } from "../workers/cpu-budget.ts";
import { resolvePythonEnvironment } from "../workers/environment.ts";
import { TaskFailed, WorkerPool } from "../workers/pool.ts";
import { WORKER_LIMITS, type WorkerCommand, type WorkerLimits } from "../workers/worker.ts";
import { estimate } from "./estimate.ts";
import { predictionResultSchema, trainingResultSchema } from "./results.ts";
import type { PredictionTask, TrainingExecutor, TrainingResult, TrainingTask } from "./training.ts";

/** What a local executor is made of. */
export interface LocalExecutorOptions {
  /** The process's variables: they say where the workers' environment is. */
  environment: Readonly<Record<string, string | undefined>>;
  /** How many trainings run side by side. */
  workers: Config["train"]["workers"];
  clock: Clock;
  limits?: Partial<WorkerLimits>;
  /** Starts other workers than ours; for tests. */
  command?: (threads: number) => WorkerCommand;
}

/**
 * A local executor for a night: the workers' environment is looked up at once, so that what is not
 * set up is said before any work. When `signal` is aborted its workers are ended.
 */
export async function openLocalExecutor(options: {
  environment: LocalExecutorOptions["environment"];
  train: Pick<Config["train"], "workers">;
  clock: Clock;
  signal: AbortSignal;
}): Promise<TrainingExecutor> {
  const { environment, train, clock, signal } = options;
  signal.throwIfAborted();
  resolvePythonEnvironment(environment);
  const executor = createLocalExecutor({ environment, workers: train.workers, clock });
  signal.addEventListener("abort", () => void executor[Symbol.asyncDispose](), { once: true });
  return executor;
}

/**
 * Trainings in worker processes on this machine: as many side by side as processors and memory
 * allow, the longest first, each on its own threads. Nothing is started before the first task.
 */
export function createLocalExecutor(options: LocalExecutorOptions): TrainingExecutor {
  let pool: { threads: number; workers: WorkerPool } | undefined;
  const limits = { ...WORKER_LIMITS, ...options.limits };

  const poolOf = async (threads: number): Promise<WorkerPool> => {
    if (pool?.threads === threads) return pool.workers;
    await pool?.workers[Symbol.asyncDispose]();
    pool = { threads, workers: new WorkerPool(commandOf(options, threads), options.clock, limits) };
    return pool.workers;
  };

  return {
    async train(tasks, watch) {
      const results = new Map<string, TrainingResult>();
      const threads = Math.max(1, ...tasks.map((task) => task.threads));
      const ordered = [...tasks].sort((left, right) => estimate(right) - estimate(left));
      const startedIds = new Set<string>();
      const workers = await poolOf(threads);
      await failing(() =>
        workers.run(ordered, concurrency(options, threads, tasks), {
          signal: watch.signal,
          onStart: ({ id }) => {
            if (!startedIds.has(id)) watch.onProgress({ type: "started", id });
            startedIds.add(id);
          },
          onRound: ({ id }, round, roundsMax) => {
            watch.onProgress({ type: "round", id, round, roundsMax });
          },
          onFailure: ({ id }, attempt, message) => {
            watch.onProgress({ type: "failed", id, attempt, message });
          },
          onResult: async (task, answer) => {
            const result = parsed(trainingResultSchema, task, answer);
            await verifyFile(task, result);
            results.set(task.id, result);
            const { cpuSeconds, wallSeconds } = result;
            watch.onProgress({ type: "finished", id: task.id, cpuSeconds, wallSeconds });
            await watch.onResult(result);
          },
        }),
      );
      return results;
    },

    async predict(tasks, watch) {
      const results = new Map<string, z.infer<typeof predictionResultSchema>>();
      const workers = pool?.workers ?? (await poolOf(1));
      await failing(() =>
        workers.run(tasks, concurrency(options, 1, tasks), {
          signal: watch.signal,
          onResult: async (task, answer) => {
            results.set(task.id, parsed(predictionResultSchema, task, answer));
          },
        }),
      );
      return results;
    },

    async [Symbol.asyncDispose]() {
      await pool?.workers[Symbol.asyncDispose]();
      pool = undefined;
    },
  };
}

function commandOf(options: LocalExecutorOptions, threads: number): WorkerCommand {
  if (options.command) return options.command(threads);
  const { python } = resolvePythonEnvironment(options.environment);
  return workerCommand(python, options.environment, threads);
}

function concurrency(
  options: LocalExecutorOptions,
  threads: number,
  tasks: readonly (TrainingTask | PredictionTask)[],
): number {
  return workersThatFit({
    asked: options.workers,
    cores: processors(),
    threads,
    cells: Math.max(1, ...tasks.map(cellsOf)),
    memoryBytes: process.availableMemory(),
  });
}

function cellsOf(task: TrainingTask | PredictionTask): number {
  switch (task.kind) {
    case "predict":
      return task.rows.to * task.features.length;
    case "ridge":
      return task.test.to * task.features.length;
    case "fold":
      return task.test.to * task.spec.features.length;
    case "final":
      return task.train.to * task.spec.features.length;
  }
}

/** The answer in its shape, or a failure: a worker is trusted in nothing but its word's form. */
function parsed<T extends { id: string; kind: string }>(
  schema: z.ZodType<T>,
  task: { id: string; kind: string },
  answer: unknown,
): T {
  const result = schema.safeParse(answer);
  if (result.success && result.data.id === task.id && result.data.kind === task.kind) {
    return result.data;
  }
  const why = result.success ? "it answers another task" : result.error.issues[0]?.message;
  throw new Failure({
    code: "CBI_WORKER_ANSWER",
    message: `the worker's answer to ${task.id} is not in the expected form: ${why}`,
    remedy: "Make the workers' environment anew: cbi setup --force",
    exit: ExitCode.failed,
  });
}

/** A final fit is judged by the file that it names. */
async function verifyFile(task: TrainingTask, result: TrainingResult): Promise<void> {
  if (task.kind !== "final" || result.kind !== "final") return;
  const found = await hashFile(task.modelFile).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return "none";
    throw error;
  });
  if (found === result.fileHash) return;
  throw new Failure({
    code: "CBI_MODEL_FILE",
    message: `the worker said that it wrote ${task.modelFile} with SHA-256 ${result.fileHash}; found ${found}`,
    remedy: "Check the disk, then run the night again: cbi run nightly",
    exit: ExitCode.failed,
    class: "retryable",
  });
}

/** Turns a task's failure into the `Failure` that a person reads. */
async function failing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TaskFailed)) throw error;
    const tries = error.attempts > 1 ? ` after ${error.attempts} attempts` : "";
    throw new Failure({
      code: error.class === "data" ? "CBI_TRAINING_DATA" : "CBI_TRAINING_FAILED",
      message: `${error.task} failed${tries}: ${error.message}`,
      remedy:
        error.class === "data"
          ? "Look at the table: cbi run nightly --only export, then --only audit"
          : "Prove the workers' environment: cbi setup",
      exit: error.class === "data" ? ExitCode.dataRefused : ExitCode.failed,
      class: error.class,
      cause: error,
    });
  }
}

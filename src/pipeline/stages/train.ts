import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { ExitCode } from "../../system/exit-code.ts";
import { codeHash } from "../../system/code-identity.ts";
import { queryRows, sqlName, sqlText, withDuckdb } from "../../system/duckdb.ts";
import { Failure } from "../../system/failure.ts";
import { featureColumns } from "../../training/features.ts";
import { finalRounds, planFolds, type FoldPlan } from "../../training/folds.ts";
import { keepResult, keptModelFile, keptResult, trainingKey } from "../../training/kept-results.ts";
import { specFor } from "../../training/specs.ts";
import { finalTask, foldTasks, ridgeTasks } from "../../training/tasks.ts";
import {
  targetColumn,
  type Dataset,
  type FinalResult,
  type FoldResult,
  type Spec,
  type TrainingResult,
  type TrainingTask,
} from "../../training/training.ts";
import { threadsFor } from "../../workers/cpu-budget.ts";
import type { Stage, StageContext } from "../stage.ts";
import type { AuditOutput } from "./audit.ts";
import type { ExportedDataset, ExportOutput } from "./export.ts";
import { publishModel } from "./publish-model.ts";
import { keepRidge, type RidgeRows } from "./ridge-baseline.ts";
import { trainOutputSchema, type TrainOutput } from "./train-output.ts";

interface TrainInput {
  export: ExportOutput;
  audit: AuditOutput;
}

/** One spec on one table, from its plan to its results. */
export interface Candidate {
  exported: ExportedDataset;
  dataset: Dataset;
  spec: Spec;
  threads: number;
  plan: Extract<FoldPlan, { kind: "plan" }>;
}

/**
 * Trains every algorithm on every horizon: purged walk-forward folds for an honest record, then the
 * fit that will predict; beside them the ridge baseline on the same folds. Each single training is
 * kept as it ends, so an interrupted night repeats none. Models are published whole, under a name
 * that holds their content's hash.
 */
export const trainStage: Stage<"train", TrainInput, TrainOutput> = {
  name: "train",
  version: 2,
  output: trainOutputSchema,
  limits: { attempts: 2, deadlineMs: 4 * 60 * 60_000 },

  fingerprint: async (input, context) => ({
    symbol: context.config.symbol,
    datasets: input.export.datasets.map(({ horizon, sha256 }) => ({ horizon, sha256 })),
    train: { ...context.config.train, workers: undefined },
    asOf: context.asOf,
  }),

  async run(input, context) {
    const startedMs = context.clock.monotonic();
    await mkdir(context.paths.trainings, { recursive: true });
    const candidates = (
      await Promise.all(input.export.datasets.map((dataset) => candidatesOf(dataset, context)))
    ).flat();
    const trainings = new Trainings(context, candidates);
    const { folds, ridge } = await trainings.runFolds();
    const finals = await trainings.runFinals(folds);
    const models = await Promise.all(
      candidates.map((candidate, index) =>
        publishModel(candidate, folds[index] ?? [], finals[index], context),
      ),
    );
    return {
      models,
      ridge: await keepRidge(ridge, context),
      trainings: trainings.total,
      trainings_kept: trainings.kept,
      cpu_seconds: trainings.cpuSeconds,
      wall_seconds: (context.clock.monotonic() - startedMs) / 1000,
    };
  },

  outputs: (output) => [
    output.ridge,
    ...output.models.flatMap((model) => [
      { path: path.join(model.folder, "manifest.json"), sha256: model.manifest_sha256 },
      { path: path.join(model.folder, model.model_file), sha256: model.model_sha256 },
      { path: path.join(model.folder, model.out_of_fold_file), sha256: model.out_of_fold_sha256 },
    ]),
  ],

  summarize(output) {
    const kept = output.trainings_kept === 0 ? "" : `, ${output.trainings_kept} of them kept`;
    return `${output.models.length} models from ${output.trainings} trainings${kept}, ${output.cpu_seconds.toFixed(0)} CPU seconds`;
  },
};

async function candidatesOf(
  exported: ExportedDataset,
  context: StageContext,
): Promise<Candidate[]> {
  const { train } = context.config;
  const target = targetColumn(exported.horizon);
  const dataset: Dataset = {
    horizon: exported.horizon,
    horizonRows: exported.horizon_rows,
    file: path.join(context.paths.root, exported.path),
    sha256: exported.sha256,
    target,
  };
  const rows = await labelledRowsOf(dataset);
  const plan = planFolds({ ...rows, horizonRows: exported.horizon_rows }, train);
  if (plan.kind === "refused") throw tooLittleData(exported.horizon, plan.reason);
  if (plan.shortfall !== undefined) context.warn(`${exported.horizon}: ${plan.shortfall}`);
  const features = featureColumns(exported.columns, target, train).map(({ name }) => name);
  const threads = threadsFor(exported.rows);
  return train.algorithms.map((algorithm) => ({
    exported,
    dataset,
    spec: specFor(algorithm, train, features),
    threads,
    plan,
  }));
}

/** Which rows have a label, in order of date. */
async function labelledRowsOf(dataset: Dataset): Promise<{ dates: string[]; labelled: boolean[] }> {
  const sql = `SELECT date::VARCHAR AS date, ${sqlName(dataset.target)} IS NOT NULL AS labelled
               FROM read_parquet(${sqlText(dataset.file)})`;
  const rows = await withDuckdb(
    { file: ":memory:", memoryLimit: "256MB", threads: 1 },
    (connection) => queryRows(connection, sql),
  );
  return {
    dates: rows.map((row) => String(row["date"])),
    labelled: rows.map((row) => row["labelled"] === true),
  };
}

/** The single trainings of a night: kept ones are taken, the others are run and kept. */
class Trainings {
  total = 0;
  kept = 0;
  cpuSeconds = 0;
  #done = 0;
  readonly #context: StageContext;
  readonly #candidates: readonly Candidate[];

  constructor(context: StageContext, candidates: readonly Candidate[]) {
    this.#context = context;
    this.#candidates = candidates;
    this.total = candidates.reduce((sum, { plan }) => sum + plan.folds.length + 1, 0);
  }

  /** The folds of each candidate, in their order, and the baseline's rows of each horizon. */
  async runFolds(): Promise<{ folds: FoldResult[][]; ridge: RidgeRows }> {
    const { train } = this.#context.config;
    const tasks = this.#candidates.map((candidate) => foldTasks(candidate, candidate.plan, train));
    // Candidates of one horizon share its folds and features, and so its baseline.
    const horizons = new Map(this.#candidates.map((one) => [one.dataset.horizon, one]));
    const ridge = [...horizons.values()].map((one) => ridgeTasks(one, one.plan));
    const results = await this.#run([...tasks.flat(), ...ridge.flat()]);
    const rows = ridge.map((group) =>
      group.flatMap(({ id }) => resultOf(results, id, "ridge").rows),
    );
    return {
      folds: tasks.map((group) => group.map(({ id }) => resultOf(results, id, "fold"))),
      ridge: Object.fromEntries([...horizons.keys()].map((name, at) => [name, rows[at] ?? []])),
    };
  }

  /** The fit that will predict, of each candidate. */
  async runFinals(folds: readonly FoldResult[][]): Promise<FinalResult[]> {
    const { train } = this.#context.config;
    const tasks = this.#candidates.map((candidate, index) => {
      const { final } = candidate.plan;
      const rounds = finalRounds(folds[index] ?? [], final.to - final.from);
      return finalTask(candidate, { train: final, rounds, modelFile: "", seed: train.seed });
    });
    const results = await this.#run(tasks);
    return tasks.map(({ id }) => resultOf(results, id, "final"));
  }

  async #run(tasks: readonly TrainingTask[]): Promise<Map<string, TrainingResult>> {
    const { trainings } = this.#context.paths;
    const results = new Map<string, TrainingResult>();
    const missing: TrainingTask[] = [];
    const keys = new Map(tasks.map((task) => [task.id, trainingKey(task, codeHash())]));
    for (const task of tasks) {
      const key = keys.get(task.id) ?? "";
      const kept = await keptResult(trainings, key);
      if (kept) results.set(task.id, this.#count(kept, true));
      else missing.push(await withModelFile(task, keptModelFile(trainings, key)));
    }
    if (missing.length === 0) return results;
    const executor = await this.#context.executor();
    const { signal, emit } = this.#context;
    const fresh = await executor.train(missing, {
      signal,
      onProgress: (progress) => emit({ event: "training", stage: "train", progress }),
      onResult: async (result) => {
        await keepResult(trainings, keys.get(result.id) ?? "", result);
        this.#count(result, false);
      },
    });
    for (const [id, result] of fresh) results.set(id, result);
    return results;
  }

  #count<Result extends TrainingResult>(result: Result, isKept: boolean): Result {
    if (!isKept) this.cpuSeconds += result.cpuSeconds;
    // The baseline takes no time worth counting; counted, it would spoil the guess of the time left.
    if (result.kind === "ridge") return result;
    if (isKept) this.kept += 1;
    this.#done += 1;
    this.#context.emit({
      event: "stage-progress",
      stage: "train",
      done: this.#done,
      total: this.total,
      message: `${result.id} ${isKept ? "kept" : `${result.wallSeconds.toFixed(1)} s`}`,
    });
    return result;
  }
}

type OfKind<Kind extends TrainingResult["kind"]> = Extract<TrainingResult, { kind: Kind }>;

function resultOf<Kind extends TrainingResult["kind"]>(
  results: ReadonlyMap<string, TrainingResult>,
  id: string,
  kind: Kind,
): OfKind<Kind> {
  const result = results.get(id);
  if (!isOfKind(result, kind)) throw new Error(`training ${id} gave no ${kind} result`);
  return result;
}

function isOfKind<Kind extends TrainingResult["kind"]>(
  result: TrainingResult | undefined,
  kind: Kind,
): result is OfKind<Kind> {
  return result?.kind === kind;
}

/** Points a final fit to its file; what a killed attempt or a damaged keep left there is removed. */
async function withModelFile(task: TrainingTask, modelFile: string): Promise<TrainingTask> {
  if (task.kind !== "final") return task;
  await rm(modelFile, { force: true });
  return { ...task, modelFile };
}

function tooLittleData(horizon: string, reason: string): Failure {
  return new Failure({
    code: "CBI_TOO_LITTLE_DATA",
    message: `${horizon} cannot be trained: ${reason}`,
    remedy: "Bring a longer history, lower train.fold_rows, or take the horizon out of cbi.yaml.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}

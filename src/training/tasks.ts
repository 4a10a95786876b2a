import type { Config } from "../config/schema.ts";
import type { FoldPlan } from "./folds.ts";
import { specId } from "./specs.ts";
import type { Dataset, FinalTask, FoldTask, RidgeTask, RowRange, Spec } from "./training.ts";

/** A spec on a table, each training of it on so many threads. */
export interface Candidate {
  dataset: Dataset;
  spec: Spec;
  threads: number;
}

/** The trainings of one spec on the folds of one table. */
export function foldTasks(
  { dataset, spec, threads }: Candidate,
  plan: Extract<FoldPlan, { kind: "plan" }>,
  train: Config["train"],
): FoldTask[] {
  return plan.folds.map((ranges) => ({
    kind: "fold",
    id: `${taskName(dataset, spec)}-fold${ranges.fold}`,
    dataset,
    spec,
    threads,
    ...ranges,
    seed: train.seed,
    roundsMax: train.rounds_max,
    patience: train.patience,
  }));
}

/** The ridge baseline on the folds of one table, on the features of its specs. */
export function ridgeTasks(
  { dataset, spec, threads }: Candidate,
  plan: Extract<FoldPlan, { kind: "plan" }>,
): RidgeTask[] {
  return plan.folds.map((ranges) => ({
    kind: "ridge",
    id: `${dataset.horizon}-ridge-fold${ranges.fold}`,
    dataset,
    features: spec.features,
    threads,
    ...ranges,
  }));
}

/** The fit that will predict, on the rows of `train`, into the file `modelFile`. */
export function finalTask(
  { dataset, spec, threads }: Candidate,
  fit: { train: RowRange; rounds: number; modelFile: string; seed: number },
): FinalTask {
  return {
    kind: "final",
    id: `${taskName(dataset, spec)}-final`,
    dataset,
    spec,
    threads,
    train: fit.train,
    rounds: fit.rounds,
    modelFile: fit.modelFile,
    seed: fit.seed,
  };
}

function taskName(dataset: Dataset, spec: Spec): string {
  return `${dataset.horizon}-${spec.algorithm}-${specId(spec)}`;
}

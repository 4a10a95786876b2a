import type { Algorithm } from "../config/schema.ts";
import type { OutOfFoldRow } from "../evaluation/forecast.ts";

/** The columns of a training table that are never features, by convention. */
export const DATE_COLUMN = "date";
export const PRICE_COLUMN = "price";
export const LABEL_REASON_COLUMN = "label_reason";
export const SYMBOL_COLUMN = "symbol";

/** The label's column in the table of `horizon`: the log return over that horizon. */
export function targetColumn(horizon: string): string {
  return `target_${horizon}`;
}

/** What competes to predict: an algorithm with its parameters on a list of features. */
export interface Spec {
  algorithm: Algorithm;
  /** Parameters as the library takes them, complete, seed and threads left out. */
  parameters: Record<string, number | string | boolean>;
  /** In the order in which the model sees them. */
  features: string[];
}

/** Rows [from, to) of a Parquet file, counted from 0 in order of date. */
export interface RowRange {
  from: number;
  to: number;
}

/** What every training reads. */
export interface Dataset {
  horizon: string;
  /** Price rows ahead. */
  horizonRows: number;
  /** Absolute path of the Parquet file. */
  file: string;
  /** SHA-256 of that file. */
  sha256: string;
  target: string;
}

/**
 * One fold: find the best number of rounds on `validation` with a model fitted on `inner`, refit
 * with it on `train`, predict `test`. Rows without a label are left out of every fit and score.
 */
export interface FoldTask {
  kind: "fold";
  /** Unique in a night, safe in a path: `1w-lightgbm_dart-<spec>-fold0`. */
  id: string;
  dataset: Dataset;
  spec: Spec;
  seed: number;
  threads: number;
  fold: number;
  inner: RowRange;
  validation: RowRange;
  train: RowRange;
  test: RowRange;
  roundsMax: number;
  patience: number;
}

/** The fit that will predict: a fixed number of rounds on all labelled rows of the window. */
export interface FinalTask {
  kind: "final";
  id: string;
  dataset: Dataset;
  spec: Spec;
  seed: number;
  threads: number;
  train: RowRange;
  rounds: number;
  /** Absolute path at which the worker writes the native model file; it must not exist. */
  modelFile: string;
}

/**
 * The ridge baseline on one fold: the penalty that is best on `validation` by a fit on `inner`, refit
 * on `train`, predicting `test`. It stands beside the specs and never competes.
 */
export interface RidgeTask {
  kind: "ridge";
  /** Unique in a night, safe in a path: `1w-ridge-fold0`. */
  id: string;
  dataset: Dataset;
  /** Those of the specs. */
  features: string[];
  threads: number;
  fold: number;
  inner: RowRange;
  validation: RowRange;
  train: RowRange;
  test: RowRange;
}

export type TrainingTask = FoldTask | FinalTask | RidgeTask;

/** Versions of what trained, recorded with each model. */
export interface LibraryVersions {
  python: string;
  lightgbm: string;
  xgboost: string;
  numpy: string;
  pyarrow: string;
}

export interface FoldResult {
  kind: "fold";
  id: string;
  fold: number;
  /** Rounds of the snapshot that scored best on `validation`. */
  bestRounds: number;
  /** Its mean absolute error there. */
  bestScore: number;
  /** Rounds of the refit. */
  rounds: number;
  trainRows: number;
  /** Predictions of the test block's labelled rows, in order of date. */
  rows: OutOfFoldRow[];
  cpuSeconds: number;
  wallSeconds: number;
}

export interface FinalResult {
  kind: "final";
  id: string;
  rounds: number;
  trainRows: number;
  /** SHA-256 of the model's content that must be equal for equal inputs (ml.md 1.4). */
  modelHash: string;
  /** SHA-256 of the file's bytes. */
  fileHash: string;
  /** Gain of each feature, by name. */
  importance: Record<string, number>;
  versions: LibraryVersions;
  cpuSeconds: number;
  wallSeconds: number;
}

export interface RidgeResult {
  kind: "ridge";
  id: string;
  fold: number;
  /** Per row, on standardised features. */
  penalty: number;
  /** Its mean absolute error on `validation`. */
  bestScore: number;
  trainRows: number;
  /** Predictions of the test block's labelled rows, in order of date. */
  rows: OutOfFoldRow[];
  cpuSeconds: number;
  wallSeconds: number;
}

export type TrainingResult = FoldResult | FinalResult | RidgeResult;

/** A request to predict single rows with a stored model. */
export interface PredictionTask {
  kind: "predict";
  id: string;
  dataset: Dataset;
  algorithm: Algorithm;
  modelFile: string;
  /** SHA-256 of that file; another is refused. */
  fileHash: string;
  /** The manifest's features: names, order and types (in DuckDB's words) are enforced. */
  features: { name: string; type: string }[];
  rows: RowRange;
}

export interface PredictionResult {
  kind: "predict";
  id: string;
  rows: { date: string; price: number; predicted: number }[];
}

/** Said while trainings run; shown, never decided upon. */
export type TrainingProgress =
  | { type: "started"; id: string }
  | { type: "round"; id: string; round: number; roundsMax: number }
  | { type: "finished"; id: string; cpuSeconds: number; wallSeconds: number }
  | { type: "failed"; id: string; attempt: number; message: string };

/**
 * Where trainings run: worker processes here, or a cluster. Tasks are whole trainings and do not
 * depend on each other. `onResult` is called once a task as it ends, so that the caller can keep
 * it; the returned map holds all. A task that fails for good fails the call with a `Failure` after
 * the running tasks have been stopped. Abort ends every process that was started, then throws the
 * signal's reason. May be called again.
 */
export interface TrainingExecutor extends AsyncDisposable {
  train(
    tasks: readonly TrainingTask[],
    watch: {
      signal: AbortSignal;
      onProgress: (progress: TrainingProgress) => void;
      onResult: (result: TrainingResult) => Promise<void>;
    },
  ): Promise<Map<string, TrainingResult>>;

  predict(
    tasks: readonly PredictionTask[],
    watch: { signal: AbortSignal },
  ): Promise<Map<string, PredictionResult>>;
}

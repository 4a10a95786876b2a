import { copyFile, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { codeHash } from "../../system/code-identity.ts";
import type { OutOfFoldRow } from "../../evaluation/forecast.ts";
import { scoreForecasts } from "../../evaluation/metrics.ts";
import { asRandomWalk, outcomesOfFolds } from "../../evaluation/outcome.ts";
import { recordVersion } from "../../ledger/champions.ts";
import { claimHome } from "../../ledger/home-symbol.ts";
import { modelManifestSchema, type ModelManifest } from "../../models/manifest.ts";
import {
  modelFolder,
  problemWithModel,
  readManifest,
  type ModelKey,
} from "../../models/registry.ts";
import {
  canonicalJson,
  exists,
  hashFile,
  hashText,
  publish,
  replaceJson,
  temporaryNameFor,
} from "../../system/files.ts";
import { featureColumns } from "../../training/features.ts";
import { keptModelFile, trainingKey } from "../../training/kept-results.ts";
import { specId } from "../../training/specs.ts";
import { finalTask } from "../../training/tasks.ts";
import type { FinalResult, FoldResult } from "../../training/training.ts";
import type { StageContext } from "../stage.ts";
import type { Candidate } from "./train.ts";
import type { TrainedModel } from "./train-output.ts";

const MANIFEST = "manifest.json";
const OUT_OF_FOLD = "out_of_fold.json";

/**
 * Publishes a candidate's fit as an immutable version: model, out-of-fold predictions and manifest
 * in one folder that appears whole. A version that is there already and verifies is left as it is.
 */
export async function publishModel(
  candidate: Candidate,
  folds: readonly FoldResult[],
  final: FinalResult | undefined,
  context: StageContext,
): Promise<TrainedModel> {
  if (!final) throw new Error(`${candidate.dataset.horizon} has no final fit`);
  const { algorithm } = candidate.spec;
  const version = versionName(candidate, folds, final, context);
  const key: ModelKey = { horizon: candidate.dataset.horizon, algorithm, version };
  const folder = modelFolder(context.paths, key);
  if (!(await isIntact(key, context))) {
    await rm(folder, { recursive: true, force: true });
    await writeFolder(key, candidate, folds, final, context);
  }
  claimHome(context.ledger, context.config.symbol);
  recordVersion(context.ledger, {
    ...key,
    spec: specId(candidate.spec),
    seed: context.config.train.seed,
    asOf: context.asOf,
    run: context.run,
    createdMs: context.clock.now(),
  });
  return describe(key, await readManifest(context.paths, key), context);
}

/** Sorts by as-of day; the rest is what the version is made of, so equal content has one name. */
function versionName(
  candidate: Candidate,
  folds: readonly FoldResult[],
  final: FinalResult,
  context: StageContext,
): string {
  const content = canonicalJson({
    spec: candidate.spec,
    data: candidate.dataset.sha256,
    model: final.modelHash,
    folds: folds.map((fold) => fold.rows),
  });
  return `${context.asOf}-${hashText(content).slice(0, 10)}`;
}

async function isIntact(key: ModelKey, context: StageContext): Promise<boolean> {
  if (!(await exists(modelFolder(context.paths, key)))) return false;
  return (await problemWithModel(context.paths, key).catch(() => "damaged")) === undefined;
}

async function writeFolder(
  key: ModelKey,
  candidate: Candidate,
  folds: readonly FoldResult[],
  final: FinalResult,
  context: StageContext,
): Promise<void> {
  const folder = modelFolder(context.paths, key);
  const temporary = temporaryNameFor(folder);
  try {
    await mkdir(temporary, { recursive: true });
    const modelName = candidate.spec.algorithm.startsWith("lightgbm") ? "model.txt" : "model.ubj";
    await copyFile(keptFileOf(candidate, final, context), path.join(temporary, modelName));
    const rows = folds.flatMap((fold) => fold.rows).sort(byDate);
    await replaceJson(path.join(temporary, OUT_OF_FOLD), rows);
    const files = {
      model: {
        name: modelName,
        sha256: await hashFile(path.join(temporary, modelName)),
        content_hash: final.modelHash,
      },
      out_of_fold: { name: OUT_OF_FOLD, sha256: await hashFile(path.join(temporary, OUT_OF_FOLD)) },
    };
    const manifest = manifestOf(key, candidate, folds, final, files, context);
    await replaceJson(path.join(temporary, MANIFEST), modelManifestSchema.parse(manifest));
    await publish(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function keptFileOf(candidate: Candidate, final: FinalResult, context: StageContext): string {
  const fit = {
    train: candidate.plan.final,
    rounds: final.rounds,
    modelFile: "",
    seed: context.config.train.seed,
  };
  return keptModelFile(context.paths.trainings, trainingKey(finalTask(candidate, fit), codeHash()));
}

function manifestOf(
  key: ModelKey,
  candidate: Candidate,
  folds: readonly FoldResult[],
  final: FinalResult,
  files: ModelManifest["files"],
  context: StageContext,
): ModelManifest {
  const { exported, dataset, spec } = candidate;
  return {
    schema: 1,
    version: key.version,
    symbol: context.config.symbol,
    horizon: key.horizon,
    horizon_rows: dataset.horizonRows,
    algorithm: spec.algorithm,
    spec: specId(spec),
    as_of: context.asOf,
    created: new Date(context.clock.now()).toISOString(),
    run: context.run,
    data: {
      sha256: dataset.sha256,
      rows: exported.rows,
      train_rows: final.trainRows,
      first: exported.first,
      last: exported.last,
      target: dataset.target,
    },
    features: featureColumns(exported.columns, dataset.target, context.config.train).map(
      ({ name, type }) => ({ name, type }),
    ),
    parameters: spec.parameters,
    seed: context.config.train.seed,
    rounds: final.rounds,
    libraries: final.versions,
    folds: folds.map((fold) => ({
      fold: fold.fold,
      first: fold.rows[0]?.date ?? exported.first,
      last: fold.rows.at(-1)?.date ?? exported.last,
      rows: fold.rows.length,
      best_rounds: fold.bestRounds,
      figures: figuresOf(fold.rows),
    })),
    figures: figuresOf(folds.flatMap((fold) => fold.rows)),
    importance: final.importance,
    files,
  };
}

/** The model's figures with the random walk's on the same rows beside them. */
function figuresOf(rows: readonly OutOfFoldRow[]): Record<string, number | null> {
  const outcomes = outcomesOfFolds(rows);
  const model = scoreForecasts(outcomes);
  const naive = scoreForecasts(asRandomWalk(outcomes));
  return {
    rows: rows.length,
    mape_percent: model?.mape_percent ?? null,
    mape_percent_random_walk: naive?.mape_percent ?? null,
    mae: model?.mae ?? null,
    mae_random_walk: naive?.mae ?? null,
    rmse: model?.rmse ?? null,
    rmse_random_walk: naive?.rmse ?? null,
    skill: model?.skill ?? null,
    directional_accuracy: model?.directional_accuracy ?? null,
  };
}

async function describe(
  key: ModelKey,
  manifest: ModelManifest,
  context: StageContext,
): Promise<TrainedModel> {
  const folder = modelFolder(context.paths, key);
  return {
    horizon: key.horizon,
    algorithm: manifest.algorithm,
    spec: manifest.spec,
    version: key.version,
    folder: path.relative(context.paths.root, folder),
    manifest_sha256: await hashFile(path.join(folder, MANIFEST)),
    model_file: manifest.files.model.name,
    model_sha256: manifest.files.model.sha256,
    content_hash: manifest.files.model.content_hash,
    out_of_fold_file: manifest.files.out_of_fold.name,
    out_of_fold_sha256: manifest.files.out_of_fold.sha256,
    folds: manifest.folds.length,
    rounds: manifest.rounds,
  };
}

function byDate(left: OutOfFoldRow, right: OutOfFoldRow): number {
  return left.date < right.date ? -1 : left.date > right.date ? 1 : left.fold - right.fold;
}

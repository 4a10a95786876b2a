import path from "node:path";
import { z } from "zod";
import {
  decisionSchema,
  RANDOM_WALK_SPEC,
  type Decision,
  type SpecReference,
} from "../../evaluation/decision.ts";
import { forecastRowSchema, type ForecastRow } from "../../evaluation/forecast.ts";
import { outcomesOfFolds } from "../../evaluation/outcome.ts";
import { flagsOf } from "../../evaluation/plausibility.ts";
import { priceSeries, type PriceSeries } from "../../evaluation/price-series.ts";
import { decideChampion } from "../../evaluation/promotion.ts";
import {
  aliasOf,
  decisionInForce,
  isSameFit,
  type ModelAlias,
  moveChampion,
  recordDecision,
} from "../../ledger/champions.ts";
import { readManifest } from "../../models/registry.ts";
import { hashFile, replaceJson } from "../../system/files.ts";
import { targetColumn, type PredictionTask } from "../../training/training.ts";
import type { Stage, StageContext } from "../stage.ts";
import type { AuditOutput } from "./audit.ts";
import type { ExportedDataset, ExportOutput } from "./export.ts";
import { forecastsOf, type Contestant } from "./forecasts.ts";
import { readOutOfFold, type TrainedModel, type TrainOutput } from "./train-output.ts";

const championSchema = z.strictObject({
  horizon: z.string(),
  algorithm: z.string(),
  spec: z.string(),
  /** The fit that serves; null for the random walk. */
  version: z.string().nullable(),
  /** Set when this night named it: the first night, or a champion that is trained no longer. */
  named: decisionSchema.nullable(),
});

export const predictOutputSchema = z.strictObject({
  forecasts: z.array(forecastRowSchema),
  champions: z.array(championSchema),
  /** The forecasts as a file, relative to the home. */
  path: z.string(),
  sha256: z.string(),
});

export type PredictOutput = z.infer<typeof predictOutputSchema>;
type Champion = z.infer<typeof championSchema>;

interface PredictInput {
  export: ExportOutput;
  audit: AuditOutput;
  train: TrainOutput;
}

/**
 * Forecasts each horizon from the newest row with tonight's fits: the champion's for publication,
 * the others in shadow, the random walk beside them all. The first night names the champions.
 */
export const predictStage: Stage<"predict", PredictInput, PredictOutput> = {
  name: "predict",
  version: 1,
  output: predictOutputSchema,
  limits: { attempts: 3, deadlineMs: 15 * 60_000 },

  async fingerprint(input, context) {
    return {
      asOf: context.asOf,
      symbol: context.config.symbol,
      calendar: context.config.calendar,
      evaluate: context.config.evaluate,
      datasets: input.export.datasets.map((dataset) => dataset.sha256),
      models: input.train.models.map((model) => model.manifest_sha256),
      inForce: Object.keys(context.config.horizons).map(
        (horizon) => decisionInForce(context.ledger, horizon, context.asOf)?.spec ?? null,
      ),
    };
  },

  async run(input, context) {
    const series = priceSeries(await context.warehouse.prices(context.asOf));
    const returns = await predictReturns(input, context);
    const forecasts: ForecastRow[] = [];
    const champions: Champion[] = [];
    for (const dataset of input.export.datasets) {
      const contestants = await contestantsFor(dataset, input, returns, context);
      const champion = championFor(dataset, contestants, series, input.audit, context);
      champions.push(champion);
      forecasts.push(...forecastsOf(dataset, contestants, champion.spec, series, context));
    }
    const file = path.join(context.runFolder, "forecasts.json");
    await replaceJson(file, forecasts);
    for (const champion of champions) recordChampion(champion, context);
    const relative = path.relative(context.paths.root, file);
    return { forecasts, champions, path: relative, sha256: await hashFile(file) };
  },

  outputs: (output) => [{ path: output.path, sha256: output.sha256 }],

  async verify(output, _input, context) {
    for (const champion of output.champions) {
      const alias = aliasOf(context.ledger, champion.horizon, "champion");
      if (alias && (isSameFit(alias, fitOf(champion)) || alias.asOf > context.asOf)) continue;
      return `the champion of ${champion.horizon} is not ${champion.version ?? champion.algorithm}`;
    }
    return undefined;
  },

  summarize(output) {
    const texts = output.champions.map((champion) => `${champion.horizon} ${champion.algorithm}`);
    return `${output.forecasts.length} forecasts; published: ${texts.join(", ")}`;
  },
};

/** The return that each version predicts for its newest row, by version folder. */
async function predictReturns(
  input: PredictInput,
  context: StageContext,
): Promise<Map<string, number>> {
  const tasks = await Promise.all(
    input.train.models.map((model) => taskFor(model, input, context)),
  );
  const executor = await context.executor();
  const results = await executor.predict(tasks, { signal: context.signal });
  return new Map(
    input.train.models.map((model) => {
      const rows = results.get(taskId(model))?.rows ?? [];
      const predicted = rows[0]?.predicted;
      if (rows.length !== 1 || predicted === undefined || !Number.isFinite(predicted)) {
        throw new Error(`${model.folder} gave ${rows.length} predictions where one was asked for`);
      }
      return [model.folder, predicted];
    }),
  );
}

async function taskFor(
  model: TrainedModel,
  input: PredictInput,
  context: StageContext,
): Promise<PredictionTask> {
  const dataset = datasetOf(input.export, model.horizon);
  const manifest = await readManifest(context.paths, model);
  return {
    kind: "predict",
    id: taskId(model),
    dataset: {
      horizon: dataset.horizon,
      horizonRows: dataset.horizon_rows,
      file: path.join(context.paths.root, dataset.path),
      sha256: dataset.sha256,
      target: targetColumn(dataset.horizon),
    },
    algorithm: model.algorithm,
    modelFile: path.join(context.paths.root, model.folder, model.model_file),
    fileHash: model.model_sha256,
    features: manifest.features,
    rows: { from: dataset.rows - 1, to: dataset.rows },
  };
}

async function contestantsFor(
  dataset: ExportedDataset,
  input: PredictInput,
  returns: Map<string, number>,
  context: StageContext,
): Promise<Contestant[]> {
  const models = input.train.models.filter((model) => model.horizon === dataset.horizon);
  return Promise.all(
    models.map(async (model) => ({
      model,
      outOfFold: await readOutOfFold(context.paths, model),
      predicted: returns.get(model.folder) ?? 0,
    })),
  );
}

/** Who predicts tonight: the decision in force if its spec was trained, else tonight's naming. */
function championFor(
  dataset: ExportedDataset,
  contestants: readonly Contestant[],
  series: PriceSeries,
  audit: AuditOutput,
  context: StageContext,
): Champion {
  const inForce = decisionInForce(context.ledger, dataset.horizon, context.asOf);
  const isTrained = contestants.some(({ model }) => model.spec === inForce?.spec);
  const keeps = inForce !== undefined && (isTrained || inForce.spec === RANDOM_WALK_SPEC.spec);
  const gone = inForce && { spec: inForce.spec, algorithm: inForce.algorithm };
  const named = keeps ? null : name(dataset, contestants, gone, series, audit, context);
  const spec = keeps ? inForce.spec : (named?.champion.spec ?? RANDOM_WALK_SPEC.spec);
  const model = contestants.find((contestant) => contestant.model.spec === spec)?.model;
  return {
    horizon: dataset.horizon,
    algorithm: model?.algorithm ?? RANDOM_WALK_SPEC.algorithm,
    spec,
    version: model?.version ?? null,
    named,
  };
}

function name(
  dataset: ExportedDataset,
  contestants: readonly Contestant[],
  gone: SpecReference | undefined,
  series: PriceSeries,
  audit: AuditOutput,
  context: StageContext,
): Decision {
  return decideChampion({
    horizonRows: dataset.horizon_rows,
    series,
    champion: gone,
    nightsWithoutSkill: 0,
    contenders: contestants.map(({ model, outOfFold }) => {
      const outcomes = outcomesOfFolds(outOfFold);
      return {
        spec: model.spec,
        algorithm: model.algorithm,
        outOfFold: outcomes,
        live: [],
        flags: flagsOf(outcomes, series, dataset.horizon_rows),
      };
    }),
    auditErrors: audit.errors,
    intervalLevel: context.config.evaluate.interval,
    trials: contestants.length,
  });
}

function recordChampion(champion: Champion, context: StageContext): void {
  const { horizon, algorithm, spec, named } = champion;
  const common = { horizon, algorithm, spec, asOf: context.asOf, run: context.run };
  if (named) {
    recordDecision(context.ledger, {
      ...common,
      maker: "predict",
      kind: named.outcome,
      who: undefined,
      reason: named.reasons.join("; "),
      numbers: named,
      decidedMs: context.clock.now(),
    });
  }
  const movedMs = context.clock.now();
  moveChampion(context.ledger, { ...common, ...fitOf(champion), movedMs });
}

function fitOf({ algorithm, version }: Champion): Pick<ModelAlias, "algorithm" | "version"> {
  return { algorithm, version: version ?? undefined };
}

function datasetOf(output: ExportOutput, horizon: string): ExportedDataset {
  const dataset = output.datasets.find((candidate) => candidate.horizon === horizon);
  if (!dataset) throw new Error(`there is a model of ${horizon} and no dataset`);
  return dataset;
}

function taskId(model: TrainedModel): string {
  return `${model.horizon}-${model.algorithm}-${model.spec}-predict`;
}

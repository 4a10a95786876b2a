import path from "node:path";
import { z } from "zod";
import { decisionSchema } from "../../evaluation/decision.ts";
import { evaluateNight, type HorizonRequest } from "../../evaluation/evaluate.ts";
import { evaluationSchema, type Evaluation } from "../../evaluation/evaluation.ts";
import type { ForecastRow } from "../../evaluation/forecast.ts";
import { priceSeries } from "../../evaluation/price-series.ts";
import { countTrials } from "../../evaluation/promotion.ts";
import { asForecast } from "../../evaluation/settlement.ts";
import { renderReport } from "../../evaluation/report.ts";
import { recordDecision, versionsOf } from "../../ledger/champions.ts";
import { canonicalJson, hashText, replaceFile, replaceJson } from "../../system/files.ts";
import { declaredOutputSchema, declareOutput } from "../declared-output.ts";
import type { Stage, StageContext } from "../stage.ts";
import { costLine } from "../cost-line.ts";
import type { AuditOutput } from "./audit.ts";
import type { ExportedDataset, ExportOutput } from "./export.ts";
import { nightsWithoutSkill } from "./nights-without-skill.ts";
import type { PredictOutput } from "./predict.ts";
import { readRidge, type RidgeRows } from "./ridge-baseline.ts";
import { readOutOfFold, type TrainOutput } from "./train-output.ts";
import type { UploadOutput } from "./upload.ts";

export const evaluateOutputSchema = z.strictObject({
  evaluation: declaredOutputSchema,
  report: declaredOutputSchema,
  /** Who predicts from the next night on. */
  decisions: z.array(
    z.strictObject({
      horizon: z.string(),
      outcome: decisionSchema.shape.outcome,
      algorithm: z.string(),
    }),
  ),
  /** Matured forecasts over all horizons. */
  matured: z.int(),
  /** What the whole run's queries cost, up to here; absent where the warehouse bills nothing. */
  cost: z.strictObject({ bytes_estimated: z.number(), bytes_billed: z.number() }).optional(),
});

export type EvaluateOutput = z.infer<typeof evaluateOutputSchema>;

interface EvaluateInput {
  export: ExportOutput;
  audit: AuditOutput;
  train: TrainOutput;
  predict: PredictOutput;
  upload: UploadOutput;
}

/**
 * Says how good the models are: out-of-fold figures and those of matured forecasts, each beside the
 * random walk's, and decides who predicts from the next night on. Writes `evaluation.json` and a
 * report that needs no server.
 */
export const evaluateStage: Stage<"evaluate", EvaluateInput, EvaluateOutput> = {
  name: "evaluate",
  version: 4,
  output: evaluateOutputSchema,
  limits: { attempts: 3, deadlineMs: 15 * 60_000 },

  async fingerprint(input, context) {
    const { symbol } = context.config;
    const forecasts = await context.warehouse.forecasts({ symbol, asOfMax: context.asOf });
    return {
      asOf: context.asOf,
      forecasts: hashText(asForecast(forecasts).map(canonicalJson).join("\n")),
      datasets: input.export.datasets.map((dataset) => dataset.sha256),
      models: input.train.models.map((model) => model.manifest_sha256),
      ridge: input.train.ridge.sha256,
      champions: input.predict.champions,
      nightsWithoutSkill: input.predict.champions.map((one) =>
        nightsWithoutSkill(context.ledger, one, context.asOf),
      ),
      settings: context.config.evaluate,
      auditErrors: input.audit.errors,
    };
  },

  async run(input, context) {
    const series = priceSeries(await context.warehouse.prices(context.asOf));
    const { symbol } = context.config;
    const forecasts = await context.warehouse.forecasts({ symbol, asOfMax: context.asOf });
    const ridge = await readRidge(input.train.ridge, context);
    const horizons = await Promise.all(
      input.export.datasets.map((dataset) =>
        horizonRequest(dataset, forecasts, ridge, input, context),
      ),
    );
    const { evaluation, rows } = evaluateNight({
      run: context.run,
      symbol,
      asOf: context.asOf,
      priceUnit: context.config.price.column,
      series,
      calendar: context.calendar,
      settings: context.config.evaluate,
      auditErrors: input.audit.errors,
      horizons,
    });
    const tonight = input.predict.forecasts;
    const { cost } = costOf(context);
    const html = renderReport({
      evaluation,
      rows,
      forecasts: tonight,
      prices: series.rows,
      ...(cost && { cost: costLine(cost) }),
    });
    const files = await writeReports(evaluation, html, context);
    for (const horizon of evaluation.horizons) {
      recordHorizonDecision(horizon, context);
      for (const warning of implausibleIn(horizon)) context.warn(warning);
    }
    return {
      ...files,
      decisions: evaluation.horizons.map(({ horizon, decision }) => ({
        horizon,
        outcome: decision.outcome,
        algorithm: decision.champion.algorithm,
      })),
      matured: evaluation.horizons.reduce((sum, { live }) => sum + live.matured, 0),
      ...(cost && { cost }),
    };
  },

  outputs: (output) => [output.evaluation, output.report],

  summarize(output) {
    const changes = output.decisions.filter(
      ({ outcome }) => outcome !== "kept" && outcome !== "named",
    );
    const changed = changes.map(
      ({ horizon, outcome, algorithm }) => `${horizon} ${outcome}: ${algorithm}`,
    );
    const decided = changed.length === 0 ? "champions stay" : changed.join(", ");
    return `${output.matured} matured forecasts; ${decided}; report: ${output.report.path}`;
  },
};

function costOf({ warehouse }: StageContext): Pick<EvaluateOutput, "cost"> {
  const { bytesEstimated, bytesBilled } = warehouse.cost();
  if (bytesBilled === 0) return {};
  return { cost: { bytes_estimated: bytesEstimated, bytes_billed: bytesBilled } };
}

/** What is too good to be true, spec by spec. */
function implausibleIn({
  horizon,
  out_of_fold: figures,
}: Evaluation["horizons"][number]): string[] {
  return figures.specs.flatMap(({ algorithm, flags }) =>
    flags.map(({ message }) => `evaluate ${horizon} ${algorithm}: ${message}`),
  );
}

async function horizonRequest(
  { horizon, horizon_rows: horizonRows }: ExportedDataset,
  forecasts: readonly ForecastRow[],
  ridge: RidgeRows,
  input: EvaluateInput,
  context: StageContext,
): Promise<HorizonRequest> {
  const models = input.train.models.filter((model) => model.horizon === horizon);
  const champion = input.predict.champions.find((candidate) => candidate.horizon === horizon);
  const versions = versionsOf(context.ledger, horizon, context.asOf);
  return {
    horizon,
    horizonRows,
    specs: await Promise.all(
      models.map(async (model) => ({
        spec: model.spec,
        algorithm: model.algorithm,
        rows: await readOutOfFold(context.paths, model),
      })),
    ),
    ridge: ridge[horizon] ?? [],
    forecasts: forecasts.filter((row) => row.horizon === horizon),
    champion: champion && { spec: champion.spec, algorithm: champion.algorithm },
    nightsWithoutSkill: champion ? nightsWithoutSkill(context.ledger, champion, context.asOf) : 0,
    trials: countTrials(versions),
    specOfVersion: new Map(versions.map(({ version, spec }) => [version, spec])),
  };
}

async function writeReports(
  evaluation: Evaluation,
  html: string,
  context: StageContext,
): Promise<Pick<EvaluateOutput, "evaluation" | "report">> {
  const json = path.join(context.runFolder, "evaluation.json");
  const report = path.join(context.runFolder, "report.html");
  await replaceJson(json, evaluationSchema.parse(evaluation));
  await replaceFile(report, html);
  return {
    evaluation: await declareOutput(json, context),
    report: await declareOutput(report, context),
  };
}

function recordHorizonDecision(
  { horizon, decision }: Evaluation["horizons"][number],
  context: StageContext,
): void {
  recordDecision(context.ledger, {
    horizon,
    asOf: context.asOf,
    maker: "evaluate",
    kind: decision.outcome,
    algorithm: decision.champion.algorithm,
    spec: decision.champion.spec,
    run: context.run,
    who: undefined,
    reason: decision.reasons.join("; "),
    numbers: decision,
    decidedMs: context.clock.now(),
  });
}

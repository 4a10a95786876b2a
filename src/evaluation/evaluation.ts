import { z } from "zod";
import { BASELINES } from "./baselines.ts";
import { decisionSchema } from "./decision.ts";
import { metricsSchema } from "./metrics.ts";
import { sharpeSchema } from "./sharpe.ts";
import { comparisonSchema } from "./significance.ts";

/** The version of `evaluation.json`; raised when a key changes its meaning or goes. */
export const EVALUATION_SCHEMA = 1;

export const baselineSchema = z.strictObject({ name: z.enum(BASELINES), metrics: metricsSchema });

const intervalSchema = z.strictObject({
  rows: z.int().min(1),
  /** The share of outcomes that the intervals aim to hold, and the share that they held. */
  level: z.number(),
  coverage: z.number(),
  /** Mean width as percent of the price of the day. */
  width_percent: z.number(),
  /** Mean pinball loss of both bounds and of the forecast, in the unit of the price. */
  pinball: z.strictObject({ low: z.number(), middle: z.number(), high: z.number() }),
});

/** How a forecaster did, beside the random walk on the same rows. */
export const recordSchema = z.strictObject({
  /** The spec's key; `published` stands for whoever predicted on each day. */
  spec: z.string(),
  algorithm: z.string(),
  metrics: metricsSchema,
  /** Its absolute errors against the random walk's on the same rows. */
  against_random_walk: comparisonSchema,
  intervals: intervalSchema.nullable(),
});

/** A number that no honest model is likely to reach. */
const flagSchema = z.strictObject({
  id: z.enum(["r_squared_too_good", "mape_too_good", "direction_too_good", "skill_too_good"]),
  message: z.string(),
});

const daySchema = z.iso.date();

const outOfFoldSchema = z.strictObject({
  first: daySchema.nullable(),
  last: daySchema.nullable(),
  baselines: z.array(baselineSchema),
  specs: z.array(
    z.strictObject({ ...recordSchema.shape, sharpe: sharpeSchema, flags: z.array(flagSchema) }),
  ),
});

const liveSchema = z.strictObject({
  /** Days with a published forecast whose outcome is known, and days that still wait for it. */
  matured: z.int().min(0),
  waiting: z.int().min(0),
  /** The session on which the next of them should be settled. */
  next_matures_on: daySchema.nullable(),
  first: daySchema.nullable(),
  last: daySchema.nullable(),
  /** What was shown to the user: the champion's forecasts, the random walk's where it had none. */
  published: recordSchema.nullable(),
  baselines: z.array(baselineSchema),
  specs: z.array(recordSchema),
});

const horizonSchema = z.strictObject({
  horizon: z.string(),
  /** Price rows ahead. */
  rows_ahead: z.int().min(1),
  /** Walk-forward figures: models judged on rows that they were not trained on. */
  out_of_fold: outOfFoldSchema,
  /** Figures of forecasts that were really made and have matured. */
  live: liveSchema,
  decision: decisionSchema,
});

/** `evaluation.json`: how good the models are, and who predicts from the next night on. */
export const evaluationSchema = z.strictObject({
  schema: z.literal(EVALUATION_SCHEMA),
  run: z.string(),
  symbol: z.string(),
  as_of: daySchema,
  /** What prices and price errors are counted in: the name of the price column. */
  price_unit: z.string(),
  horizons: z.array(horizonSchema),
});

export type Evaluation = z.infer<typeof evaluationSchema>;
export type HorizonEvaluation = z.infer<typeof horizonSchema>;
export type ForecastRecord = z.infer<typeof recordSchema>;
export type SpecEvaluation = HorizonEvaluation["out_of_fold"]["specs"][number];
export type BaselineScore = z.infer<typeof baselineSchema>;
export type IntervalFigures = z.infer<typeof intervalSchema>;
export type PlausibilityFlag = z.infer<typeof flagSchema>;

import { z } from "zod";
import { parseDurationMs } from "./duration.ts";

/** A name that may become part of a path, a table name or a command line. */
const identifier = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,31}$/, "a letter, then letters, digits or _, at most 32 in all");

const duration = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, "a duration such as 90s, 15m, 26h or 7d");

const isoDate = z
  .string()
  .refine((text) => isRealDate(text), "a date such as 2025-12-31, as text in ISO form");

const zone = z
  .string()
  .refine((text) => isZone(text), "an IANA time zone such as America/New_York");

/** A path of the user's, relative to TrainingData/ unless absolute. */
const userPath = z.string().min(1).max(1024);

const source = z.union([
  userPath,
  z.strictObject({
    path: userPath,
    /** The column by which rows after the as-of date are hidden; `none` for a table without time. */
    date: z.string().min(1).default("date"),
  }),
]);

const duckdbWarehouse = z.strictObject({
  kind: z.literal("duckdb"),
  sources: z.record(identifier, source),
  prepare: userPath.default("prepare/"),
});

export const ALGORITHMS = [
  "lightgbm_dart",
  "xgboost_dart",
  "lightgbm_gbdt",
  "xgboost_gbtree",
] as const;

const parameterValue = z.union([z.number(), z.string(), z.boolean()]);

const train = z.strictObject({
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(["lightgbm_dart", "xgboost_dart"]),
  folds: z.int().min(2).max(50).default(5),
  /** Rows of one test block; 252 is a trading year. */
  fold_rows: z.int().min(20).max(2000).default(252),
  /** How far back one training looks: `10y`, or `all`. */
  window: z
    .string()
    .regex(/^(all|[1-9]\d?y)$/, "a number of years such as 10y, or all")
    .default("10y"),
  seed: z.int().min(0).max(2_147_483_647).default(7),
  rounds_max: z.int().min(10).max(5000).default(300),
  /** Rounds without improvement on the inner validation rows before a training stops. */
  patience: z.int().min(5).max(1000).default(50),
  /** Rows between the last known price and the day it is published; widens every purge gap. */
  publication_lag: z.int().min(1).max(60).default(1),
  /** Columns of the training tables that are no features. */
  exclude: z.array(z.string()).default([]),
  /** Parameters of the library, over ours, by algorithm. */
  parameters: z.partialRecord(z.enum(ALGORITHMS), z.record(z.string(), parameterValue)).default({}),
  /** Worker processes; `auto` is one a processor. */
  workers: z.union([z.literal("auto"), z.int().min(1).max(64)]).default("auto"),
});

const evaluate = z.strictObject({
  /** Share of outcomes that the prediction interval should hold. */
  interval: z.number().min(0.5).max(0.99).default(0.8),
  /** Newest out-of-fold rows that calibrate the interval. */
  calibration_rows: z.int().min(50).max(5000).default(250),
  /** Cost of turning the whole position over, as a share of the price, in the Sharpe figures. */
  cost: z.number().min(0).max(0.1).default(0.0005),
});

const audit = z.strictObject({
  /** Trading days behind the as-of date. */
  freshness: z
    .strictObject({ warn: z.int().min(0).default(1), error: z.int().min(0).default(4) })
    .prefault({}),
  /** Columns of the sources that are watched for stuck values besides the price. */
  watch: z.array(z.string()).default([]),
});

const keep = z.strictObject({
  count: z.int().min(1).optional(),
  age: duration.optional(),
  /** Total size in megabytes. */
  megabytes: z.number().positive().optional(),
});

const retention = z.strictObject({
  /** Versions of one horizon and algorithm. */
  models: keep.prefault({ count: 14 }),
  /** Runs with their logs and reports. */
  runs: keep.prefault({ count: 400, age: "52w" }),
  /** Kept results of single trainings. */
  trainings: keep.prefault({ age: "3d" }),
});

const stageLimits = z.strictObject({
  attempts: z.int().min(1).max(10).optional(),
  deadline: duration.optional(),
});

export const STAGE_NAMES = ["export", "audit", "train", "predict", "upload", "evaluate"] as const;

const pipelineJob = z.strictObject({
  kind: z.literal("pipeline"),
  /** Without a success for so long, `cbi status` warns. */
  stale_after: duration.default("26h"),
  stages: z.partialRecord(z.enum(STAGE_NAMES), stageLimits).default({}),
});

/** The shape of `cbi.yaml`. Strict everywhere: an unknown key is an error, not a wish. */
export const configSchema = z.strictObject({
  version: z.literal(1),
  symbol: identifier,
  zone: zone.default("America/New_York"),
  calendar: z.enum(["XNYS"]).default("XNYS"),
  /** Pins the day whose close a run may know; without it, the last session closed. */
  as_of: isoDate.optional(),
  warehouse: duckdbWarehouse,
  price: z.strictObject({ table: identifier, date: z.string().min(1), column: z.string().min(1) }),
  /** Name → price rows ahead. */
  horizons: z
    .record(
      z.string().regex(/^[a-z0-9]{1,8}$/, "1 to 8 lower-case letters or digits, such as 3m"),
      z.int().min(1).max(2520),
    )
    .refine((horizons) => Object.keys(horizons).length > 0, "at least one horizon such as 1w: 5"),
  train: train.prefault({}),
  evaluate: evaluate.prefault({}),
  audit: audit.prefault({}),
  retention: retention.prefault({}),
  jobs: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), pipelineJob)
    .default({ nightly: { kind: "pipeline", stale_after: "26h", stages: {} } }),
});

export type Config = z.infer<typeof configSchema>;
export type Algorithm = (typeof ALGORITHMS)[number];
export type StageName = (typeof STAGE_NAMES)[number];

function isRealDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    // Node also takes offsets such as +05:00, which know no daylight saving and are never meant.
    return !/^[+-]/.test(text);
  } catch {
    return false;
  }
}

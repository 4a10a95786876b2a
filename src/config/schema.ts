import { z } from "zod";
import { bigqueryWarehouse } from "./bigquery-schema.ts";
import { calendars } from "./calendars-schema.ts";
import { job } from "./jobs-schema.ts";
import {
  columnName,
  duration,
  identifier,
  isoDate,
  jobName,
  userPath,
  word,
  zone,
} from "./values-schema.ts";

const source = z.union([
  userPath,
  z
    .strictObject({
      path: userPath.describe("The file, relative to TrainingData/ unless absolute"),
      date: columnName
        .default("date")
        .describe(
          "The column by which rows after the as-of date are hidden; none for a table without time",
        ),
      decimal: z
        .enum([".", ","])
        .default(".")
        .describe("What stands before the decimals in a CSV file: 70.25, or 70,25"),
    })
    .meta({ expects: "a mapping with path and date" }),
]);

const duckdbWarehouse = z.strictObject({
  kind: z.literal("duckdb").describe("The embedded warehouse, a file in TrainingData/"),
  sources: z
    .record(identifier, source)
    .meta({ expects: "a mapping of table names to files, such as { wti: raw/wti.csv }" })
    .describe(
      "The user's CSV and Parquet files as tables: name to path, or to path and date column",
    ),
  prepare: userPath
    .default("prepare/")
    .describe(
      "The folder of *.sql files, run in order of name with $as_of, that make the training tables",
    ),
});

export const ALGORITHMS = [
  "lightgbm_dart",
  "xgboost_dart",
  "lightgbm_gbdt",
  "xgboost_gbtree",
] as const;

const parameterValue = z
  .union([z.number(), z.string(), z.boolean()])
  .meta({ expects: "a number, text, true or false" });

const train = z.strictObject({
  algorithms: z
    .array(z.enum(ALGORITHMS))
    .min(1)
    .default(["lightgbm_dart", "xgboost_dart"])
    .meta({ expects: `a list of one or more of ${ALGORITHMS.join(", ")}` })
    .describe("What is trained for every horizon"),
  folds: z.int().min(2).max(50).default(5).describe("Walk-forward folds"),
  fold_rows: z
    .int()
    .min(20)
    .max(2000)
    .default(252)
    .describe("Rows of one test block; 252 is a trading year"),
  window: z
    .string()
    .regex(/^(all|[1-9]\d?y)$/)
    .meta({ expects: "a number of years such as 10y, or all" })
    .default("10y")
    .describe("How far back one training looks: 10y, or all"),
  seed: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(7)
    .describe("Equal seeds and data give equal models"),
  rounds_max: z.int().min(10).max(5000).default(200).describe("The most trees of one model"),
  patience: z
    .int()
    .min(5)
    .max(1000)
    .default(40)
    .describe("Rounds without improvement on the inner validation rows before a training stops"),
  publication_lag: z
    .int()
    .min(1)
    .max(60)
    .default(1)
    .describe(
      "Rows between the last known price and the day it is published; widens every purge gap",
    ),
  exclude: z
    .array(columnName)
    .meta({ expects: "a list of column names" })
    .default([])
    .describe("Columns of the training tables that are no features"),
  parameters: z
    .partialRecord(
      z.enum(ALGORITHMS),
      z
        .record(z.string(), parameterValue)
        .meta({ expects: "a mapping of parameters to values, such as { num_leaves: 31 }" }),
    )
    .meta({ expects: "a mapping of algorithms to parameters" })
    .default({})
    .describe("Parameters of the library, laid over ours, by algorithm"),
  workers: z
    .union([z.literal("auto"), z.int().min(1).max(64)])
    .default("auto")
    .describe("Worker processes; auto is one a processor"),
});

const evaluate = z.strictObject({
  interval: z
    .number()
    .min(0.5)
    .max(0.99)
    .default(0.8)
    .describe("Share of outcomes that the prediction interval should hold"),
  calibration_rows: z
    .int()
    .min(50)
    .max(5000)
    .default(250)
    .describe(
      "Newest out-of-fold rows that calibrate the interval; ten times the horizon where that is more",
    ),
  cost: z
    .number()
    .min(0)
    .max(0.1)
    .default(0.0005)
    .describe(
      "Cost of turning the whole position over, as a share of the price, in the Sharpe figures",
    ),
});

const freshness = z.strictObject({
  warn: z.int().min(0).max(1000).default(1).describe("More sessions behind than this is a warning"),
  error: z
    .int()
    .min(0)
    .max(1000)
    .default(4)
    .describe("More sessions behind than this stops the run"),
});

const audit = z.strictObject({
  freshness: freshness
    .prefault({})
    .describe("Sessions that the data may lie behind the as-of date"),
  watch: z
    .array(columnName)
    .meta({ expects: "a list of column names" })
    .default([])
    .describe("Columns of the sources that are watched for stuck values besides the price"),
});

const keep = z.strictObject({
  count: z.int().min(1).max(100_000).optional().describe("Keep at most so many, the newest"),
  age: duration.optional().describe("Keep what is younger, such as 52w"),
  megabytes: z
    .number()
    .positive()
    .optional()
    .describe("Keep at most so many megabytes, the newest"),
});

const retention = z.strictObject({
  models: keep.prefault({ count: 14 }).describe("Versions of one horizon and algorithm"),
  runs: keep.prefault({ count: 400, age: "52w" }).describe("Runs with their logs and reports"),
  trainings: keep.prefault({ age: "3d" }).describe("Kept results of single trainings"),
  exports: keep
    .prefault({})
    .describe("Exported tables; what is gone is exported again by the next night"),
});

/** The shape of `cbi.yaml`. Strict everywhere: an unknown key is an error, not a wish. */
export const configSchema = z.strictObject({
  version: z.literal(1).describe("The version of this file's shape"),
  symbol: identifier.describe("What is forecast; one symbol a home"),
  zone: zone.default("America/New_York").describe("The time zone of every job without its own"),
  calendar: word
    .default("XNYS")
    .describe("Which days are sessions; freshness and target dates count in them"),
  calendars: calendars
    .default({})
    .describe("Calendars of your own, and days of built-in ones that are otherwise"),
  as_of: isoDate
    .optional()
    .describe("Pins the day whose close a run may know; without it, the last session closed"),
  warehouse: z
    .discriminatedUnion("kind", [duckdbWarehouse, bigqueryWarehouse])
    .describe("Where training tables live and forecasts go"),
  price: z
    .strictObject({
      table: identifier.describe(
        "A table of warehouse.sources; in BigQuery of warehouse.tables.price",
      ),
      date: columnName.describe("Its column of days"),
      column: columnName.describe("Its column of prices"),
    })
    .describe("The series that is forecast"),
  horizons: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9]{1,8}$/)
        .meta({ expects: "1 to 8 lower-case letters or digits, such as 3m" }),
      z.int().min(1).max(2520),
    )
    .refine((horizons) => Object.keys(horizons).length > 0)
    .meta({ expects: "at least one horizon, such as { 1w: 5 }", minProperties: 1 })
    .describe("Name to price rows ahead"),
  train: train.prefault({}).describe("What is trained and how"),
  evaluate: evaluate.prefault({}).describe("How forecasts are judged"),
  audit: audit.prefault({}).describe("What the data must pass"),
  retention: retention.prefault({}).describe("What cbi prune and every night's end keep"),
  jobs: z
    .record(jobName, job)
    .meta({ expects: "a mapping of job names to jobs, such as { nightly: { kind: pipeline } }" })
    .prefault({ nightly: { kind: "pipeline" } })
    .describe("What runs, by name"),
});

export type Config = z.infer<typeof configSchema>;
export type Algorithm = (typeof ALGORITHMS)[number];
export { STAGE_NAMES, type StageName } from "./stage-names.ts";

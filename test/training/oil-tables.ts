import { DuckDBInstance } from "@duckdb/node-api";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { configSchema, type Config } from "../../src/config/schema.ts";
import { hashFile } from "../../src/system/files.ts";
import { resolvePythonEnvironment } from "../../src/workers/environment.ts";
import { type FoldPlan, planFolds } from "../../src/training/folds.ts";
import { specFor } from "../../src/training/specs.ts";
import { type Candidate, foldTasks } from "../../src/training/tasks.ts";
import { type Dataset, type FoldTask, targetColumn } from "../../src/training/training.ts";

const PRICES = path.resolve(import.meta.dirname, "../../TrainingData/raw/wti.csv");
const HORIZONS = { "1w": 5, "1m": 21, "12m": 252 } as const;
const LAGS = Array.from({ length: 20 }, (_, lag) => lag);

export type Horizon = keyof typeof HORIZONS;

/** What fails first, and with which words, where the workers' environment is missing. */
export function assertSetUp(): void {
  resolvePythonEnvironment(process.env);
}

/** A training table of real oil prices since 2005: lagged returns, a boolean and the label. */
export async function oilTable(folder: string, horizon: Horizon): Promise<Dataset> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${horizon}.parquet`);
  const rows = HORIZONS[horizon];
  const lags = LAGS.map((lag) => `lag(day, ${lag}) OVER w AS return_lag_${lag}`).join(", ");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (
    WITH prices AS (
      SELECT date, usd_per_barrel AS price, ln(usd_per_barrel / lag(usd_per_barrel) OVER (ORDER BY date)) AS day,
             ln(lead(usd_per_barrel, ${rows}) OVER (ORDER BY date) / usd_per_barrel) AS target
      FROM read_csv('${PRICES}') WHERE usd_per_barrel > 0 AND date >= DATE '2005-01-01')
    SELECT date, 'WTI' AS symbol, price, ${lags}, day > 0 AS "went up", target AS ${targetColumn(horizon)}
    FROM prices WINDOW w AS (ORDER BY date) ORDER BY date) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return {
    horizon,
    horizonRows: rows,
    file,
    sha256: await hashFile(file),
    target: targetColumn(horizon),
  };
}

export const FEATURES = [...LAGS.map((lag) => `return_lag_${lag}`), "went up"];

export function trainConfig(changes: Partial<Config["train"]> = {}): Config["train"] {
  const config = configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: { kind: "duckdb", sources: { wti: "raw/wti.csv" } },
    price: { table: "wti", date: "date", column: "usd_per_barrel" },
    horizons: HORIZONS,
  });
  return { ...config.train, rounds_max: 40, patience: 15, folds: 3, window: "5y", ...changes };
}

/** The folds of an algorithm on a table. */
export async function foldsOf(
  dataset: Dataset,
  algorithm: Config["train"]["algorithms"][number],
  train = trainConfig(),
): Promise<{ candidate: Candidate; tasks: FoldTask[] }> {
  const plan = await foldPlanOf(dataset, train);
  const candidate = { dataset, spec: specFor(algorithm, train, FEATURES), threads: 1 };
  return { candidate, tasks: foldTasks(candidate, plan, train) };
}

/** How a table is cut into folds. */
export async function foldPlanOf(
  dataset: Dataset,
  train = trainConfig(),
): Promise<Extract<FoldPlan, { kind: "plan" }>> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT date::VARCHAR AS date, ${dataset.target} IS NOT NULL AS labelled FROM '${dataset.file}'`,
  );
  const rows = reader.getRowObjects();
  connection.closeSync();
  instance.closeSync();
  const plan = planFolds(
    {
      dates: rows.map((row) => String(row["date"])),
      labelled: rows.map((row) => row["labelled"] === true),
      horizonRows: dataset.horizonRows,
    },
    train,
  );
  if (plan.kind === "refused") throw new Error(plan.reason);
  return plan;
}

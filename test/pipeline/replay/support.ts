import { readFile } from "node:fs/promises";
import path from "node:path";
import { evaluationSchema } from "../../../src/evaluation/evaluation.ts";
import { replaySchema, type Replay } from "../../../src/evaluation/replay.ts";
import { replayNightSchema, type ReplayNight } from "../../../src/evaluation/replay-night.ts";
import type { Rig } from "../../rig/rig.ts";

/** Nights of two horizons and twelve small trainings. */
export const REPLAY_CONFIG = `version: 1
symbol: WTI
as_of: 2025-12-31
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv, brent: raw/brent.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5, 1m: 21 }
train: { algorithms: [lightgbm_gbdt, xgboost_gbtree], folds: 2, fold_rows: 120, window: 3y, rounds_max: 20, patience: 5 }
evaluate: { calibration_rows: 60 }
jobs:
  nightly: { kind: pipeline }
`;

const DATA = path.resolve(import.meta.dirname, "../../../TrainingData/raw");

/** Gives a rig the demo's prices of the days from `from` to `to`, in place of those it has. */
export async function givePrices(rig: Rig, from: string, to: string): Promise<void> {
  for (const name of ["wti.csv", "brent.csv"]) {
    const [head = "", ...lines] = (await readFile(path.join(DATA, name), "utf8")).split("\n");
    const kept = lines.filter((line) => line.slice(0, 10) >= from && line.slice(0, 10) <= to);
    await rig.write(`TrainingData/raw/${name}`, [head, ...kept, ""].join("\n"));
  }
}

/** `replay.json`, held to its schema. */
export async function replayIn(folder: string): Promise<Replay> {
  return replaySchema.parse(JSON.parse(await readFile(path.join(folder, "replay.json"), "utf8")));
}

/** What was kept of a night. */
export async function nightIn(folder: string, day: string): Promise<ReplayNight> {
  const file = path.join(folder, "replay-nights", `${day}.json`);
  return replayNightSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

/** A night without what differs between two runs of it: names of runs, times, an edited cbi. */
export function essence(night: ReplayNight): unknown {
  const { run: _run, seconds: _seconds, code: _code, forecasts, ...rest } = night;
  return { ...rest, forecasts: forecasts.map(({ run: _of, ...row }) => row) };
}

/** The whole evaluation of a replayed night, without the name of its run. */
export async function evaluationIn(folder: string, day: string): Promise<unknown> {
  const { run } = await nightIn(folder, day);
  const file = path.join(folder, "Logs", "nightly", run, "evaluation.json");
  const { run: _run, ...rest } = evaluationSchema.parse(JSON.parse(await readFile(file, "utf8")));
  return rest;
}

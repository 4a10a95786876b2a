import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import type { ForecastRow } from "../../../src/evaluation/forecast.ts";
import { Chain } from "../../../src/pipeline/chain.ts";
import type { RunVerdict } from "../../../src/pipeline/run-request.ts";
import { runPipeline } from "../../../src/pipeline/runner.ts";
import type { Stage } from "../../../src/pipeline/stage.ts";
import { predictOutputSchema, type PredictOutput } from "../../../src/pipeline/stages/predict.ts";
import { uploadStage } from "../../../src/pipeline/stages/upload.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { forecast } from "../../contract/warehouse.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { testHome, type TestHome } from "../../warehouse/duckdb/home.ts";

/** XNYS has sessions on the 5th and the 10th, of which this series knows nothing. */
const PRICES =
  "date,price\n2024-01-02,70\n2024-01-03,71\n2024-01-04,72\n2024-01-08,73\n2024-01-09,74\n2024-01-11,75\n";

/** Forecasts two price rows ahead, as if a model had made them. */
const predictStage: Stage<"predict", object, PredictOutput> = {
  name: "predict",
  version: 1,
  output: predictOutputSchema,
  limits: { attempts: 1, deadlineMs: 60_000 },
  fingerprint: async (_input, context) => context.asOf,
  run: async (_input, context) => {
    const guess = context.calendar.addSessions(context.asOf, 2);
    const common = { as_of: context.asOf, target_date: guess };
    const walk = { model_role: "baseline" as const, algorithm: "random_walk" };
    const forecasts = [forecast(common), forecast({ ...common, ...walk })];
    return { forecasts, champions: [], path: "", sha256: "" };
  },
  outputs: () => [],
  summarize: () => "",
};

async function night(home: TestHome, asOf: string, force = false): Promise<RunVerdict> {
  const verdict = await runPipeline(
    { job: "nightly", trigger: "person", asOf, force },
    {
      paths: home.paths,
      config: home.config,
      configHash: "",
      version: "0",
      codeHash: "code",
      chain: Chain.empty().add(predictStage).add(uploadStage),
      clock: new ManualClock("2024-01-12T05:00:00Z", (ms) => ms < 60_000),
      random: systemRandom,
      calendar: calendarNamed("XNYS"),
      warehouse: home.warehouse,
      openExecutor: () => Promise.reject(new Error("nothing is trained")),
      emit: () => undefined,
      signal: new AbortController().signal,
    },
  );
  assert.equal(verdict.exitCode, 0, verdict.status.error?.message);
  return verdict;
}

async function targets(home: TestHome): Promise<string[]> {
  const rows: ForecastRow[] = await home.warehouse.forecasts({ symbol: "WTI" });
  return [...new Set(rows.map((row) => `${row.as_of} for ${row.target_date}`))];
}

function uploadOf({ status }: RunVerdict): string {
  const stage = status.stages.find(({ name }) => name === "upload");
  return `${stage?.reused === true ? "reused" : "done"}: ${stage?.summary}`;
}

void test("a settled target date outlives the older night that is run again, however it is run", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, { wti: "raw/wti.csv" });
  const first = await night(home, "2024-01-03");
  assert.equal(uploadOf(first), "done: 2 rows in predictions.forecasts, read back");
  assert.deepEqual(await targets(home), ["2024-01-03 for 2024-01-05"]);

  const later = await night(home, "2024-01-09");
  assert.match(uploadOf(later), /^done: .*; 2 earlier ones settled$/);
  const settled = ["2024-01-03 for 2024-01-08", "2024-01-09 for 2024-01-11"];
  assert.deepEqual(await targets(home), settled);

  const again = await night(home, "2024-01-03");
  assert.match(uploadOf(again), /^reused: /, "what settling wrote is no change of the upload");
  assert.deepEqual(await targets(home), settled);
  await night(home, "2024-01-03", true);
  assert.deepEqual(await targets(home), settled, "an upload anew keeps what is settled");
});

void test("settling is done by a night whose upload is used again", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, { wti: "raw/wti.csv" });
  await night(home, "2024-01-03");
  await night(home, "2024-01-09");
  await home.query(
    "UPDATE predictions.forecasts SET target_date = '2024-01-05' WHERE as_of = '2024-01-03'",
  );
  const end = await night(home, "2024-01-09");
  assert.match(uploadOf(end), /^reused: .*; 2 earlier ones settled$/);
  assert.deepEqual(await targets(home), ["2024-01-03 for 2024-01-08", "2024-01-09 for 2024-01-11"]);
});

void test("a target date that has not come is replaced by the better guess of a run anew", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, { wti: "raw/wti.csv" });
  await night(home, "2024-01-08");
  await night(home, "2024-01-09");
  await home.query("UPDATE predictions.forecasts SET target_date = '2024-02-01'");
  await night(home, "2024-01-08", true);
  assert.deepEqual(await targets(home), ["2024-01-08 for 2024-01-10", "2024-01-09 for 2024-02-01"]);
});

void test("the view of a horizon that cbi.yaml no longer has is dropped with a warning, once", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, { wti: "raw/wti.csv" });
  await home.warehouse.upload(
    [forecast({ as_of: "2024-01-02", horizon: "9m" })],
    new AbortController().signal,
  );
  const warned = await night(home, "2024-01-03");
  assert.deepEqual(warned.status.warnings, [
    "the view predictions.latest_9m was dropped: cbi.yaml no longer has its horizon; its forecasts stay",
  ]);
  assert.deepEqual((await night(home, "2024-01-03")).status.warnings, []);
});

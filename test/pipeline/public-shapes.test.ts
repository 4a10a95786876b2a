import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { z } from "zod";
import { auditReportSchema } from "../../src/audit/report.ts";
import { evaluationSchema } from "../../src/evaluation/evaluation.ts";
import { modelManifestSchema } from "../../src/models/manifest.ts";
import { queryRows, withDuckdb } from "../../src/system/duckdb.ts";
import type { CbiEnd } from "../rig/cbi-process.ts";
import { Rig } from "../rig/rig.ts";

// Other programs read these. The lists below are what they may rely on, written out apart from the
// schemas in src/, so that a change there is seen here. A key may be added; none may go or change.

let rig: Rig;
let end: CbiEnd;
before(async () => {
  rig = await Rig.make(undefined);
  end = await rig.night();
  assert.equal(end.exitCode, 0, end.stderr);
});
after(async () => rig[Symbol.asyncDispose]());

const STATUS = `schema number
run string
job string
slot null
trigger string
state string
as_of string
start_time string
end_time string
success boolean
exit_code number
pid number
version string
warnings array
error null
stages[].name string
stages[].state string
stages[].success boolean
stages[].attempts number
stages[].reused boolean
stages[].duration_seconds number
stages[].summary string
stages[].error null`;

const HEALTH = `health.verdict string
health.reasons array
health.last_success string
health.alerts array
health.wake null
health.data.newest string
health.data.sessions_behind number
health.models[].horizon string
health.models[].algorithm string
health.models[].version string
health.models[].as_of string`;

const AUDIT = `schema number
run string
as_of string
summary.verdict string
summary.errors number
summary.warnings number
summary.quarantined number
datasets[].horizon string
datasets[].rows number
datasets[].fingerprint string
datasets[].checks[].id string
datasets[].checks[].severity string
datasets[].checks[].status string
datasets[].checks[].message string
datasets[].checks[].threshold string
datasets[].checks[].observed number|null
datasets[].checks[].n_failed number
datasets[].checks[].sample array
datasets[].quarantined[].reason string
datasets[].quarantined[].rows number`;

const EVALUATION = `schema number
run string
symbol string
as_of string
horizons[].horizon string
horizons[].rows_ahead number
horizons[].out_of_fold.first string
horizons[].out_of_fold.last string
horizons[].out_of_fold.specs[].spec string
horizons[].out_of_fold.specs[].algorithm string
horizons[].out_of_fold.specs[].metrics.rows number
horizons[].out_of_fold.specs[].metrics.mape_percent number
horizons[].out_of_fold.specs[].metrics.skill number
horizons[].out_of_fold.specs[].metrics.directional_accuracy number
horizons[].out_of_fold.specs[].against_random_walk.p_value number
horizons[].out_of_fold.specs[].sharpe.annualised number
horizons[].out_of_fold.specs[].intervals.coverage number
horizons[].out_of_fold.baselines[].name string
horizons[].out_of_fold.baselines[].metrics.mape_percent number
horizons[].live.matured number
horizons[].live.waiting number
horizons[].live.next_matures_on string
horizons[].decision.outcome string
horizons[].decision.champion.algorithm string
horizons[].decision.champion.spec string
horizons[].decision.reasons[] string`;

const MANIFEST = `schema number
version string
symbol string
horizon string
horizon_rows number
algorithm string
spec string
as_of string
created string
run string
data.sha256 string
data.rows number
data.train_rows number
data.first string
data.last string
data.target string
features[].name string
features[].type string
parameters object
seed number
rounds number
libraries.python string
libraries.lightgbm string
libraries.xgboost string
folds[].fold number
folds[].first string
folds[].last string
folds[].rows number
folds[].best_rounds number
folds[].figures.mape_percent number
folds[].figures.mape_percent_random_walk number
figures.mape_percent number
figures.mape_percent_random_walk number
figures.skill number
importance object
files.model.name string
files.model.sha256 string
files.model.content_hash string
files.out_of_fold.name string
files.out_of_fold.sha256 string`;

void test("last_run_status.json and cbi status --json keep their one shape", async () => {
  const file: unknown = JSON.parse(await rig.read("Logs/nightly/last_run_status.json"));
  assertPromised(file, STATUS);
  const { stdout } = await rig.cbi(["status", "--json"]);
  const answer: unknown = JSON.parse(stdout);
  assertPromised(answer, `${STATUS}\n${HEALTH}`);
  const { health: _health, ...same } = z.looseObject({}).parse(answer);
  assert.deepEqual(same, file);
  await rig.statusFile();
  await rig.status();
});

void test("audit.json, evaluation.json and manifest.json keep their shapes", async () => {
  const run = end.events.at(-1)?.run;
  const audit: unknown = JSON.parse(await rig.read(`Logs/nightly/${run}/audit.json`));
  assertPromised(audit, AUDIT);
  auditReportSchema.parse(audit);
  const evaluation: unknown = JSON.parse(await rig.read(`Logs/nightly/${run}/evaluation.json`));
  assertPromised(evaluation, EVALUATION);
  evaluationSchema.parse(evaluation);
  const [model = ""] = await rig.models();
  const manifest: unknown = JSON.parse(
    await rig.read(`Models/local/horizon_${model}/manifest.json`),
  );
  assertPromised(manifest, MANIFEST);
  modelManifestSchema.parse(manifest);
});

void test("a night shows the ridge baseline beside the others and forecasts nothing by it", async () => {
  const run = end.events.at(-1)?.run;
  const evaluation = evaluationSchema.parse(
    JSON.parse(await rig.read(`Logs/nightly/${run}/evaluation.json`)),
  );
  assert.equal(evaluation.horizons.length, 2);
  for (const { horizon, out_of_fold: figures } of evaluation.horizons) {
    const names = figures.baselines.map(({ name }) => name);
    assert.deepEqual(
      names,
      ["random_walk", "drift", "seasonal_naive", "mean_return", "ridge"],
      horizon,
    );
    assert.equal(figures.baselines.at(-1)?.metrics.rows, figures.specs[0]?.metrics.rows);
    // As good as prices allow: neither broken nor one that knows the future.
    assert.ok(Math.abs(figures.baselines.at(-1)?.metrics.skill ?? 9) < 0.4, horizon);
  }
  const report = await rig.read(`Logs/nightly/${run}/report.html`);
  assert.equal(report.match(/<th scope="row">ridge regression</g)?.length, 2);
  const trained = end.events.flatMap(({ progress }) =>
    progress?.type === "finished" && progress.id.includes("ridge") ? progress.id : [],
  );
  assert.deepEqual(trained.sort(), [
    "1m-ridge-fold0",
    "1m-ridge-fold1",
    "1w-ridge-fold0",
    "1w-ridge-fold1",
  ]);
  const predicting = (await rig.forecasts()).map(({ algorithm }) => algorithm);
  assert.deepEqual(new Set(predicting), new Set(["lightgbm_dart", "random_walk"]));
  assert.doesNotMatch(JSON.stringify([rig.champions(), await rig.models()]), /ridge/);
});

void test("predictions.forecasts and its views have the columns that others query", async () => {
  const expected = [
    "symbol VARCHAR",
    "as_of DATE",
    "horizon VARCHAR",
    "target_date DATE",
    "model_role VARCHAR",
    "algorithm VARCHAR",
    "model_version VARCHAR",
    "price_now DOUBLE",
    "price_predicted DOUBLE",
    "price_low DOUBLE",
    "price_high DOUBLE",
    "return_predicted DOUBLE",
    "run VARCHAR",
  ];
  await withDuckdb({ file: rig.paths.warehouse }, async (connection) => {
    for (const name of ["forecasts", "latest_1w", "latest_1m"]) {
      const columns = await queryRows(connection, `DESCRIBE predictions.${name}`);
      const found = columns.map(
        (column) => `${String(column["column_name"])} ${String(column["column_type"])}`,
      );
      assert.deepEqual(found, expected, name);
    }
    const latest = await queryRows(
      connection,
      "SELECT DISTINCT horizon FROM predictions.latest_1w",
    );
    assert.deepEqual(latest, [{ horizon: "1w" }]);
  });
  for (const row of await rig.forecasts()) {
    assert.ok(row.price_low < row.price_predicted && row.price_predicted < row.price_high);
    assert.ok(
      Math.abs(row.price_now * Math.exp(row.return_predicted) - row.price_predicted) < 1e-9,
    );
    assert.ok(row.target_date > row.as_of);
  }
});

const error = z.strictObject({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  class: z.enum(["retryable", "data", "fatal"]),
});

const LINE = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("run-started"),
    run: z.string(),
    job: z.string(),
    as_of: z.iso.date(),
    trigger: z.string(),
    stages: z.array(z.string()),
  }),
  z.strictObject({ event: z.literal("stage-started"), stage: z.string(), attempt: z.int() }),
  z.strictObject({
    event: z.literal("stage-progress"),
    stage: z.string(),
    done: z.int(),
    total: z.int(),
    message: z.string(),
  }),
  z.strictObject({
    event: z.literal("training"),
    stage: z.string(),
    progress: z.looseObject({
      type: z.enum(["started", "round", "finished", "failed"]),
      id: z.string(),
    }),
  }),
  z.strictObject({
    event: z.literal("stage-retried"),
    stage: z.string(),
    attempt: z.int(),
    delay_seconds: z.number(),
    error,
  }),
  z.strictObject({
    event: z.literal("stage-finished"),
    stage: z.string(),
    reused: z.boolean(),
    duration_seconds: z.number(),
    summary: z.string(),
  }),
  z.strictObject({ event: z.literal("stage-failed"), stage: z.string(), error }),
  z.strictObject({ event: z.literal("stage-skipped"), stage: z.string(), reason: z.string() }),
  z.strictObject({ event: z.literal("warning"), message: z.string() }),
  z.strictObject({ event: z.literal("note"), message: z.string() }),
  z.strictObject({
    event: z.literal("run-finished"),
    run: z.string(),
    state: z.enum(["done", "failed", "interrupted", "refused"]),
    exit_code: z.int(),
    duration_seconds: z.number(),
    warnings: z.array(z.string()),
    error: error.nullable(),
  }),
]);

void test("cbi run --json is one JSON line an event, the last one the verdict, on every road to an end", async () => {
  const failing = await rig.night("--as-of", "2019-01-04");
  assert.equal(failing.exitCode, 65);
  const only = await rig.night("--only", "audit", "--force");
  for (const [what, said] of Object.entries({ done: end, failed: failing, only })) {
    const lines = said.stdout.trimEnd().split("\n");
    const events = lines.map((line) => LINE.parse(JSON.parse(line)));
    const last = events.at(-1);
    assert.equal(events.filter(({ event }) => event === "run-finished").length, 1, what);
    assert.equal(last?.event === "run-finished" && last.exit_code, said.exitCode, what);
    assert.equal(said.stderr, "", what);
  }
  const { status } = await rig.status();
  const { run, state, exit_code } = only.events.at(-1) ?? {};
  assert.deepEqual(
    { run, state, exit_code },
    { run: status.run, state: status.state, exit_code: 0 },
  );
});

void test("the run's log holds the same events, one JSON line each with its time", async () => {
  const { run } = end.events.at(-1) ?? {};
  const lines = (await rig.read(`Logs/nightly/nightly_pipeline_${run}.log`)).trimEnd().split("\n");
  const logged = lines.map((line) => {
    const {
      time,
      level: _level,
      ...event
    } = z.looseObject({ time: z.iso.datetime(), level: z.number() }).parse(JSON.parse(line));
    assert.ok(time);
    return LINE.parse(event);
  });
  assert.equal(logged.at(0)?.event, "run-started");
  assert.equal(logged.at(-1)?.event, "run-finished");
});

/** Every promised path is there with its type; `null|number` promises one of both. */
function assertPromised(value: unknown, promised: string): void {
  const found = new Map<string, Set<string>>();
  walk(value, "", found);
  for (const line of promised.split("\n")) {
    const [path = "", types = ""] = line.split(" ");
    const kinds = [...(found.get(path) ?? [])];
    assert.ok(kinds.length > 0, `${path} is gone`);
    for (const kind of kinds) {
      assert.ok(types.split("|").includes(kind), `${path} is ${kind}, promised was ${types}`);
    }
  }
}

function walk(value: unknown, at: string, found: Map<string, Set<string>>): void {
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  found.set(at, (found.get(at) ?? new Set()).add(kind));
  if (Array.isArray(value)) for (const inner of value) walk(inner, `${at}[]`, found);
  else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value))
      walk(inner, at === "" ? key : `${at}.${key}`, found);
  }
}

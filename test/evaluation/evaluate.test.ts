import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateNight } from "../../src/evaluation/evaluate.ts";
import { evaluationSchema } from "../../src/evaluation/evaluation.ts";
import { forecast, HORIZONS, horizonRequest, nightRequest } from "./night.ts";
import { outOfFoldRows, wtiSeries } from "./wti.ts";

const wti = wtiSeries();
const last = wti.rows.length - 1;

void test("a night's evaluation is JSON of the public shape, and an unknown key is refused", () => {
  const { evaluation } = evaluateNight(nightRequest());
  const text = JSON.stringify(evaluation);
  assert.deepEqual(evaluationSchema.parse(JSON.parse(text)), evaluation);
  assert.doesNotMatch(text, /NaN|Infinity/);
  assert.equal(evaluationSchema.safeParse({ ...evaluation, schema: 2 }).success, false);
  assert.equal(evaluationSchema.safeParse({ ...evaluation, extra: 1 }).success, false);
});

void test("a first night has nothing live and says when the first forecast matures", () => {
  const { evaluation } = evaluateNight(nightRequest());
  const days = evaluation.horizons.map(({ live }) => [live.matured, live.next_matures_on]);
  assert.deepEqual(days[0], [0, "2026-01-07"]);
  for (const { live } of evaluation.horizons) {
    assert.equal(live.published, null);
    assert.equal(live.waiting, 1);
  }
});

void test("every model stands beside all baselines on the same rows", () => {
  const { evaluation } = evaluateNight(nightRequest());
  for (const { out_of_fold: figures, horizon } of evaluation.horizons) {
    const names = figures.baselines.map((baseline) => baseline.name);
    assert.deepEqual(names, ["random_walk", "drift", "seasonal_naive", "mean_return", "ridge"]);
    const [walk] = figures.baselines;
    for (const spec of figures.specs) {
      assert.equal(spec.metrics.rows, walk?.metrics.rows, horizon);
      const skill = 1 - spec.metrics.mae / (walk?.metrics.mae ?? Number.NaN);
      assert.ok(Math.abs((spec.metrics.skill ?? 9) - skill) < 1e-12);
      assert.equal(spec.flags.length, 0);
    }
  }
});

void test("the ridge baseline is scored on the models' rows, and neither competes nor has live figures", () => {
  const positions = [last - 30, last - 20];
  const forecasts = positions.map((at) => forecast("1w", at, "champion", 0.01));
  const honest = horizonRequest("1w", 5, { forecasts });
  const [longest] = honest.specs;
  assert.ok(longest);
  // It knows the future, so that it would win whatever it may take part in.
  const ridge = longest.rows.map((row) => ({ ...row, predicted: row.actual }));
  const later = outOfFoldRows(wti, 5, "2010-01-04", () => 0).slice(0, 9);
  const of = (rows: typeof ridge) =>
    evaluateNight(nightRequest({ horizons: [{ ...honest, ridge: rows }] })).evaluation.horizons[0];
  const found = of([...ridge, ...later]);
  const baseline = found?.out_of_fold.baselines.find(({ name }) => name === "ridge");
  assert.equal(baseline?.metrics.rows, longest.rows.length);
  assert.ok((baseline?.metrics.skill ?? 0) > 0.999999);
  assert.deepEqual(found?.decision, of([])?.decision);
  assert.equal(
    found?.live.baselines.some(({ name }) => name === "ridge"),
    false,
  );
});

void test("rules of thumb on real oil are as good as a random walk, neither much better nor worse", () => {
  const { evaluation } = evaluateNight(nightRequest());
  for (const { out_of_fold: figures } of evaluation.horizons) {
    for (const spec of figures.specs) assert.ok(Math.abs(spec.metrics.skill ?? 9) < 0.12);
  }
});

void test("only matured forecasts are scored, as the latest views showed them", () => {
  const positions = Array.from({ length: 80 }, (_none, index) => last - 79 + index);
  const forecasts = positions.flatMap((position) => [
    forecast("1w", position, "baseline", 0),
    // The first 40 nights had no champion: the random walk was published.
    ...(position > last - 40 ? [forecast("1w", position, "champion", 0.01)] : []),
    forecast("1w", position, "challenger", -0.01),
  ]);
  const horizon = horizonRequest("1w", 5, { forecasts });
  const { evaluation, rows } = evaluateNight(nightRequest({ horizons: [horizon] }));
  const live = evaluation.horizons[0]?.live;
  assert.equal(live?.matured, 75);
  assert.equal(live?.waiting, 5);
  assert.equal(live?.last, wti.rows[last - 5]?.date);
  const moved = rows[0]?.published.filter((one) => one.pricePredicted !== one.priceNow);
  assert.equal(moved?.length, 35);
  const counts = live?.specs.map((spec) => [spec.algorithm, spec.metrics.rows]);
  assert.deepEqual(counts, [
    ["lightgbm_dart", 35],
    ["xgboost_dart", 75],
  ]);
});

void test("forecasts count for the spec that made them, not for their algorithm", () => {
  const forecasts = [last - 30, last - 20].map((at) => forecast("1w", at, "champion", 0.01));
  const specs = (spec: string) =>
    evaluateNight(
      nightRequest({
        horizons: [
          horizonRequest("1w", 5, {
            forecasts,
            specOfVersion: new Map([["champion-version", spec]]),
          }),
        ],
      }),
    ).evaluation.horizons[0]?.live.specs.length;
  assert.equal(specs("a"), 1);
  assert.equal(specs("an older spec"), 0);
});

void test("the price of 2020-04-20 is scored in money and left out of percentages", () => {
  const position = (wti.positions.get("2020-04-20") ?? 0) - 5;
  const forecasts = [position - 1, position].map((at) => forecast("1w", at, "champion", 0));
  const horizon = horizonRequest("1w", 5, { forecasts });
  const live = evaluateNight(nightRequest({ horizons: [horizon] })).evaluation.horizons[0]?.live;
  assert.equal(live?.published?.metrics.rows, 2);
  assert.equal(live?.published?.metrics.mape_excluded, 1);
});

void test("a horizon without models or forecasts is evaluated all the same", () => {
  const horizon = horizonRequest("1w", 5, { specs: [], forecasts: [] });
  const { evaluation } = evaluateNight(nightRequest({ horizons: [horizon] }));
  evaluationSchema.parse(evaluation);
  assert.equal(evaluation.horizons[0]?.decision.champion.algorithm, "random_walk");
  assert.equal(evaluation.horizons[0]?.live.next_matures_on, null);
});

void test("five horizons, three specs and 1,260 rows each cost well below a second", () => {
  const request = nightRequest();
  const before = process.cpuUsage();
  evaluateNight(request);
  const { user, system } = process.cpuUsage(before);
  const elapsedMs = (user + system) / 1000;
  assert.ok(elapsedMs < 1000, `${elapsedMs.toFixed(0)} ms of processor time`);
});

/** The keys of a JSON value as paths, list elements as `[]`. */
function keyPaths(value: unknown, prefix = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => keyPaths(one, `${prefix}[]`));
  if (value === null || typeof value !== "object") return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => keyPaths(inner, `${prefix}.${key}`));
}

void test("the keys that other programs read in evaluation.json stay where they are", () => {
  const { evaluation } = evaluateNight(nightRequest());
  const paths = new Set(keyPaths(evaluation));
  const horizon = ".horizons[]";
  const figures = `${horizon}.out_of_fold.specs[]`;
  for (const key of [
    ".schema",
    ".run",
    ".symbol",
    ".as_of",
    ".price_unit",
    `${horizon}.horizon`,
    `${horizon}.rows_ahead`,
    `${horizon}.out_of_fold.first`,
    `${horizon}.out_of_fold.last`,
    `${horizon}.out_of_fold.baselines[].name`,
    `${horizon}.out_of_fold.baselines[].metrics.mape_percent`,
    `${figures}.spec`,
    `${figures}.algorithm`,
    `${figures}.metrics.rows`,
    `${figures}.metrics.mape_percent`,
    `${figures}.metrics.mape_excluded`,
    `${figures}.metrics.smape_percent`,
    `${figures}.metrics.mae`,
    `${figures}.metrics.rmse`,
    `${figures}.metrics.skill`,
    `${figures}.metrics.mase`,
    `${figures}.metrics.directional_accuracy`,
    `${figures}.metrics.r_squared`,
    `${figures}.against_random_walk.statistic`,
    `${figures}.against_random_walk.p_value`,
    `${figures}.intervals.level`,
    `${figures}.intervals.coverage`,
    `${figures}.intervals.width_percent`,
    `${figures}.intervals.pinball.low`,
    `${figures}.sharpe.annualised`,
    `${figures}.sharpe.standard_error`,
    `${figures}.sharpe.phases.min`,
    `${figures}.sharpe.deflated`,
    `${horizon}.live.matured`,
    `${horizon}.live.waiting`,
    `${horizon}.live.next_matures_on`,
    `${horizon}.decision.outcome`,
    `${horizon}.decision.champion.spec`,
    `${horizon}.decision.champion.algorithm`,
    `${horizon}.decision.standings[].skill`,
    `${horizon}.decision.reasons[]`,
    `${horizon}.decision.trials`,
  ]) {
    assert.ok(paths.has(key), key);
  }
});

void test("a spec that knows the future is flagged, and the honest one beside it is champion or nobody", () => {
  for (const [name, rows] of Object.entries(HORIZONS)) {
    const honest = horizonRequest(name, rows);
    const specs = honest.specs.map((spec) =>
      spec.spec === "a"
        ? { ...spec, rows: spec.rows.map((row) => ({ ...row, predicted: 0.8 * row.actual })) }
        : spec,
    );
    const { evaluation } = evaluateNight(nightRequest({ horizons: [{ ...honest, specs }] }));
    const [horizon] = evaluation.horizons;
    const flagged = horizon?.out_of_fold.specs.filter(({ flags }) => flags.length > 0);
    assert.deepEqual(
      flagged?.map(({ spec }) => spec),
      ["a"],
      name,
    );
    assert.notEqual(horizon?.decision.champion.spec, "a");
    assert.match(horizon?.decision.reasons.join("\n") ?? "", /too good to be true/);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { baselineOutcomes } from "../../src/evaluation/baselines.ts";
import { naiveScale, scoreForecasts } from "../../src/evaluation/metrics.ts";
import { asRandomWalk, type Outcome, outcomesOfFolds } from "../../src/evaluation/outcome.ts";
import { priceSeries } from "../../src/evaluation/price-series.ts";
import { isClose, momentum, outOfFoldRows, wtiSeries } from "./wti.ts";

const wti = wtiSeries();

function outcome(priceNow: number, pricePredicted: number, priceActual: number): Outcome {
  return { date: "2025-01-02", block: 0, priceNow, pricePredicted, priceActual };
}

void test("the random walk's errors on real WTI since 2021 are those that NumPy finds", () => {
  // NumPy 2.4 on TrainingData/raw/wti.csv, as-of days from 2021-01-01: rows, MAPE, MAE.
  const expected: [horizonRows: number, rows: number, mape: number, mae: number][] = [
    [5, 1243, 3.7722701283451974, 2.948390989541432],
    [21, 1227, 7.078129308276619, 5.578663406682967],
    [63, 1185, 10.589734195261425, 8.471611814345993],
    [126, 1122, 14.348846318618836, 11.76675579322638],
    [252, 996, 20.18870612428955, 16.282891566265057],
  ];
  for (const [horizonRows, rows, mape, mae] of expected) {
    const outcomes = outcomesOfFolds(outOfFoldRows(wti, horizonRows, "2021-01-01", () => 0));
    const metrics = scoreForecasts(outcomes);
    assert.equal(metrics?.rows, rows);
    assert.ok(isClose(metrics?.mape_percent, mape), `${horizonRows} rows ahead`);
    assert.ok(isClose(metrics?.mae, mae), `${horizonRows} rows ahead`);
    assert.equal(metrics?.skill, 0);
    assert.equal(metrics?.directional_accuracy, null);
  }
});

void test("a reversal forecast on real WTI gets the figures that NumPy finds", () => {
  const rows = outOfFoldRows(wti, 21, "2021-01-01", (at) => -0.1 * momentum(wti, at, 21));
  const outcomes = outcomesOfFolds(rows);
  const metrics = scoreForecasts(outcomes, naiveScale(wti, 21, outcomes[0]?.date ?? ""));
  assert.ok(isClose(metrics?.mae, 5.576283743311498));
  assert.ok(isClose(metrics?.skill, 0.0004265651461635711, 6));
  assert.ok(isClose(metrics?.mape_percent, 7.078686681379512));
  assert.ok(isClose(metrics?.smape_percent, 7.088321167047606));
  assert.ok(isClose(metrics?.mase, 1.6172719199691117));
  assert.ok(isClose(metrics?.directional_accuracy, 0.4669926650366748));
  assert.ok(isClose(metrics?.r_squared, -0.00475722768228759, 7));
});

void test("MAPE leaves out a price that is not positive and says so; MAE keeps it", () => {
  const metrics = scoreForecasts([outcome(20, 22, 20), outcome(18.27, 18, -36.98)]);
  assert.equal(metrics?.mape_percent, 10);
  assert.equal(metrics?.mape_excluded, 1);
  assert.ok(isClose(metrics?.mae, (2 + 54.98) / 2));
});

void test("rows without a direction are not counted as hits or misses", () => {
  const metrics = scoreForecasts([
    outcome(10, 11, 12),
    outcome(10, 11, 9),
    outcome(10, 10, 12),
    outcome(10, 11, 10),
  ]);
  assert.equal(metrics?.directional_accuracy, 0.5);
  assert.equal(metrics?.directional_rows, 2);
});

void test("no rows have no metrics", () => {
  assert.equal(scoreForecasts([]), undefined);
});

void test("skill is 1 for the truth, 0 for the random walk, and is below 0 past twice the move", () => {
  const price = fc.double({ min: 1, max: 500, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(price, price), { minLength: 1 }), (pairs) => {
      fc.pre(pairs.some(([now, actual]) => now !== actual));
      const truth = pairs.map(([now, actual]) => outcome(now, actual, actual));
      assert.equal(scoreForecasts(truth)?.skill, 1);
      assert.equal(scoreForecasts(asRandomWalk(truth))?.skill, 0);
      const wild = pairs.map(([now, actual]) => outcome(now, now + 3 * (actual - now), actual));
      assert.ok((scoreForecasts(wild)?.skill ?? 0) < 0);
    }),
  );
});

void test("baselines know nothing of the days after their own", () => {
  const horizonRows = 63;
  const outcomes = outcomesOfFolds(outOfFoldRows(wti, horizonRows, "2024-01-01", () => 0));
  const day = outcomes[40];
  assert.ok(day);
  const until = priceSeries(wti.rows.filter((row) => row.date <= day.date));
  for (const name of ["drift", "seasonal_naive", "mean_return"] as const) {
    const whole = baselineOutcomes(name, [day], wti, horizonRows);
    assert.deepEqual(baselineOutcomes(name, [day], until, horizonRows), whole, name);
    assert.equal(whole.length, 1);
  }
});

void test("baselines forecast what their definitions say", () => {
  const prices = [10, 12, 11, 13, 14];
  const series = priceSeries(prices.map((price, day) => ({ date: `2025-01-0${day + 1}`, price })));
  const row = [{ ...outcome(13, 0, 14), date: "2025-01-04" }];
  const [drift] = baselineOutcomes("drift", row, series, 1);
  assert.equal(drift?.pricePredicted, 13 + (13 - 10) / 3);
  const [mean] = baselineOutcomes("mean_return", row, series, 1);
  assert.ok(isClose(mean?.pricePredicted, 13 * (13 / 10) ** (1 / 3)));
  assert.deepEqual(baselineOutcomes("seasonal_naive", row, series, 1), []);
  const [season] = baselineOutcomes("seasonal_naive", row, series, 252);
  assert.equal(season?.pricePredicted, 13);
  const [monthly] = baselineOutcomes("seasonal_naive", row, series, 250);
  assert.equal(monthly?.pricePredicted, 12);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  deflatedSharpe,
  expectedMaximumSharpe,
  momentsOf,
  probabilisticSharpe,
} from "../../src/evaluation/deflated-sharpe.ts";
import { type Outcome, outcomesOfFolds } from "../../src/evaluation/outcome.ts";
import { priceSeries } from "../../src/evaluation/price-series.ts";
import { dailySharpe, sharpeOf, sleeveProfits } from "../../src/evaluation/sharpe.ts";
import { isClose, momentum, outOfFoldRows, wtiSeries } from "./wti.ts";

const wti = wtiSeries();

function momentumTrade(horizonRows: number) {
  const rows = outOfFoldRows(wti, horizonRows, "2021-01-01", (at) =>
    momentum(wti, at, horizonRows),
  );
  return { outcomes: outcomesOfFolds(rows), series: wti, horizonRows, cost: 0.0005 };
}

void test("momentum on real WTI gets the ratios that NumPy finds", () => {
  // NumPy 2.4: sleeves as positions, cost 0.0005, Newey–West error of the influence function.
  const expected: [h: number, ratio: number, error: number, psr: number, dsr: number][] = [
    [5, -1.120724174303587, 0.42833928305582175, 0.00598843955298291, 4.759109942751992e-6],
    [21, 0.27906292991121845, 0.37215812322397684, 0.7321980535772019, 0.10089164499636322],
    [126, 0.26805917930975914, 0.33851145994464404, 0.7236537851207705, 0.09713787377989108],
  ];
  for (const [h, ratio, error, psr, dsr] of expected) {
    const sharpe = sharpeOf({ ...momentumTrade(h), trials: 20, trialSharpes: [] });
    assert.ok(isClose(sharpe.annualised, ratio, 8), `ratio at ${h}`);
    assert.ok(isClose(sharpe.standard_error, error, 8), `error at ${h}`);
    assert.ok(isClose(sharpe.probability_above_zero, psr, 7), `psr at ${h}`);
    assert.ok(isClose(sharpe.deflated, dsr, 6), `dsr at ${h}`);
  }
});

void test("annualising overlapping outcomes by √252 inflates the ratio; sleeves and phases do not", () => {
  const trade = momentumTrade(126);
  const overlapping = momentsOf(
    trade.outcomes.map(
      (row) => Math.sign(row.pricePredicted - row.priceNow) * (row.priceActual / row.priceNow - 1),
    ),
  );
  const inflated = (overlapping?.sharpe ?? 0) * Math.sqrt(252);
  assert.ok(isClose(inflated, 3.4203307383577517, 9));
  const sharpe = sharpeOf({ ...trade, trials: 1, trialSharpes: [] });
  assert.ok((sharpe.annualised ?? 0) < inflated / 5);
  assert.equal(sharpe.phases?.count, 126);
  assert.ok(isClose(sharpe.phases?.min, -1.010737672724166, 8));
  assert.ok(isClose(sharpe.phases?.max, 1.1545813611385403, 8));
});

void test("sleeves earn each day on what was forecast before it, and pay for what they turn", () => {
  const prices = [100, 110, 99, 99, 108.9];
  const series = priceSeries(prices.map((price, day) => ({ date: `2025-01-0${day + 1}`, price })));
  const outcomes: Outcome[] = [
    { date: "2025-01-01", block: 0, priceNow: 100, pricePredicted: 101, priceActual: 99 },
    { date: "2025-01-02", block: 0, priceNow: 110, pricePredicted: 105, priceActual: 99 },
  ];
  const { profits } = sleeveProfits({ outcomes, series, horizonRows: 2, cost: 0.01 });
  // Positions: ½ after day 1, 0 after day 2, −½ after day 3, 0 after day 4.
  const expected = [-0.005, 0.05 - 0.005, -0.005, -0.005];
  assert.equal(profits.length, expected.length);
  for (const [day, profit] of profits.entries()) assert.ok(isClose(profit, expected[day] ?? 0));
});

void test("days at a price that is not positive are left out and counted", () => {
  const rows = outOfFoldRows(wti, 5, "2020-03-01", () => 0.01).slice(0, 60);
  const trade = { outcomes: outcomesOfFolds(rows), series: wti, horizonRows: 5, cost: 0 };
  const { profits, excluded } = sleeveProfits(trade);
  assert.equal(excluded, 2);
  assert.ok(profits.every((profit) => Number.isFinite(profit)));
});

void test("the more trials, the less the best of them is worth", () => {
  const moments = momentsOf(sleeveProfits(momentumTrade(21)).profits);
  assert.ok(moments);
  const plain = probabilisticSharpe(moments, 0);
  assert.equal(deflatedSharpe(moments, 1, []), plain);
  const chances = [2, 10, 100, 1000].map((trials) => deflatedSharpe(moments, trials, []) ?? 1);
  assert.deepEqual(
    chances,
    chances.toSorted((a, b) => b - a),
  );
  assert.ok((chances[0] ?? 1) < (plain ?? 0));
});

void test("the expected best of 10 skill-less trials matches Bailey and López de Prado's formula", () => {
  // SciPy: ((1-γ)·norm.ppf(1-1/10) + γ·norm.ppf(1-1/(10e))) = 1.57460…
  assert.ok(Math.abs(expectedMaximumSharpe(10, 1) - 1.5746) < 1e-3);
  assert.equal(expectedMaximumSharpe(1, 1), 0);
});

void test("a forecast that never takes a side has no ratio", () => {
  const outcomes = outcomesOfFolds(outOfFoldRows(wti, 5, "2025-06-01", () => 0));
  const request = { outcomes, series: wti, horizonRows: 5, cost: 0.0005 };
  assert.equal(dailySharpe(request), undefined);
  const sharpe = sharpeOf({ ...request, trials: 3, trialSharpes: [] });
  assert.equal(sharpe.annualised, null);
  assert.equal(sharpe.phases, null);
  const none = sharpeOf({ ...request, outcomes: [], trials: 0, trialSharpes: [] });
  assert.equal(none.days, 0);
});

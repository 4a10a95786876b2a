import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  calibrateInterval,
  intervalAround,
  pinballLoss,
  scoreIntervals,
} from "../../src/evaluation/interval.ts";
import { priceSeries } from "../../src/evaluation/price-series.ts";
import { isClose, momentum, outOfFoldRows, wtiSeries } from "./wti.ts";

const wti = wtiSeries();

function request(horizonRows: number, level = 0.8) {
  const rows = outOfFoldRows(wti, horizonRows, "2019-01-01", () => 0);
  return { rows, series: wti, horizonRows, level, calibrationRows: 250 };
}

void test("the last day's volatility is the deviation of 63 log returns, as NumPy has it", () => {
  assert.ok(isClose(wti.volatility.at(-1), 0.015373910047838444, 9));
});

void test("volatility skips the returns that touch the price of 2020-04-20 and stays finite", () => {
  const day = wti.positions.get("2020-04-20") ?? 0;
  assert.equal(wti.logReturns[day], undefined);
  assert.equal(wti.logReturns[day + 1], undefined);
  const after = wti.volatility.slice(day, day + 63);
  assert.ok(after.every((value) => value !== undefined && Number.isFinite(value)));
});

void test("intervals on real WTI hold about the share they aim at, a week and a month ahead", () => {
  for (const horizonRows of [5, 21]) {
    const { intervals } = calibrateInterval(request(horizonRows));
    const coverage = scoreIntervals(intervals, 0.8)?.coverage ?? 0;
    assert.ok(Math.abs(coverage - 0.8) < 0.05, `${horizonRows} rows ahead: ${coverage}`);
  }
});

void test("an interval uses no outcome of later than its day", () => {
  const whole = request(21);
  const day = whole.rows[600];
  assert.ok(day);
  const cut = wti.rows.findIndex((row) => row.date === day.date);
  const series = priceSeries(wti.rows.slice(0, cut + 1));
  const known = whole.rows.filter((row) => {
    const position = wti.positions.get(row.date) ?? Infinity;
    return position + 21 <= cut;
  });
  const before = calibrateInterval({ ...whole, series, rows: known }).calibration;
  const then = calibrateInterval(whole).intervals.find((row) => row.date === day.date);
  const volatility = wti.volatility[cut];
  assert.ok(before && then && volatility !== undefined);
  const again = intervalAround(before, { price: day.price, predicted: 0, volatility });
  assert.ok(isClose(again?.low, then.low) && isClose(again?.high, then.high));
});

void test("outcomes that have not come by the end of the series calibrate nothing", () => {
  const whole = request(21);
  const series = priceSeries(wti.rows.slice(0, -200));
  const rows = whole.rows.filter((row) => series.positions.has(row.date));
  const known = rows.filter((row) => {
    const position = series.positions.get(row.date) ?? Infinity;
    return position + 21 < series.rows.length;
  });
  assert.ok(known.length < rows.length);
  assert.deepEqual(
    calibrateInterval({ ...whole, series, rows }).calibration,
    calibrateInterval({ ...whole, series, rows: known }).calibration,
  );
});

void test("the quantile is the ⌈(m+1)(1−α)⌉-th smallest score", () => {
  const { rows, series, horizonRows } = request(5);
  const some = rows.slice(0, 60);
  const { calibration } = calibrateInterval({
    rows: some,
    series,
    horizonRows,
    level: 0.8,
    calibrationRows: 1000,
  });
  const scores = some
    .map((row) => {
      const sigma = series.volatility[series.positions.get(row.date) ?? -1] ?? Number.NaN;
      return Math.abs(row.actual) / (sigma * Math.sqrt(5));
    })
    .toSorted((a, b) => a - b);
  assert.ok(calibration);
  const rank = Math.ceil(61 * (1 - calibration.alpha));
  assert.equal(calibration.quantile, scores[rank - 1]);
  assert.equal(calibration.rows, 60);
});

void test("a wider level gives a wider interval, always around the forecast", () => {
  const levels = [0.5, 0.8, 0.95].map((level) => calibrateInterval(request(5, level)).calibration);
  const widths = levels.map((calibration) => calibration?.quantile ?? 0);
  assert.deepEqual(
    widths,
    widths.toSorted((a, b) => a - b),
  );
  const [narrow] = levels;
  assert.ok(narrow);
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 1e5, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 1e-6, max: 0.2, noNaN: true }),
      (price, predicted, volatility) => {
        const interval = intervalAround(narrow, { price, predicted, volatility });
        const middle = price * Math.exp(predicted);
        assert.ok(interval && interval.low <= middle && middle <= interval.high);
      },
    ),
  );
});

void test("misses widen the next interval and hits narrow it, within bounds", () => {
  const base = request(5);
  const run = (predict: (position: number) => number) =>
    calibrateInterval({ ...base, rows: outOfFoldRows(wti, 5, "2024-01-01", predict) }).calibration;
  const fair = run(() => 0);
  // Errors that grow without end are missed by every interval that the past calibrates.
  const start = wti.positions.get("2024-01-02") ?? 0;
  const growing = run((position) => 0.05 * (position - start));
  assert.ok(fair && growing);
  assert.ok(growing.alpha < 0.2 && growing.alpha > 0.0499);
  assert.ok(growing.alpha < fair.alpha);
});

void test("too few scores give no calibration", () => {
  const few = { ...request(5), rows: request(5).rows.slice(0, 40) };
  assert.deepEqual(calibrateInterval(few), { calibration: undefined, intervals: [] });
  assert.equal(
    intervalAround(
      { horizonRows: 5, quantile: 1, alpha: 0.2, rows: 99 },
      { price: -36.98, predicted: 0, volatility: 0.02 },
    ),
    undefined,
  );
});

void test("the pinball loss is least at the true quantile", () => {
  assert.ok(isClose(pinballLoss(10, 8, 0.9), 1.8));
  assert.ok(isClose(pinballLoss(8, 10, 0.9), 0.2));
  const outcomes = Array.from({ length: 101 }, (_none, index) => index);
  const lossAt = (quantile: number) =>
    outcomes.reduce((sum, outcome) => sum + pinballLoss(outcome, quantile, 0.9), 0);
  const best = outcomes.toSorted((a, b) => lossAt(a) - lossAt(b))[0] ?? 0;
  assert.ok(Math.abs(best - 90) <= 1);
  assert.equal(scoreIntervals([], 0.8), undefined);
});

void test("a model's own errors calibrate it: worse forecasts get wider intervals", () => {
  const base = request(5);
  const wild = outOfFoldRows(wti, 5, "2019-01-01", (at) => 3 * momentum(wti, at, 5));
  const plain = calibrateInterval(base).calibration?.quantile ?? 0;
  assert.ok((calibrateInterval({ ...base, rows: wild }).calibration?.quantile ?? 0) > plain);
});

void test("scores of at least ten stretches of the horizon calibrate it", () => {
  const rowsOf = (horizonRows: number, calibrationRows: number) =>
    calibrateInterval({ ...request(horizonRows), calibrationRows }).calibration?.rows;
  assert.equal(rowsOf(5, 250), 250);
  assert.equal(rowsOf(63, 250), 630);
  assert.equal(rowsOf(63, 800), 800);
});

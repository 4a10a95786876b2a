import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForecastRow } from "../../src/evaluation/forecast.ts";
import {
  firstMaturity,
  outcomesOfMatured,
  splitByMaturity,
  targetDate,
} from "../../src/evaluation/maturity.ts";
import { priceSeries } from "../../src/evaluation/price-series.ts";

const days = ["2025-06-02", "2025-06-03", "2025-06-05", "2025-06-06", "2025-06-09"];
const series = priceSeries(days.map((date, index) => ({ date, price: 60 + index })));

/** Counts weekdays, holidays unknown. */
const weekdays = {
  addSessions(day: string, count: number): string {
    const date = new Date(`${day}T00:00:00Z`);
    for (let left = count; left > 0;) {
      date.setUTCDate(date.getUTCDate() + 1);
      if (date.getUTCDay() % 6 !== 0) left -= 1;
    }
    return date.toISOString().slice(0, 10);
  },
};

function forecast(asOf: string, predicted = 61): ForecastRow {
  return {
    symbol: "WTI",
    as_of: asOf,
    horizon: "3d",
    target_date: weekdays.addSessions(asOf, 3),
    model_role: "champion",
    algorithm: "lightgbm_dart",
    model_version: "v1",
    price_now: 60,
    price_predicted: predicted,
    price_low: 50,
    price_high: 70,
    return_predicted: Math.log(predicted / 60),
    run: "r1",
  };
}

void test("a forecast matures with the h-th price row after it, whatever the calendar says", () => {
  const { matured, waiting } = splitByMaturity(
    days.map((day) => forecast(day)),
    series,
    3,
  );
  const settled = matured.map((one) => [one.forecast.as_of, one.realisedDate, one.priceActual]);
  assert.deepEqual(settled, [
    ["2025-06-02", "2025-06-06", 63],
    ["2025-06-03", "2025-06-09", 64],
  ]);
  assert.deepEqual(
    waiting.map((one) => one.as_of),
    ["2025-06-05", "2025-06-06", "2025-06-09"],
  );
});

void test("a day without a price counts from the row before it", () => {
  const { matured } = splitByMaturity([forecast("2025-06-04")], series, 3);
  assert.equal(matured[0]?.realisedDate, "2025-06-09");
  const { outcomes } = outcomesOfMatured(matured, series, 3);
  assert.equal(outcomes[0]?.date, "2025-06-03");
});

void test("a forecast from before the series is neither matured nor waiting", () => {
  assert.deepEqual(splitByMaturity([forecast("2020-01-02")], series, 3), {
    matured: [],
    waiting: [],
  });
});

void test("the target is the h-th session until matured, then the day of the row", () => {
  assert.equal(targetDate("2025-06-09", 3, series, weekdays), "2025-06-12");
  // The series has no row of Wednesday the 4th, so the third row came a day later than expected.
  assert.equal(weekdays.addSessions("2025-06-02", 3), "2025-06-05");
  assert.equal(targetDate("2025-06-02", 3, series, weekdays), "2025-06-06");
});

void test("the first maturity counts the rows that are still missing from the newest one", () => {
  const waiting = [forecast("2025-06-09"), forecast("2025-06-05")];
  assert.equal(firstMaturity(waiting, 3, series, weekdays), "2025-06-10");
  assert.equal(firstMaturity([], 3, series, weekdays), undefined);
});

void test("of several forecasts of one day the last one stands, in order of date", () => {
  const { matured } = splitByMaturity(
    [forecast("2025-06-03"), forecast("2025-06-02", 62), forecast("2025-06-02", 66)],
    series,
    3,
  );
  const { outcomes, intervals } = outcomesOfMatured(matured, series, 3);
  assert.deepEqual(
    outcomes.map((row) => [row.date, row.pricePredicted, row.block]),
    [
      ["2025-06-02", 66, 0],
      ["2025-06-03", 61, 0],
    ],
  );
  assert.equal(intervals[0]?.low, 50);
});

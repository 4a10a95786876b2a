import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForecastRow } from "../../src/evaluation/forecast.ts";
import { settledForecasts } from "../../src/evaluation/settlement.ts";

const prices = [
  { date: "2024-01-02", price: 70 },
  { date: "2024-01-03", price: 71 },
  { date: "2024-01-05", price: 72 },
  { date: "2024-01-08", price: 73 },
];

function row(changes: Partial<ForecastRow>): ForecastRow {
  return {
    symbol: "WTI",
    as_of: "2024-01-02",
    horizon: "2d",
    target_date: "2024-01-04",
    model_role: "baseline",
    algorithm: "random_walk",
    model_version: "random_walk",
    price_now: 70,
    price_predicted: 70,
    price_low: 68,
    price_high: 72,
    return_predicted: 0,
    run: "run-1",
    ...changes,
  };
}

void test("a matured forecast gets the date of the row that settled it, and goes with its whole day", () => {
  const champion = row({ model_role: "champion", algorithm: "lightgbm_dart" });
  const settled = row({ as_of: "2024-01-03", target_date: "2024-01-08" });
  const waiting = row({ as_of: "2024-01-08", target_date: "2024-01-10" });
  const { groups, changed } = settledForecasts([champion, row({}), settled, waiting], prices, {
    "2d": 2,
  });
  assert.equal(changed, 2);
  assert.deepEqual(groups, [
    [{ ...champion, target_date: "2024-01-05" }, row({ target_date: "2024-01-05" })],
  ]);
});

void test("rows of two symbols never go in one batch, which no warehouse takes", () => {
  const { groups } = settledForecasts([row({}), row({ symbol: "BRENT" })], prices, { "2d": 2 });
  assert.deepEqual(
    groups.map((group) => group.map(({ symbol }) => symbol)),
    [["WTI"], ["BRENT"]],
  );
});

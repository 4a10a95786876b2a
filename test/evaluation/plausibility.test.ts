import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../src/evaluation/outcome.ts";
import { outcomesOfFolds } from "../../src/evaluation/outcome.ts";
import { flagsOf } from "../../src/evaluation/plausibility.ts";
import { priceSeries } from "../../src/evaluation/price-series.ts";
import { HORIZONS } from "./night.ts";
import { momentum, outOfFoldRows, wtiSeries } from "./wti.ts";

const wti = wtiSeries();

/** Real outcomes of the newest 1,260 labelled rows, forecast by `predict` from the return that came. */
function forecasts(
  horizonRows: number,
  predict: (actual: number, position: number) => number,
  first = wti.rows.at(-horizonRows - 1260)?.date ?? "",
): Outcome[] {
  const start = wti.rows.findIndex((row) => row.date >= first);
  const rows = outOfFoldRows(wti, horizonRows, first, () => 0);
  return outcomesOfFolds(
    rows.map((row) => {
      const position = wti.positions.get(row.date) ?? start;
      return { ...row, predicted: predict(row.actual, position) };
    }),
  );
}

const idsOf = (outcomes: Outcome[], horizonRows: number) =>
  flagsOf(outcomes, wti, horizonRows).map(({ id }) => id);

void test("forecasts that know most of the move are flagged at every horizon", () => {
  for (const horizonRows of Object.values(HORIZONS)) {
    const leaked = forecasts(horizonRows, (actual) => 0.8 * actual);
    const ids = idsOf(leaked, horizonRows);
    assert.ok(ids.includes("skill_too_good"), `${horizonRows} rows ahead: ${ids.join(", ")}`);
    // A quarter ahead there are twenty independent outcomes, which luck may all get right.
    assert.equal(ids.includes("direction_too_good"), horizonRows <= 63, String(horizonRows));
    assert.equal(ids.includes("r_squared_too_good"), horizonRows >= 21);
    assert.equal(ids.includes("mape_too_good"), horizonRows === 252);
  }
});

void test("a sign of the move without its size is flagged by the direction alone", () => {
  const leaked = forecasts(5, (actual) => 0.001 * Math.sign(actual));
  const flags = flagsOf(leaked, wti, 5);
  assert.deepEqual(
    flags.map(({ id }) => id),
    ["direction_too_good"],
  );
  assert.match(
    flags[0]?.message ?? "",
    /the direction is right in 100\.0 % of rows, where luck reaches 7\d\.\d % in 25\d independent outcomes/,
  );
});

void test("a noisy knowledge of the week to come is flagged by skill and direction", () => {
  const leaked = forecasts(
    5,
    (actual, position) => 0.6 * actual + 0.015 * Math.sin(12.9898 * position),
  );
  assert.deepEqual(idsOf(leaked, 5), ["direction_too_good", "skill_too_good"]);
});

void test("rules of thumb are never flagged, in any stretch of five years of real oil", () => {
  const rules: Record<string, (position: number, horizonRows: number) => number> = {
    up: () => 0.02,
    down: () => -0.02,
    momentum: (position) => 0.2 * momentum(wti, position, 63),
    reversal: (position, horizonRows) => -0.2 * momentum(wti, position, horizonRows),
    level: (position) => 0.1 * Math.log(40 / Math.max(1, wti.rows[position]?.price ?? 40)),
  };
  for (const horizonRows of Object.values(HORIZONS)) {
    for (const year of [1988, 1993, 1998, 2003, 2008, 2013, 2018, 2020]) {
      for (const [name, rule] of Object.entries(rules)) {
        const all = forecasts(
          horizonRows,
          (_actual, position) => rule(position, horizonRows),
          `${year}-01-01`,
        );
        const ids = idsOf(all.slice(0, 1260), horizonRows);
        assert.deepEqual(ids, [], `${name}, ${horizonRows} rows ahead, from ${year}`);
      }
    }
  }
});

void test("a calm price known to 8 % a year ahead by the random walk too is no leak", () => {
  const rows = Array.from({ length: 300 }, (_none, row) => ({
    date: new Date(Date.UTC(2024, 0, 1 + row)).toISOString().slice(0, 10),
    price: 100,
  }));
  const calm = rows.map(({ date }, row) => ({
    date,
    block: 0,
    priceNow: 100,
    priceActual: 100 + 3 * Math.sin(row),
    pricePredicted: 100.5,
  }));
  assert.deepEqual(flagsOf(calm, priceSeries(rows), 252), []);
});

void test("no rows have no flags", () => {
  assert.deepEqual(flagsOf([], wti, 5), []);
});

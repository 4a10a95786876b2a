import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { absoluteError, asRandomWalk, outcomesOfFolds } from "../../src/evaluation/outcome.ts";
import { compareLosses } from "../../src/evaluation/significance.ts";
import { longRunVariance } from "../../src/evaluation/statistics.ts";
import { isClose, momentum, outOfFoldRows, wtiSeries } from "./wti.ts";

const differences = [0.5, -1.2, 0.3, 2.2, -0.7, 1.1, 0.4, -0.2, 0.9, 1.6, -0.3, 0.8];
const zeros = differences.map(() => 0);

void test("statistic and p agree with NumPy and SciPy on a small series", () => {
  const one = compareLosses(differences, zeros, 1);
  assert.ok(isClose(one.statistic, 1.61961722661431));
  assert.ok(isClose(one.p_value, 0.9331982870888605));
  const three = compareLosses(differences, zeros, 3);
  assert.ok(isClose(three.statistic, 2.3118336402212534));
  assert.ok(isClose(three.p_value, 0.9794172004364782));
});

void test("on real WTI a reversal forecast a month ahead is no better than the random walk", () => {
  const wti = wtiSeries();
  const rows = outOfFoldRows(wti, 21, "2021-01-01", (at) => -0.1 * momentum(wti, at, 21));
  const outcomes = outcomesOfFolds(rows);
  const naive = asRandomWalk(outcomes).map(absoluteError);
  const result = compareLosses(outcomes.map(absoluteError), naive, 21);
  assert.ok(isClose(result.statistic, -0.03957138512104009, 7));
  assert.ok(isClose(result.p_value, 0.48422064180009, 7));
});

void test("a lower loss has a statistic below 0 and swapping the two turns it round", () => {
  // Eighths add up without rounding, so that both means and their difference agree in sign.
  const loss = fc.integer({ min: 0, max: 800 }).map((eighths) => eighths / 8);
  const pairs = fc.array(fc.tuple(loss, loss), { minLength: 12, maxLength: 60 });
  fc.assert(
    fc.property(pairs, fc.integer({ min: 1, max: 10 }), (rows, overlap) => {
      const left = rows.map(([value]) => value);
      const right = rows.map(([, value]) => value);
      const there = compareLosses(left, right, overlap);
      const back = compareLosses(right, left, overlap);
      if (there.statistic === null || back.statistic === null) return;
      assert.ok(isClose(there.statistic, -back.statistic, 9));
      assert.ok(Math.abs((there.p_value ?? 0) + (back.p_value ?? 0) - 1) < 1e-9);
      const lower = (there.loss ?? 0) < (there.loss_other ?? 0);
      assert.equal(lower, there.statistic < 0);
    }),
  );
});

void test("the long-run variance is never negative, as the plain sum can be", () => {
  const series = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { maxLength: 40 });
  fc.assert(
    fc.property(series, fc.nat(60), (values, lag) => assert.ok(longRunVariance(values, lag) >= 0)),
  );
});

void test("equal losses, too few rows and no rows give no verdict instead of a number", () => {
  for (const [losses, overlap] of [
    [[1, 2, 3], 1],
    [[], 1],
  ] as const) {
    const result = compareLosses(losses, losses, overlap);
    assert.equal(result.statistic, null);
    assert.equal(result.p_value, null);
  }
  assert.equal(compareLosses(differences, zeros, differences.length).p_value, null);
});

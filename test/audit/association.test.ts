import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Associations } from "../../src/audit/association.ts";
import { Ranker } from "../../src/audit/ranks.ts";

const meanRanks = (values: Float64Array) => new Ranker(values.length).rank(values);
const associationOf = (values: Float64Array, label: Float64Array) =>
  new Associations(label).of(values);
const column = (...values: number[]) => Float64Array.from(values);

void test("ranks start at 1, equal values share the mean of theirs, and NaN comes last", () => {
  assert.deepEqual(
    [...meanRanks(column(3, -1, Number.NaN, 3, 0, -0, 1e300, -1e300))],
    [5.5, 2, 8, 5.5, 3.5, 3.5, 7, 1],
  );
});

void test("ranks are those that counting gives", () => {
  const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ noNaN: true })));
  fc.assert(
    fc.property(values, (list) => {
      const counted = list.map(
        (value) =>
          (list.filter((other) => other < value).length +
            list.filter((other) => other <= value).length +
            1) /
          2,
      );
      assert.deepEqual([...meanRanks(Float64Array.from(list))], counted);
    }),
  );
});

void test("the figures are those that Python's statistics.correlation and counting pairs give", () => {
  const label = column(-0.3, 0.1, 0.4, -0.1, 0.2, Number.NaN, 0.9, -0.6);
  const feature = column(1, 3, 2, 2, 5, 7, 4, Number.NaN);
  const found = associationOf(feature, label);
  assert.equal(found.rows, 6);
  assert.ok(Math.abs((found.pearson ?? 9) - 0.5829752) < 1e-6, String(found.pearson));
  assert.ok(Math.abs((found.spearman ?? 9) - 0.6377481) < 1e-6, String(found.spearman));
  assert.equal(found.auc, 0.9375);
  assert.equal(found.risingShare, 4 / 6);
});

void test("a column that does not vary, and a label with one direction, have no figure", () => {
  const constant = associationOf(column(2, 2, 2), column(-1, 0, 1));
  assert.deepEqual([constant.pearson, constant.spearman, constant.auc], [null, null, 0.5]);
  const rising = associationOf(column(1, 2, 3), column(1, 2, 3));
  assert.ok(Math.abs((rising.spearman ?? 0) - 1) < 1e-12);
  assert.equal(rising.auc, null);
  assert.equal(associationOf(column(), column()).auc, null);
});

void test("values whose squares no double holds are left out", () => {
  const found = associationOf(column(1, 2, 1e200, Number.POSITIVE_INFINITY), column(1, -2, 3, 4));
  assert.equal(found.rows, 2);
  assert.equal(found.pearson, -1);
});

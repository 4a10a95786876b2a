import assert from "node:assert/strict";
import { test } from "node:test";
import {
  adjustForMany,
  effectiveSize,
  kolmogorovSmirnov,
  stabilityIndex,
} from "../../src/audit/drift-statistics.ts";

/** Evenly spread values, sorted. */
function spread(count: number, from = 0, to = 1): Float64Array {
  return Float64Array.from(
    { length: count },
    (_, index) => from + ((index + 0.5) / count) * (to - from),
  );
}

const sizes = { sampleSize: 100, referenceSize: 500 };

void test("equal distributions have no distance", () => {
  const stability = stabilityIndex(spread(100), spread(500), { bins: 10, ...sizes });
  assert.ok(stability.value < 1e-9, String(stability.value));
  assert.ok(stability.p > 0.999);
  const kolmogorov = kolmogorovSmirnov(spread(100), spread(500), sizes);
  assert.ok(kolmogorov.value <= 0.01);
  assert.ok(kolmogorov.p > 0.999);
});

void test("a shift by a third is certain in both measures", () => {
  const shifted = spread(100, 0.33, 1.33);
  const stability = stabilityIndex(shifted, spread(500), { bins: 10, ...sizes });
  assert.ok(stability.value > 1);
  assert.ok(stability.p < 1e-6);
  const kolmogorov = kolmogorovSmirnov(shifted, spread(500), sizes);
  assert.ok(Math.abs(kolmogorov.value - 0.33) < 0.02);
  assert.ok(kolmogorov.p < 1e-6);
});

void test("the index by hand: two bins of shares 0.25 and 0.75 against halves", () => {
  const sample = Float64Array.of(0, 1, 1, 1);
  const reference = Float64Array.of(0, 0, 1, 1);
  const { value } = stabilityIndex(sample, reference, {
    bins: 2,
    sampleSize: 4,
    referenceSize: 4,
  });
  const expected = (0.25 - 0.5) * Math.log(0.25 / 0.5) + (0.75 - 0.5) * Math.log(0.75 / 0.5);
  assert.ok(Math.abs(value - expected) < 1e-12);
});

void test("a reference of a single value has one bin and no drift", () => {
  const same = new Float64Array(50).fill(3);
  assert.equal(stabilityIndex(same, same, { bins: 10, ...sizes }).value, 0);
});

void test("Benjamini and Hochberg's adjustment is monotone and keeps the order given", () => {
  const adjusted = adjustForMany([0.04, 0.01, 0.03, 0.5]);
  const expected = [0.16 / 3, 0.04, 0.16 / 3, 0.5];
  for (const [index, value] of adjusted.entries()) {
    assert.ok(Math.abs(value - (expected[index] ?? 0)) < 1e-12, adjusted.join(", "));
  }
});

void test("a slow series is worth fewer values than it has", () => {
  const slow = Float64Array.from({ length: 500 }, (_, index) => Math.sin(index / 40));
  assert.ok(effectiveSize(slow) < 30);
  const alternating = Float64Array.from({ length: 500 }, (_, index) => (index % 2 === 0 ? 1 : -1));
  assert.ok(effectiveSize(alternating) > 400);
});

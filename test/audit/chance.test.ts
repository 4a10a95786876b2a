import assert from "node:assert/strict";
import { test } from "node:test";
import { Associations } from "../../src/audit/association.ts";
import { chanceLimits, directionOf, independentOutcomes } from "../../src/audit/chance.ts";

void test("a year ahead, ten years of daily labels are ten outcomes", () => {
  assert.equal(independentOutcomes(2520, 252), 10);
});

void test("chance exceeds its limits as often as they say, overlapping labels included", () => {
  // A small generator with a fixed seed: the figures must not change from run to run.
  let state = 20_240_513;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const step = () => uniform() + uniform() + uniform() - 1.5;
  const [rows, horizonRows, alpha, repeats] = [800, 10, 0.1, 300];
  let [beyondSpearman, beyondDirection] = [0, 0];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    // Both are sums over a window of daily steps that do not know each other.
    const [label, feature] = [windowSums(rows, horizonRows, step), windowSums(rows, 60, step)];
    const found = new Associations(label).of(feature);
    const limits = chanceLimits(rows / horizonRows, found.risingShare, 1, alpha);
    if (Math.abs(found.spearman ?? 0) > limits.spearman) beyondSpearman += 1;
    if (Math.abs(directionOf(found) ?? 0) > limits.direction) beyondDirection += 1;
  }
  for (const count of [beyondSpearman, beyondDirection]) {
    assert.ok(count / repeats < alpha + 0.05, `${count} of ${repeats} beyond chance`);
    // Counting every row as an outcome of its own would exceed its limit in far more than half.
    assert.ok(count / repeats > 0.01, `${count} of ${repeats}: the limit is far too wide`);
  }
});

void test("more tests and fewer outcomes raise the limits, and a sure sign stays beyond them", () => {
  const one = chanceLimits(40, 0.5, 1, 0.05);
  const many = chanceLimits(40, 0.5, 600, 0.05);
  const few = chanceLimits(10, 0.5, 600, 0.001);
  assert.ok(one.spearman < many.spearman && many.spearman < few.spearman);
  assert.ok(few.direction < 1);
});

function windowSums(rows: number, window: number, step: () => number): Float64Array {
  const steps = Array.from({ length: rows + window }, step);
  let sum = steps.slice(0, window).reduce((total, value) => total + value, 0);
  return Float64Array.from({ length: rows }, (_none, row) => {
    sum += (steps[row + window] ?? 0) - (steps[row] ?? 0);
    return sum;
  });
}

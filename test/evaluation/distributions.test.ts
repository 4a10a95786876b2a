import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { normalCdf, normalQuantile, studentTCdf } from "../../src/evaluation/distributions.ts";
import { isClose } from "./wti.ts";

// Expected values: SciPy 1.17, scipy.stats.t.cdf, norm.cdf and norm.ppf.
const studentCases: [t: number, freedom: number, expected: number][] = [
  [1.5, 10, 0.9177463367772799],
  [-2.3, 1200, 0.010809589416648425],
  [-30, 5, 3.8593243102480265e-7],
  [1e-9, 3, 0.5000000003675527],
  [0.3, 1, 0.5927735790777423],
  [2.262157162740992, 9, 0.9749999999976622],
  [-0.62, 1254, 0.2676852149510036],
];

void test("Student's t agrees with SciPy", () => {
  for (const [t, freedom, expected] of studentCases) {
    assert.ok(isClose(studentTCdf(t, freedom), expected, 11), `t(${t}, ${freedom})`);
  }
});

void test("the normal distribution agrees with SciPy, far tails included", () => {
  const cases: [x: number, expected: number][] = [
    [1.96, 0.9750021048517795],
    [-9, 1.1285884059538324e-19],
    [-5, 2.866515718791933e-7],
    [-4.99999, 2.866664394460257e-7],
    [0, 0.5],
    [0.1, 0.539827837277029],
    [3, 0.9986501019683699],
  ];
  for (const [x, expected] of cases) assert.ok(isClose(normalCdf(x), expected, 9), `Φ(${x})`);
  assert.ok(isClose(normalQuantile(0.975), 1.959963984540054, 12));
  assert.ok(isClose(normalQuantile(0.2), -0.8416212335729142, 12));
  assert.equal(normalQuantile(0), -Infinity);
  assert.equal(normalQuantile(1), Infinity);
});

void test("both distributions rise from 0 to 1 and are symmetric", () => {
  const t = fc.double({ min: -50, max: 50, noNaN: true });
  const freedom = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(t, t, freedom, (a, b, degrees) => {
      const low = studentTCdf(Math.min(a, b), degrees);
      const high = studentTCdf(Math.max(a, b), degrees);
      assert.ok(low >= 0 && high <= 1 && low <= high + 1e-12);
      assert.ok(Math.abs(studentTCdf(a, degrees) + studentTCdf(-a, degrees) - 1) < 1e-12);
      assert.ok(Math.abs(normalCdf(a) + normalCdf(-a) - 1) < 1e-12);
    }),
  );
});

/**
 * The three distribution functions that the verdicts need. Written here because the packages that
 * offer them are either many (over 200 for the incomplete beta of stdlib) or inexact near the
 * centre and in the tails; these agree with SciPy to 1e-10 (test/evaluation/distributions.test.ts).
 */

/** Φ(x): the probability that a standard normal variable is at most `x`. */
export function normalCdf(x: number): number {
  const magnitude = Math.abs(x);
  const upper = magnitude < 5 ? 0.5 - normalSeries(magnitude) : normalTail(magnitude);
  return x > 0 ? 1 - upper : upper;
}

/** The inverse of Φ for a probability in (0, 1), by bisection; ±Infinity at 0 and 1. */
export function normalQuantile(probability: number): number {
  if (probability <= 0) return -Infinity;
  if (probability >= 1) return Infinity;
  let low = -40;
  let high = 40;
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The probability that Student's t with `freedom` (> 0) degrees of freedom is at most `t`. */
export function studentTCdf(t: number, freedom: number): number {
  const square = t * t;
  // Of the two forms of the same tail, the one whose argument keeps its digits (DLMF 8.17.4).
  const tail =
    square < freedom
      ? (1 - incompleteBeta(square / (freedom + square), 0.5, freedom / 2)) / 2
      : incompleteBeta(freedom / (freedom + square), freedom / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

/** Φ(x) − ½ = φ(x)·(x + x³/3 + x⁵/15 + …), for x from 0 to 5 (Marsaglia 2004, JSS 11:4). */
function normalSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return sum * normalDensity(x);
}

/** 1 − Φ(x) for x ≥ 5 by Laplace's continued fraction (DLMF 7.9.3), evaluated from its end. */
function normalTail(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k -= 1) fraction = x + k / fraction;
  return normalDensity(x) / fraction;
}

function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** The regularised incomplete beta function I_x(a, b), x in [0, 1] (DLMF 8.17). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean; the symmetry 8.17.4 gives the other.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const logFront =
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  return (Math.exp(logFront) / a) * betaFraction(x, a, b);
}

/** The continued fraction of DLMF 8.17.22 by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m <= 500; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const numerator of [even, odd]) {
      d = 1 / nonZero(1 + numerator * d, tiny);
      c = nonZero(1 + numerator / c, tiny);
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return fraction;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** ln Γ(x) for x > 0: the recurrence up to 15, then Stirling's series (DLMF 5.11.1). */
function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  for (; shifted < 15; shifted += 1) product *= shifted;
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series =
    inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680))));
  const stirling = (shifted - 0.5) * Math.log(shifted) - shifted + Math.log(2 * Math.PI) / 2;
  return stirling + series - Math.log(product);
}

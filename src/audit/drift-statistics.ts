/** How far a sample lies from a reference sample. */
export interface Distance {
  value: number;
  /** Probability of so large a value when both come from one distribution. */
  p: number;
}

/** Each share of the population stability index is at least so large, so that its logarithm exists. */
const SHARE_FLOOR = 1e-4;

/**
 * The population stability index, Σ(p − q)·ln(p/q), over bins that part the reference at its
 * quantiles. Without any drift it is about (bins − 1)·(1/n + 1/m), and that much apart from a
 * factor it follows χ² with bins − 1 degrees of freedom (Yurdakul and Naranjo 2020, Journal of
 * Risk Model Validation 14(4)); `p` comes from it. The counts of independent values are given apart.
 */
export function stabilityIndex(
  sample: Float64Array,
  reference: Float64Array,
  options: { bins: number; sampleSize: number; referenceSize: number },
): Distance {
  const edges = quantileEdges(reference, options.bins);
  const sampled = sharesOf(sample, edges);
  const expected = sharesOf(reference, edges);
  const value = sampled.reduce((sum, share, bin) => {
    const p = Math.max(share, SHARE_FLOOR);
    const q = Math.max(expected[bin] ?? 0, SHARE_FLOOR);
    return sum + (p - q) * Math.log(p / q);
  }, 0);
  const scale = 1 / options.sampleSize + 1 / options.referenceSize;
  return { value, p: chiSquareTail(value / scale, edges.length) };
}

/** Two-sample Kolmogorov–Smirnov distance with its asymptotic p (Stephens 1970). Sorted inputs. */
export function kolmogorovSmirnov(
  sample: Float64Array,
  reference: Float64Array,
  options: { sampleSize: number; referenceSize: number },
): Distance {
  let [left, right, value] = [0, 0, 0];
  while (left < sample.length && right < reference.length) {
    const at = Math.min(sample[left] ?? 0, reference[right] ?? 0);
    while (left < sample.length && (sample[left] ?? 0) <= at) left += 1;
    while (right < reference.length && (reference[right] ?? 0) <= at) right += 1;
    value = Math.max(value, Math.abs(left / sample.length - right / reference.length));
  }
  const { sampleSize, referenceSize } = options;
  const root = Math.sqrt((sampleSize * referenceSize) / (sampleSize + referenceSize));
  return { value, p: kolmogorovTail((root + 0.12 + 0.11 / root) * value) };
}

/**
 * The smallest false discovery rate at which each test would count as a discovery
 * (Benjamini and Hochberg 1995).
 */
export function adjustForMany(p: readonly number[]): number[] {
  const order = p.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value);
  const adjusted = Array.from({ length: p.length }, () => 1);
  let least = 1;
  for (const [position, { value, index }] of order.entries()) {
    least = Math.min(least, (value * p.length) / (p.length - position));
    adjusted[index] = least;
  }
  return adjusted;
}

/**
 * How many independent values a serially correlated series is worth: n / (1 + 2·Σρ_k), summed while
 * ρ_k is positive; of the series and of its size, whichever is worth less, since volatility comes in
 * spells even where returns do not.
 */
export function effectiveSize(series: Float64Array): number {
  const middle = mean(series);
  const sizes = series.map((value) => Math.abs(value - middle));
  const inflation = Math.max(inflationOf(series), inflationOf(sizes));
  return Math.max(2, series.length / inflation);
}

function inflationOf(series: Float64Array): number {
  const middle = mean(series);
  const centred = series.map((value) => value - middle);
  const variance = centred.reduce((sum, value) => sum + value * value, 0);
  if (variance === 0) return 1;
  let total = 1;
  for (let lag = 1; lag < series.length / 4; lag += 1) {
    let product = 0;
    for (let row = lag; row < centred.length; row += 1) {
      product += (centred[row] ?? 0) * (centred[row - lag] ?? 0);
    }
    const correlation = product / variance;
    if (correlation <= 0) break;
    total += 2 * correlation;
  }
  return total;
}

function mean(series: Float64Array): number {
  return series.reduce((sum, value) => sum + value, 0) / Math.max(1, series.length);
}

/** Upper edges of all bins but the last; equal quantiles merge, as a column of few values needs. */
function quantileEdges(sorted: Float64Array, bins: number): number[] {
  const edges = Array.from({ length: bins - 1 }, (_, index) => {
    const at = Math.ceil(((index + 1) / bins) * sorted.length) - 1;
    return sorted[Math.max(0, at)] ?? 0;
  });
  return [...new Set(edges)];
}

function sharesOf(values: Float64Array, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const value of values) {
    let bin = 0;
    while (bin < edges.length && value > (edges[bin] ?? 0)) bin += 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count) => count / values.length);
}

/** P(X > x) of χ², by the cube-root normal approximation of Wilson and Hilferty (1931). */
function chiSquareTail(x: number, freedom: number): number {
  if (freedom < 1) return 1;
  const spread = 2 / (9 * freedom);
  return normalTail((Math.cbrt(x / freedom) - 1 + spread) / Math.sqrt(spread));
}

/** 1 − Φ(z), within 7.5e-8 (Abramowitz and Stegun 26.2.17). */
function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** 2·Σ(−1)^(k−1)·exp(−2k²λ²). */
function kolmogorovTail(lambda: number): number {
  if (lambda < 0.2) return 1;
  let total = 0;
  for (let k = 1; k <= 100; k += 1) {
    const term = Math.exp(-2 * k * k * lambda * lambda);
    total += k % 2 === 1 ? term : -term;
    if (term < 1e-12) break;
  }
  return Math.min(1, Math.max(0, 2 * total));
}

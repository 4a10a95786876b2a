/** The element at `index`; an index outside the array is a bug of the caller. */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`no element ${index} of ${values.length}`);
  return value;
}

/** The arithmetic mean; undefined for no values. */
export function meanOf(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The standard deviation with divisor n − 1; undefined for fewer than two values. */
export function sampleDeviation(values: readonly number[]): number | undefined {
  const mean = meanOf(values);
  if (mean === undefined || values.length < 2) return undefined;
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/**
 * The long-run variance of a series: γ₀ + 2·Σ_{k=1..lag} (1 − k/(lag+1))·γ_k with autocovariances
 * of divisor n. The Bartlett weights keep it from going negative, which the plain sum can (Newey
 * and West 1987, Econometrica 55:703). The variance of the mean is this over n. 0 for no values.
 */
export function longRunVariance(values: readonly number[], lag: number): number {
  const mean = meanOf(values) ?? 0;
  const centred = values.map((value) => value - mean);
  let sum = autocovariance(centred, 0);
  const lagUsed = Math.min(lag, values.length - 1);
  for (let k = 1; k <= lagUsed; k += 1) {
    sum += 2 * (1 - k / (lag + 1)) * autocovariance(centred, k);
  }
  return Math.max(0, sum);
}

function autocovariance(centred: readonly number[], lag: number): number {
  let sum = 0;
  for (let t = lag; t < centred.length; t += 1) sum += at(centred, t) * at(centred, t - lag);
  return centred.length === 0 ? 0 : sum / centred.length;
}

import { normalCdf, normalQuantile } from "./distributions.ts";
import { meanOf, sampleDeviation } from "./statistics.ts";

const EULER = 0.577_215_664_901_532_9;

/** The first four moments of a return series, per period. */
export interface ReturnMoments {
  count: number;
  /** Mean over standard deviation, not annualised. */
  sharpe: number;
  skewness: number;
  /** Raw: 3 for a normal distribution. */
  kurtosis: number;
}

/** The moments of returns per period; undefined for fewer than two or for constant returns. */
export function momentsOf(returns: readonly number[]): ReturnMoments | undefined {
  const mean = meanOf(returns);
  const deviation = sampleDeviation(returns);
  if (mean === undefined || deviation === undefined || deviation === 0) return undefined;
  const central = (power: number): number =>
    meanOf(returns.map((value) => (value - mean) ** power)) ?? 0;
  const variance = central(2);
  return {
    count: returns.length,
    sharpe: mean / deviation,
    skewness: central(3) / variance ** 1.5,
    kurtosis: central(4) / variance ** 2,
  };
}

/**
 * The chance that the true Sharpe ratio per period is above `benchmark`:
 * Φ((SR − SR*)·√(T−1) / √(1 − γ₃·SR + ((γ₄−1)/4)·SR²)), γ₄ raw (Bailey and López de Prado 2012,
 * Journal of Risk 15:3). Undefined where the moments make the root impossible.
 */
export function probabilisticSharpe(moments: ReturnMoments, benchmark: number): number | undefined {
  const { count, sharpe, skewness, kurtosis } = moments;
  const spread = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2;
  if (spread <= 0) return undefined;
  return normalCdf(((sharpe - benchmark) * Math.sqrt(count - 1)) / Math.sqrt(spread));
}

/**
 * The Sharpe ratio per period that the best of `trials` skill-less trials is expected to show:
 * √V·[(1−γ)·Φ⁻¹(1−1/N) + γ·Φ⁻¹(1−1/(N·e))] with V the variance of the trials' Sharpe ratios and γ
 * Euler's constant (Bailey and López de Prado 2014, Journal of Portfolio Management 40:94). 0 for
 * one trial: nothing was chosen.
 */
export function expectedMaximumSharpe(trials: number, variance: number): number {
  if (trials < 2) return 0;
  const high = normalQuantile(1 - 1 / trials);
  const higher = normalQuantile(1 - 1 / (trials * Math.E));
  return Math.sqrt(variance) * ((1 - EULER) * high + EULER * higher);
}

/**
 * The deflated Sharpe ratio: the chance that the true ratio is above what choosing the best of
 * `trials` would show by luck. V is the variance of `trialSharpes`, the ratios per period that are
 * known, but at least 1/T, which skill-less trials of T periods have: two like models would
 * otherwise make luck look impossible.
 */
export function deflatedSharpe(
  moments: ReturnMoments,
  trials: number,
  trialSharpes: readonly number[],
): number | undefined {
  const deviation = sampleDeviation(trialSharpes) ?? 0;
  const variance = Math.max(deviation ** 2, 1 / moments.count);
  return probabilisticSharpe(moments, expectedMaximumSharpe(trials, variance));
}

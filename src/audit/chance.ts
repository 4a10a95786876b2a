import { normalQuantile } from "../evaluation/distributions.ts";
import type { Association } from "./association.ts";

/**
 * How many independent outcomes there are in `days` days of labels that each look `horizonRows` rows
 * ahead: days / h. The variance of a correlation of n pairs of two autocorrelated series is that of
 * n / (1 + 2·Σ ρ_k·ρ'_k) independent pairs (Bartlett 1946, JRSS Supplement 8:27). Overlapping
 * returns have ρ_k = 1 − k/h up to lag h − 1 (Hansen and Hodrick 1980, Journal of Political Economy
 * 88:829); for a feature as slow as can be, ρ'_k = 1, the divisor is h. For a faster one chance does
 * less than this says.
 */
export function independentOutcomes(days: number, horizonRows: number): number {
  return days / horizonRows;
}

/** Below so many independent outcomes chance explains everything. */
export const OUTCOMES_MIN = 6;

/** Sizes that chance reaches, of a Spearman correlation and of 2·AUC − 1. */
export interface ChanceLimits {
  spearman: number;
  direction: number;
}

/**
 * The sizes that chance exceeds with probability `alpha` anywhere among `tests` of them (Bonferroni),
 * by Fisher's z: tanh(z·σ). σ² is 1.06/(n − 3) for Spearman's (Fieller, Hartley and Pearson 1957,
 * Biometrika 44:470), and 1/(3·p·(1 − p)·(n − 3)) for 2·AUC − 1, four times the variance of U/(n₁·n₀)
 * (Mann and Whitney 1947, Annals of Mathematical Statistics 18:50) with n₁ = p·n, on the same scale.
 */
export function chanceLimits(
  outcomes: number,
  risingShare: number,
  tests: number,
  alpha: number,
): ChanceLimits {
  const z = normalQuantile(1 - alpha / (2 * tests));
  const freedom = outcomes - 3;
  const spread = risingShare * (1 - risingShare);
  return {
    spearman: Math.tanh(z * Math.sqrt(1.06 / freedom)),
    direction: Math.tanh(z * Math.sqrt(1 / (3 * spread * freedom))),
  };
}

/** 2·AUC − 1: from −1 to 1, 0 for a column that says nothing of the direction. */
export function directionOf({ auc }: Pick<Association, "auc">): number | null {
  return auc === null ? null : 2 * auc - 1;
}

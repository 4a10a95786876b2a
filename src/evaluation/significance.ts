import { z } from "zod";
import { studentTCdf } from "./distributions.ts";
import { at, longRunVariance, meanOf } from "./statistics.ts";

/** Whether one forecaster's losses are lower than another's by more than chance. */
export const comparisonSchema = z.strictObject({
  rows: z.int().min(0),
  /** Mean loss of the first and of the second. */
  loss: z.number().nullable(),
  loss_other: z.number().nullable(),
  /** Diebold–Mariano statistic after the small-sample correction; below 0 favours the first. */
  statistic: z.number().nullable(),
  /** One-sided: the chance of so low a statistic were both equally good. */
  p_value: z.number().min(0).max(1).nullable(),
});

export type Comparison = z.infer<typeof comparisonSchema>;

/**
 * Tests whether `losses` are lower than `other` on the same rows, in order of date, where
 * consecutive outcomes share days: `overlap` rows, h for daily forecasts h rows ahead.
 *
 * d = loss − other; DM = mean(d) / √(V/n) with V the long-run variance with Bartlett weights up to
 * lag overlap − 1 (Diebold and Mariano 1995, JBES 13:253; the plain sum of the original can be
 * negative: Harvey, Leybourne and Whitehouse 2017, IJF 33:833), times
 * √((n + 1 − 2h + h(h−1)/n)/n) and Student's t with n − 1 degrees of freedom (Harvey, Leybourne and
 * Newbold 1997, IJF 13:281). Statistic and p are null when n ≤ overlap or the losses never differ.
 */
export function compareLosses(
  losses: readonly number[],
  other: readonly number[],
  overlap: number,
): Comparison {
  const differences = losses.map((loss, row) => loss - at(other, row));
  const statistic = correctedStatistic(differences, overlap);
  return {
    rows: losses.length,
    loss: meanOf(losses) ?? null,
    loss_other: meanOf(other) ?? null,
    statistic: statistic ?? null,
    p_value: statistic === undefined ? null : studentTCdf(statistic, losses.length - 1),
  };
}

function correctedStatistic(differences: readonly number[], overlap: number): number | undefined {
  const n = differences.length;
  const mean = meanOf(differences);
  if (mean === undefined || n < 2 || n <= overlap) return undefined;
  const variance = longRunVariance(differences, overlap - 1) / n;
  // Below the rounding of the losses themselves there is nothing to test.
  if (variance <= (Math.abs(mean) * 1e-12) ** 2 || variance === 0) return undefined;
  const correction = (n + 1 - 2 * overlap + (overlap * (overlap - 1)) / n) / n;
  return (mean / Math.sqrt(variance)) * Math.sqrt(correction);
}

import type { PlausibilityFlag } from "./evaluation.ts";
import type { Metrics } from "./metrics.ts";

/** A month, and a year less a little, in price rows. */
const MONTH_ROWS = 21;
const YEAR_ROWS = 240;

const R_SQUARED_MAX = 0.5;
const YEAR_MAPE_PERCENT_MIN = 8;

/**
 * Numbers that point to a leak rather than to skill: more than half of a return's variance
 * explained a month or more ahead, or a price a year ahead known to 8 % where the random walk is
 * not. On crude oil, folds that were shuffled instead of purged reach an R² of 0.95 and a MAPE of
 * 5 % a year ahead, against −0.35 and 23 % when done honestly.
 */
export function plausibilityFlags(
  metrics: Metrics,
  randomWalk: Metrics,
  horizonRows: number,
): PlausibilityFlag[] {
  const flags: PlausibilityFlag[] = [];
  const rSquared = metrics.r_squared;
  if (horizonRows >= MONTH_ROWS && rSquared !== null && rSquared > R_SQUARED_MAX) {
    flags.push({
      id: "r_squared_too_good",
      message: `too good to be true: R² of ${rSquared.toFixed(2)} on returns ${horizonRows} rows ahead, more than ${R_SQUARED_MAX}; look for a leak`,
    });
  }
  const mape = metrics.mape_percent;
  const naive = randomWalk.mape_percent;
  const tooLow = mape !== null && mape < YEAR_MAPE_PERCENT_MIN;
  if (horizonRows >= YEAR_ROWS && tooLow && naive !== null && naive >= YEAR_MAPE_PERCENT_MIN) {
    flags.push({
      id: "mape_too_good",
      message: `too good to be true: MAPE of ${mape.toFixed(1)} % a year ahead, below ${YEAR_MAPE_PERCENT_MIN} %, where the random walk has ${naive.toFixed(1)} %; look for a leak`,
    });
  }
  return flags;
}

import type { PlausibilityFlag } from "./evaluation.ts";
import type { Metrics } from "./metrics.ts";
import { scoreForecasts } from "./metrics.ts";
import { sharePercent } from "./numbers.ts";
import { absoluteError, asRandomWalk, overlapOf } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import type { PriceSeries } from "./price-series.ts";
import { compareLosses } from "./significance.ts";
import type { Comparison } from "./significance.ts";

/** A month, and a year less a little, in price rows. */
const MONTH_ROWS = 21;
const YEAR_ROWS = 240;

const R_SQUARED_MAX = 0.5;
const YEAR_MAPE_PERCENT_MIN = 8;

/**
 * The greatest share of a return's variance that forecasts of a commodity's price have honestly
 * explained: reductions of the mean squared error by 25 % on oil (Baumeister and Kilian 2012, JBES
 * 30:326). For normal errors it brings the mean absolute error down by 1 − √(1 − R²) = 13 %, and
 * foretells the direction in ½ + arcsin(√R²)/π = 67 % of cases (Sheppard 1899, Philosophical
 * Transactions A 192:101).
 */
const PLAUSIBLE_R_SQUARED = 0.25;
const PLAUSIBLE_SKILL = 1 - Math.sqrt(1 - PLAUSIBLE_R_SQUARED);
const PLAUSIBLE_DIRECTION = 0.5 + Math.asin(Math.sqrt(PLAUSIBLE_R_SQUARED)) / Math.PI;

/** Standard errors by which luck may exceed what is plausible: one case in 700. */
const LUCK = 3;

/** What forecasts are judged by, beside the random walk on the same rows. */
export interface Judged {
  metrics: Metrics;
  randomWalk: Metrics;
  /** Their absolute errors against the random walk's. */
  comparison: Comparison;
  horizonRows: number;
  /** Rows that one outcome shares days with, itself included. */
  overlap: number;
}

/** The flags of forecasts by their outcomes, in order of date; none for no rows. */
export function flagsOf(
  outcomes: readonly Outcome[],
  series: PriceSeries,
  horizonRows: number,
): PlausibilityFlag[] {
  const walk = asRandomWalk(outcomes);
  const [metrics, randomWalk] = [scoreForecasts(outcomes), scoreForecasts(walk)];
  if (metrics === undefined || randomWalk === undefined) return [];
  const positions = outcomes.flatMap((outcome) => series.positions.get(outcome.date) ?? []);
  const overlap = overlapOf(positions, horizonRows);
  const comparison = compareLosses(outcomes.map(absoluteError), walk.map(absoluteError), overlap);
  return plausibilityFlags({ metrics, randomWalk, comparison, horizonRows, overlap });
}

/**
 * Numbers that point to a leak rather than to skill: more than half of a return's variance
 * explained a month or more ahead, a price a year ahead known to 8 % where the random walk is not, or
 * a direction or a skill beyond what is plausible by more than luck in so many independent outcomes. On crude oil, folds that were shuffled instead of purged reach an R² of 0.95 and a MAPE of
 * 5 % a year ahead, against −0.35 and 23 % when done honestly.
 */
export function plausibilityFlags(judged: Judged): PlausibilityFlag[] {
  const { metrics, randomWalk, horizonRows } = judged;
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
  return [...flags, ...directionFlags(judged), ...skillFlags(judged)];
}

/** Independent outcomes are the rows over their overlap; their share is binomial. */
function directionFlags({ metrics, overlap }: Judged): PlausibilityFlag[] {
  const accuracy = metrics.directional_accuracy;
  if (accuracy === null) return [];
  const outcomes = metrics.directional_rows / overlap;
  const spread = Math.sqrt((PLAUSIBLE_DIRECTION * (1 - PLAUSIBLE_DIRECTION)) / outcomes);
  const limit = PLAUSIBLE_DIRECTION + LUCK * spread;
  if (accuracy <= limit) return [];
  return [
    {
      id: "direction_too_good",
      message: `too good to be true: the direction is right in ${sharePercent(accuracy)} of rows, where luck reaches ${sharePercent(limit)} in ${outcomes.toFixed(0)} independent outcomes; look for a leak`,
    },
  ];
}

/** The standard error is that of the comparison, which knows that outcomes overlap. */
function skillFlags({ metrics, comparison, horizonRows }: Judged): PlausibilityFlag[] {
  const { skill } = metrics;
  const { statistic } = comparison;
  if (skill === null || statistic === null || skill <= 0 || statistic >= 0) return [];
  const least = skill - LUCK * (skill / -statistic);
  if (least <= PLAUSIBLE_SKILL) return [];
  return [
    {
      id: "skill_too_good",
      message: `too good to be true: a skill of ${sharePercent(skill)} ${horizonRows} rows ahead, surely above ${sharePercent(least)}, where ${sharePercent(PLAUSIBLE_SKILL)} is plausible; look for a leak`,
    },
  ];
}

import type { Config } from "../config/schema.ts";
import { allBaselines } from "./baselines.ts";
import type { SpecReference } from "./decision.ts";
import {
  type BaselineScore,
  type Evaluation,
  EVALUATION_SCHEMA,
  type ForecastRecord,
  type HorizonEvaluation,
  type IntervalFigures,
  type PlausibilityFlag,
  type SpecEvaluation,
} from "./evaluation.ts";
import type { ForecastRow, OutOfFoldRow } from "./forecast.ts";
import { calibrateInterval, type IntervalRow, scoreIntervals } from "./interval.ts";
import {
  firstMaturity,
  outcomesOfMatured,
  type SessionCalendar,
  splitByMaturity,
} from "./maturity.ts";
import { naiveScale, scoreForecasts } from "./metrics.ts";
import {
  absoluteError,
  asRandomWalk,
  type Outcome,
  outcomesOfFolds,
  overlapOf,
} from "./outcome.ts";
import { flagsOf } from "./plausibility.ts";
import type { PriceSeries } from "./price-series.ts";
import { decideChampion } from "./promotion.ts";
import { dailySharpe, sharpeOf } from "./sharpe.ts";
import { compareLosses } from "./significance.ts";

/** The name under which whoever predicted on each day is scored as one. */
export const PUBLISHED = "published";

/** A spec of tonight with its out-of-fold rows, in order of date. */
export interface SpecRows extends SpecReference {
  rows: readonly OutOfFoldRow[];
}

export interface HorizonRequest {
  horizon: string;
  /** Price rows ahead. */
  horizonRows: number;
  specs: readonly SpecRows[];
  /** What the ridge baseline predicted on the same folds. */
  ridge: readonly OutOfFoldRow[];
  /** Every stored forecast of this symbol and horizon made on the as-of day or before. */
  forecasts: readonly ForecastRow[];
  /** Who predicts now; undefined before the first decision. */
  champion: SpecReference | undefined;
  /** Nights in a row before this one on which it had no skill above 0. */
  nightsWithoutSkill: number;
  /** Distinct pairs of spec and seed ever tried for this horizon (`countTrials`). */
  trials: number;
  /** Model version → spec key. Without it forecasts belong to the spec of their algorithm. */
  specOfVersion?: ReadonlyMap<string, string>;
}

export interface EvaluationRequest {
  run: string;
  symbol: string;
  asOf: string;
  priceUnit: string;
  /** Prices up to the as-of day. */
  series: PriceSeries;
  calendar: SessionCalendar;
  settings: Config["evaluate"];
  auditErrors: number;
  horizons: readonly HorizonRequest[];
}

/** The rows behind the figures of one horizon, for plots. */
export interface HorizonRows {
  horizon: string;
  outOfFold: { spec: string; algorithm: string; outcomes: Outcome[] }[];
  published: Outcome[];
}

/**
 * Evaluates a night: out-of-fold figures and live figures of every spec beside the baselines on the
 * same rows, and the champion decision for the next night. Live figures count matured forecasts
 * only. A pure function of its request; `rows` are what the report plots.
 */
export function evaluateNight(request: EvaluationRequest): {
  evaluation: Evaluation;
  rows: HorizonRows[];
} {
  const parts = request.horizons.map((horizon) => evaluateHorizon(horizon, request));
  return {
    evaluation: {
      schema: EVALUATION_SCHEMA,
      run: request.run,
      symbol: request.symbol,
      as_of: request.asOf,
      price_unit: request.priceUnit,
      horizons: parts.map((part) => part.evaluation),
    },
    rows: parts.map((part) => part.rows),
  };
}

/** A spec with everything that is judged. */
interface Candidate extends SpecReference {
  outOfFold: Outcome[];
  intervals: IntervalRow[];
  live: Outcome[];
  liveIntervals: IntervalRow[];
  /** What of its out-of-fold record is too good to be true. */
  flags: PlausibilityFlag[];
}

function evaluateHorizon(
  horizon: HorizonRequest,
  night: EvaluationRequest,
): { evaluation: HorizonEvaluation; rows: HorizonRows } {
  const candidates = horizon.specs.map((spec) => candidateOf(spec, horizon, night));
  const published = publishedForecasts(horizon.forecasts);
  const { matured, waiting } = splitByMaturity(published, night.series, horizon.horizonRows);
  const shown = outcomesOfMatured(matured, night.series, horizon.horizonRows);
  const judge = judgeOf(horizon, night);
  const live = {
    matured: shown.outcomes.length,
    waiting: waiting.length,
    next_matures_on:
      firstMaturity(waiting, horizon.horizonRows, night.series, night.calendar) ?? null,
    ...daysOf(shown.outcomes),
    published: judge.record(
      { spec: PUBLISHED, algorithm: PUBLISHED },
      shown.outcomes,
      shown.intervals,
    ),
    baselines: judge.baselines(shown.outcomes),
    specs: candidates.flatMap(
      (candidate) => judge.record(candidate, candidate.live, candidate.liveIntervals) ?? [],
    ),
  };
  const evaluation: HorizonEvaluation = {
    horizon: horizon.horizon,
    rows_ahead: horizon.horizonRows,
    out_of_fold: outOfFoldFigures(candidates, horizon, night),
    live,
    decision: decideChampion({
      horizonRows: horizon.horizonRows,
      series: night.series,
      champion: horizon.champion,
      nightsWithoutSkill: horizon.nightsWithoutSkill,
      contenders: candidates.map((candidate) => ({
        ...candidate,
        coverage: coverageOf(candidate, night.settings.interval),
      })),
      auditErrors: night.auditErrors,
      intervalLevel: night.settings.interval,
      trials: horizon.trials,
    }),
  };
  const outOfFold = candidates.map(({ spec, algorithm, outOfFold }) => ({
    spec,
    algorithm,
    outcomes: outOfFold,
  }));
  return {
    evaluation,
    rows: { horizon: horizon.horizon, outOfFold, published: shown.outcomes },
  };
}

function candidateOf(spec: SpecRows, horizon: HorizonRequest, night: EvaluationRequest): Candidate {
  const { intervals } = calibrateInterval({
    rows: spec.rows,
    series: night.series,
    horizonRows: horizon.horizonRows,
    level: night.settings.interval,
    calibrationRows: night.settings.calibration_rows,
  });
  const own = horizon.forecasts.filter((forecast) => isOf(forecast, spec, horizon));
  const { matured } = splitByMaturity(own, night.series, horizon.horizonRows);
  const live = outcomesOfMatured(matured, night.series, horizon.horizonRows);
  const outOfFold = outcomesOfFolds(spec.rows);
  return {
    spec: spec.spec,
    algorithm: spec.algorithm,
    outOfFold,
    flags: flagsOf(outOfFold, night.series, horizon.horizonRows),
    intervals,
    live: live.outcomes,
    liveIntervals: live.intervals,
  };
}

function isOf(forecast: ForecastRow, spec: SpecReference, horizon: HorizonRequest): boolean {
  if (forecast.algorithm !== spec.algorithm) return false;
  if (horizon.specOfVersion === undefined) return true;
  return horizon.specOfVersion.get(forecast.model_version) === spec.spec;
}

/** For each day the champion's forecast, else the baseline's: what the latest views showed. */
function publishedForecasts(forecasts: readonly ForecastRow[]): ForecastRow[] {
  const shown = new Map<string, ForecastRow>();
  for (const forecast of forecasts) {
    if (forecast.model_role === "challenger") continue;
    if (forecast.model_role === "champion" || !shown.has(forecast.as_of)) {
      shown.set(forecast.as_of, forecast);
    }
  }
  return [...shown.values()];
}

function outOfFoldFigures(
  candidates: readonly Candidate[],
  horizon: HorizonRequest,
  night: EvaluationRequest,
): HorizonEvaluation["out_of_fold"] {
  const judge = judgeOf(horizon, night);
  const trades = candidates.map((candidate) => ({
    outcomes: candidate.outOfFold,
    series: night.series,
    horizonRows: horizon.horizonRows,
    cost: night.settings.cost,
  }));
  const trialSharpes = trades.flatMap((trade) => dailySharpe(trade) ?? []);
  const specs = candidates.flatMap((candidate, index): SpecEvaluation[] => {
    const record = judge.record(candidate, candidate.outOfFold, candidate.intervals);
    const trade = trades[index];
    if (record === null || trade === undefined) return [];
    return [
      {
        ...record,
        sharpe: sharpeOf({ ...trade, trials: horizon.trials, trialSharpes }),
        flags: candidate.flags,
      },
    ];
  });
  // Specs of one night share their folds; the baselines stand on the rows of the longest record.
  const longest = candidates.reduce<Outcome[]>(
    (best, one) => (one.outOfFold.length > best.length ? one.outOfFold : best),
    [],
  );
  return { ...daysOf(longest), baselines: judge.baselines(longest, horizon.ridge), specs };
}

/** Scoring on the rows of one horizon. */
export function judgeOf(
  { horizonRows }: Pick<HorizonRequest, "horizonRows">,
  { series, settings }: Pick<EvaluationRequest, "series" | "settings">,
): {
  record: (
    of: SpecReference,
    outcomes: readonly Outcome[],
    intervals: readonly IntervalRow[],
  ) => ForecastRecord | null;
  baselines: (outcomes: readonly Outcome[], ridge?: readonly OutOfFoldRow[]) => BaselineScore[];
} {
  const scaleOf = (outcomes: readonly Outcome[]): number | undefined =>
    naiveScale(series, horizonRows, outcomes[0]?.date ?? "");
  return {
    record: ({ spec, algorithm }, outcomes, intervals) => {
      const metrics = scoreForecasts(outcomes, scaleOf(outcomes));
      if (metrics === undefined) return null;
      const positions = outcomes.flatMap((outcome) => series.positions.get(outcome.date) ?? []);
      const comparison = compareLosses(
        outcomes.map(absoluteError),
        asRandomWalk(outcomes).map(absoluteError),
        overlapOf(positions, horizonRows),
      );
      const figures = intervalFigures(intervals, settings.interval);
      return { spec, algorithm, metrics, against_random_walk: comparison, intervals: figures };
    },
    baselines: (outcomes, ridge = []) => {
      const scale = scaleOf(outcomes);
      const scored = allBaselines(outcomes, series, horizonRows, ridge);
      return scored.flatMap(({ name, outcomes: rows }) => {
        const metrics = scoreForecasts(rows, scale);
        return metrics === undefined ? [] : [{ name, metrics }];
      });
    },
  };
}

function intervalFigures(rows: readonly IntervalRow[], level: number): IntervalFigures | null {
  const score = scoreIntervals(rows, level);
  if (score === undefined) return null;
  const { coverage, widthPercent, pinball } = score;
  return { rows: score.rows, level, coverage, width_percent: widthPercent, pinball };
}

/** The coverage that counts for a promotion: of matured forecasts once there are 100 of them. */
function coverageOf(
  candidate: Candidate,
  level: number,
): { rows: number; share: number } | undefined {
  const rows =
    candidate.liveIntervals.length >= 100 ? candidate.liveIntervals : candidate.intervals;
  const score = scoreIntervals(rows, level);
  return score && { rows: score.rows, share: score.coverage };
}

function daysOf(outcomes: readonly Outcome[]): { first: string | null; last: string | null } {
  return { first: outcomes[0]?.date ?? null, last: outcomes.at(-1)?.date ?? null };
}

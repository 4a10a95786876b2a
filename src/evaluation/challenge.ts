import { type Challenge, RANDOM_WALK_SPEC, type SpecReference, type Standing } from "./decision.ts";
import type { PlausibilityFlag } from "./evaluation.ts";
import { RANDOM_WALK } from "./forecast.ts";
import { sharePercent } from "./numbers.ts";
import { absoluteError, asRandomWalk, onSameDays, overlapOf, type Outcome } from "./outcome.ts";
import type { PriceSeries } from "./price-series.ts";
import { compareLosses } from "./significance.ts";

/** One-sided p below which a challenger's lower loss counts as evidence. */
export const P_VALUE_MAX = 0.1;

/** Fewer stretches of h rows than this give the test no power. */
export const STRETCHES_MIN = 10;

/** Nights in a row without a skill above 0 after which a champion gives way to the random walk. */
export const NIGHTS_WITHOUT_SKILL_MAX = 5;

/** What a challenger must then be better by, and in how many blocks. */
export const WEAK_GAIN_MIN = 0.05;
export const WEAK_BLOCKS_MIN = 2;

/** Distance from the aimed coverage that is in range, and rows below which it is not judged. */
const COVERAGE_TOLERANCE = 0.05;
const COVERAGE_ROWS_MIN = 100;

/** A spec with its record. */
export interface Contender extends SpecReference {
  outOfFold: readonly Outcome[];
  /** Matured forecasts that were really made. */
  live: readonly Outcome[];
  /** What of its out-of-fold record is too good to be true; with any it is never champion. */
  flags: readonly PlausibilityFlag[];
  /** What its intervals achieved. */
  coverage?: { rows: number; share: number } | undefined;
}

export interface DecisionRequest {
  horizonRows: number;
  series: PriceSeries;
  /** Who predicts now; undefined before the first decision. */
  champion: SpecReference | undefined;
  /** Nights in a row before this one on which its skill was not above 0. */
  nightsWithoutSkill: number;
  contenders: readonly Contender[];
  /** Errors of tonight's audit; any of them lets nothing change. */
  auditErrors: number;
  /** The coverage that the intervals aim at. */
  intervalLevel: number;
  trials: number;
}

/** A contender's record against the random walk, on matured rows once there are enough. */
export function standingOf(contender: Contender, request: DecisionRequest): Standing {
  const live = stretchesOf(contender.live, request) >= STRETCHES_MIN;
  return standingOn(contender, live ? "live" : "out_of_fold", request);
}

/** The same on rows of one kind. */
export function standingOn(
  contender: Contender,
  judgedOn: "live" | "out_of_fold",
  request: DecisionRequest,
): Standing {
  const outcomes = judgedOn === "live" ? contender.live : contender.outOfFold;
  const naive = sumOfErrors(asRandomWalk(outcomes));
  return {
    spec: contender.spec,
    algorithm: contender.algorithm,
    judged_on: judgedOn,
    rows: outcomes.length,
    stretches: stretchesOf(outcomes, request),
    skill: naive > 0 ? 1 - sumOfErrors(outcomes) / naive : null,
  };
}

/** Compares a challenger with the champion, or with the random walk when there is no such spec. */
export function challengeOf(
  challenger: Contender,
  opponent: Contender | undefined,
  request: DecisionRequest,
): Challenge {
  const live = pairOf(challenger.live, opponent?.live);
  const useLive = stretchesOf(live.left, request) >= STRETCHES_MIN;
  const pair = useLive ? live : pairOf(challenger.outOfFold, opponent?.outOfFold);
  const facts = {
    ...comparisonOf(challenger, opponent?.algorithm ?? RANDOM_WALK, pair, useLive, request),
    coverage: challenger.coverage?.share ?? null,
  };
  const naive = sumOfErrors(asRandomWalk(pair.left));
  const skill = naive > 0 ? 1 - sumOfErrors(pair.left) / naive : null;
  const objections =
    facts.comparison.rows === 0
      ? [NOTHING_TO_COMPARE]
      : [
          ...challenger.flags.map(({ message }) => `it is ${message}`),
          ...((skill ?? 0) <= 0 ? [`its skill is ${sharePercent(skill)}, not above 0`] : []),
          ...lossObjections(facts),
          ...(useLive ? recordObjections(challenger) : []),
          ...coverageObjections(challenger, request),
        ];
  return { ...facts, passed: objections.length === 0, objections };
}

/**
 * Compares the random walk with a champion whose skill is not above 0, by the evidence that is asked
 * of any challenger. Without it the champion stays, until it has had no skill for `nights` nights in
 * a row: `NIGHTS_WITHOUT_SKILL_MAX` of them are taken in evidence's place, as weak.
 */
export function walkChallengeOf(
  champion: Contender,
  nights: number,
  request: DecisionRequest,
): Challenge {
  const useLive = stretchesOf(champion.live, request) >= STRETCHES_MIN;
  const right = useLive ? [...champion.live] : [...champion.outOfFold];
  const pair = { left: asRandomWalk(right), right };
  const compared = comparisonOf(RANDOM_WALK_SPEC, champion.algorithm, pair, useLive, request);
  const facts = { ...compared, coverage: null };
  const objections = facts.comparison.rows === 0 ? [NOTHING_TO_COMPARE] : lossObjections(facts);
  if (objections.length === 0) return { ...facts, passed: true, objections };
  if (nights >= NIGHTS_WITHOUT_SKILL_MAX) {
    return { ...facts, evidence: "weak", passed: true, objections: [] };
  }
  const waiting = `${champion.algorithm} has been without skill for ${nights} of ${NIGHTS_WITHOUT_SKILL_MAX} nights`;
  return { ...facts, passed: false, objections: [...objections, waiting] };
}

const NOTHING_TO_COMPARE = "there are no rows to compare on";

type Facts = Omit<Challenge, "passed" | "objections">;

function comparisonOf(
  { spec, algorithm }: SpecReference,
  against: string,
  pair: { left: Outcome[]; right: Outcome[] },
  useLive: boolean,
  request: DecisionRequest,
): Omit<Facts, "coverage"> {
  const comparison = compareLosses(
    pair.left.map(absoluteError),
    pair.right.map(absoluteError),
    overlapIn(pair.left, request),
  );
  const blocks = blocksOf(pair.left, pair.right);
  const { loss, loss_other: other } = comparison;
  return {
    spec,
    algorithm,
    against,
    judged_on: useLive ? "live" : "out_of_fold",
    evidence: stretchesOf(pair.left, request) < STRETCHES_MIN ? "weak" : "strong",
    comparison,
    gain: loss === null || other === null || other === 0 ? null : 1 - loss / other,
    blocks: blocks.length,
    blocks_won: blocks.filter((won) => won).length,
  };
}

function pairOf(
  challenger: readonly Outcome[],
  opponent: readonly Outcome[] | undefined,
): { left: Outcome[]; right: Outcome[] } {
  return onSameDays(challenger, opponent ?? asRandomWalk(challenger));
}

function lossObjections(facts: Facts): string[] {
  if ((facts.gain ?? 0) <= 0) return [`its loss is not lower than ${nameOf(facts.against)}'s`];
  if (facts.evidence === "weak") return weakObjections(facts);
  const { p_value: p } = facts.comparison;
  if (p !== null && p < P_VALUE_MAX) return [];
  return [
    p === null
      ? "whether its lower loss is chance cannot be told"
      : `its lower loss may be chance: p = ${p.toFixed(2)}, not below ${P_VALUE_MAX.toFixed(2)}`,
  ];
}

function weakObjections(facts: Facts): string[] {
  const objections: string[] = [];
  if ((facts.gain ?? 0) < WEAK_GAIN_MIN) {
    objections.push(
      `too few independent outcomes to test, and its loss is only ${sharePercent(facts.gain)} lower, not ${sharePercent(WEAK_GAIN_MIN)}`,
    );
  }
  if (facts.blocks_won < WEAK_BLOCKS_MIN) {
    objections.push(`its loss is lower in ${facts.blocks_won} of ${facts.blocks} blocks only`);
  }
  return objections;
}

/**
 * A test at 10 % that is asked again every night is passed by chance before long, on few matured rows
 * above all. So the longer record must not speak against what the short one says.
 */
function recordObjections(challenger: Contender): string[] {
  const naive = sumOfErrors(asRandomWalk(challenger.outOfFold));
  if (naive === 0) return [];
  const skill = 1 - sumOfErrors(challenger.outOfFold) / naive;
  return skill > 0 ? [] : [`its skill on out-of-fold rows is ${sharePercent(skill)}, not above 0`];
}

/** In range: within 5 points, or within what chance does to so few independent outcomes (90 %). */
function coverageObjections(challenger: Contender, request: DecisionRequest): string[] {
  const coverage = challenger.coverage;
  if (coverage === undefined || coverage.rows < COVERAGE_ROWS_MIN) return [];
  const level = request.intervalLevel;
  const independent = Math.max(1, coverage.rows / request.horizonRows);
  const chance = 1.645 * Math.sqrt((level * (1 - level)) / independent);
  const off = Math.abs(coverage.share - level);
  if (off <= Math.max(COVERAGE_TOLERANCE, chance)) return [];
  return [
    `its intervals held ${sharePercent(coverage.share)} of outcomes, not ${sharePercent(level)}`,
  ];
}

/** For each block, whether the first one's loss is the lower. */
function blocksOf(left: readonly Outcome[], right: readonly Outcome[]): boolean[] {
  const gains = new Map<number, number>();
  for (const [row, outcome] of left.entries()) {
    const other = right[row];
    if (other === undefined) continue;
    const gain = absoluteError(other) - absoluteError(outcome);
    gains.set(outcome.block, (gains.get(outcome.block) ?? 0) + gain);
  }
  return Array.from(gains.values(), (gain) => gain > 0);
}

function stretchesOf(outcomes: readonly Outcome[], request: DecisionRequest): number {
  return outcomes.length / overlapIn(outcomes, request);
}

function overlapIn(outcomes: readonly Outcome[], request: DecisionRequest): number {
  const positions = outcomes.flatMap((outcome) => request.series.positions.get(outcome.date) ?? []);
  return overlapOf(positions, request.horizonRows);
}

function sumOfErrors(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + absoluteError(outcome), 0);
}

/** What the rows of a judgement are called. */
export function rowsText(judgedOn: "live" | "out_of_fold"): string {
  return judgedOn === "live" ? "matured" : "out-of-fold";
}

/** An algorithm in a sentence. */
export function nameOf(algorithm: string): string {
  return algorithm === RANDOM_WALK ? "the random walk" : algorithm;
}

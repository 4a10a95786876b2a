import {
  challengeOf,
  type DecisionRequest,
  nameOf,
  NIGHTS_WITHOUT_SKILL_MAX,
  rowsText,
  standingOf,
  standingOn,
  STRETCHES_MIN,
  walkChallengeOf,
} from "./challenge.ts";
import {
  type Challenge,
  type Decision,
  RANDOM_WALK_SPEC,
  type SpecReference,
  type Standing,
} from "./decision.ts";
import { RANDOM_WALK } from "./forecast.ts";
import { sharePercent } from "./numbers.ts";

/**
 * Decides who predicts from the next night on. Loss is the absolute error in price.
 *
 * Before the first decision, or when the champion's spec is no longer trained, the best skill above
 * 0 on out-of-fold rows is named, else the random walk. A challenger takes over when its skill is
 * above 0, its mean loss is lower on the same rows, the one-sided Diebold–Mariano p is below 0.10
 * and its intervals hold what they promise. With fewer than ten independent stretches that test has
 * no power: then only a loss at least 5 % lower, and lower in two blocks or more, is taken, as weak
 * evidence.
 *
 * The random walk takes over from a champion whose skill is not above 0 by the same evidence, or
 * once that has been so for five nights in a row: a skill that wavers about 0 from night to night
 * moves nobody, and no model without skill is published for long. While the champion's skill is not
 * above 0, challengers are compared with the random walk.
 *
 * A record that is too good to be true is neither named nor promoted, and ends a champion at once.
 */
export function decideChampion(request: DecisionRequest): Decision {
  const standings = request.contenders.map((contender) => standingOf(contender, request));
  const champion = knownChampion(request);
  if (request.auditErrors > 0) return heldByAudit(request, standings);
  if (champion === undefined) return nameFirst(request);
  const contender = request.contenders.find((one) => one.spec === champion.spec);
  const standing = standings.find((one) => one.spec === champion.spec);
  const isLosing = contender !== undefined && (standing?.skill ?? 0) <= 0;
  const nights = isLosing ? request.nightsWithoutSkill + 1 : 0;
  const implausible = contender?.flags.at(0)?.message;
  const opponent = isLosing || implausible !== undefined ? undefined : contender;
  const rivals = request.contenders
    .filter((one) => one.spec !== champion.spec)
    .map((one) => challengeOf(one, opponent, request));
  const walk = isLosing ? walkChallengeOf(contender, nights, request) : undefined;
  const common = {
    standings,
    challenges: walk ? [...rivals, walk] : rivals,
    audit_errors: 0,
    nights_without_skill: 0,
    trials: request.trials,
    previous: champion,
  };
  const winner = bestOf(rivals);
  if (winner !== undefined) {
    const reasons = [winningReason(winner)];
    return {
      ...common,
      outcome: "promoted",
      champion: { spec: winner.spec, algorithm: winner.algorithm },
      evidence: winner.evidence,
      reasons,
    };
  }
  if (implausible !== undefined) {
    return {
      ...common,
      outcome: "demoted_to_random_walk",
      champion: RANDOM_WALK_SPEC,
      evidence: null,
      reasons: [`${nameOf(champion.algorithm)} is ${implausible}`],
    };
  }
  if (walk?.passed === true && standing !== undefined) {
    return {
      ...common,
      outcome: "demoted_to_random_walk",
      champion: RANDOM_WALK_SPEC,
      evidence: walk.evidence,
      reasons: [`${standingReason(standing)}: ${demotionReason(walk, nights)}`],
    };
  }
  return {
    ...common,
    outcome: "kept",
    champion,
    evidence: null,
    nights_without_skill: nights,
    reasons: keptReasons(champion, standing, common.challenges),
  };
}

/**
 * The number N of the deflated Sharpe ratio: distinct pairs of spec and seed among everything that
 * was ever tried for one horizon.
 */
export function countTrials(tried: Iterable<{ spec: string; seed: number }>): number {
  return new Set(Array.from(tried, (trial) => `${trial.spec}/${trial.seed}`)).size;
}

function knownChampion(request: DecisionRequest): SpecReference | undefined {
  const champion = request.champion;
  if (champion === undefined || champion.spec === RANDOM_WALK) return champion;
  const trained = request.contenders.some((contender) => contender.spec === champion.spec);
  return trained ? champion : undefined;
}

function heldByAudit(request: DecisionRequest, standings: Standing[]): Decision {
  const errors = request.auditErrors;
  return {
    outcome: request.champion === undefined ? "named" : "kept",
    champion: request.champion ?? RANDOM_WALK_SPEC,
    previous: request.champion ?? null,
    evidence: null,
    standings,
    challenges: [],
    audit_errors: errors,
    nights_without_skill: request.nightsWithoutSkill,
    trials: request.trials,
    reasons: [`the audit found ${errors} ${errors === 1 ? "error" : "errors"}: nothing changes`],
  };
}

function nameFirst(request: DecisionRequest): Decision {
  const standings = request.contenders.map((contender) =>
    standingOn(contender, "out_of_fold", request),
  );
  const implausible = request.contenders.filter(({ flags }) => flags.length > 0);
  const credible = standings.filter(
    ({ spec }) => !implausible.some((contender) => contender.spec === spec),
  );
  const best = credible.toSorted((a, b) => (b.skill ?? -Infinity) - (a.skill ?? -Infinity))[0];
  const found = best !== undefined && (best.skill ?? 0) > 0;
  const gone = request.champion;
  const reasons = found
    ? [`${standingReason(best)}: the best that beats the random walk`]
    : [
        `no ${implausible.length > 0 ? "credible " : ""}model beats the random walk on out-of-fold rows, so the random walk is published`,
      ];
  for (const { algorithm, flags } of implausible) {
    reasons.push(`${algorithm} is ${flags.map(({ message }) => message).join("; ")}`);
  }
  if (gone !== undefined) reasons.unshift(`${gone.algorithm} is no longer trained as it was`);
  return {
    outcome: "named",
    champion: found ? { spec: best.spec, algorithm: best.algorithm } : RANDOM_WALK_SPEC,
    previous: gone ?? null,
    evidence: found ? (best.stretches < STRETCHES_MIN ? "weak" : "strong") : null,
    standings,
    challenges: [],
    audit_errors: 0,
    nights_without_skill: 0,
    trials: request.trials,
    reasons,
  };
}

function bestOf(challenges: readonly Challenge[]): Challenge | undefined {
  return challenges
    .filter((challenge) => challenge.passed)
    .toSorted((a, b) => (b.gain ?? 0) - (a.gain ?? 0))[0];
}

function keptReasons(
  champion: SpecReference,
  standing: Standing | undefined,
  challenges: readonly Challenge[],
): string[] {
  const first =
    standing === undefined
      ? `${nameOf(champion.algorithm)} stays: no model is shown to be better`
      : `${standingReason(standing)}: it stays`;
  const rest = challenges.map(
    (challenge) =>
      `${nameOf(challenge.algorithm)} does not take over: ${challenge.objections.join("; ")}`,
  );
  return [first, ...rest];
}

function winningReason(challenge: Challenge): string {
  const rows = `${challenge.comparison.rows} ${rowsText(challenge.judged_on)} rows`;
  const gain = `${challenge.algorithm}'s loss is ${sharePercent(challenge.gain)} lower than ${nameOf(challenge.against)}'s on ${rows}`;
  if (challenge.evidence === "strong") {
    return `${gain}, p = ${(challenge.comparison.p_value ?? 1).toFixed(3)}`;
  }
  return `${gain}, lower in ${challenge.blocks_won} of ${challenge.blocks} blocks; weak evidence`;
}

/** By what the random walk takes over: a test, time, or a weak comparison. */
function demotionReason(walk: Challenge, nights: number): string {
  const { p_value: p } = walk.comparison;
  if (walk.evidence === "strong") return `the random walk is better, p = ${(p ?? 1).toFixed(3)}`;
  if (nights >= NIGHTS_WITHOUT_SKILL_MAX) return `none for ${nights} nights in a row`;
  return `the random walk is better in ${walk.blocks_won} of ${walk.blocks} blocks; weak evidence`;
}

function standingReason(standing: Standing): string {
  const rows = `${standing.rows} ${rowsText(standing.judged_on)} rows`;
  return `${standing.algorithm} has a skill of ${sharePercent(standing.skill)} on ${rows}`;
}

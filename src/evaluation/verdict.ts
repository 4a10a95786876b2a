import { P_VALUE_MAX, STRETCHES_MIN } from "./challenge.ts";
import type { HorizonEvaluation, SpecEvaluation } from "./evaluation.ts";
import { RANDOM_WALK } from "./forecast.ts";
import type { Metrics } from "./metrics.ts";

/** How the best model of a horizon stands against the random walk, out of fold. */
export interface HorizonVerdict {
  horizon: string;
  /** The algorithm that predicts from the next night on, or `random_walk`. */
  published: string;
  /** The champion's record, or the best skill where the random walk is published. */
  best: SpecEvaluation | undefined;
  randomWalk: Metrics | undefined;
  kind: "better" | "maybe_better" | "not_better" | "implausible" | "unknown";
  words: string;
}

/** One verdict a horizon. */
export function verdictOf(evaluation: HorizonEvaluation): HorizonVerdict {
  const { champion } = evaluation.decision;
  const specs = evaluation.out_of_fold.specs;
  const best =
    specs.find((spec) => spec.spec === champion.spec) ??
    specs.toSorted((a, b) => (b.metrics.skill ?? -Infinity) - (a.metrics.skill ?? -Infinity))[0];
  const walk = evaluation.out_of_fold.baselines.find((baseline) => baseline.name === RANDOM_WALK);
  return {
    horizon: evaluation.horizon,
    published: champion.algorithm,
    best,
    randomWalk: walk?.metrics,
    ...judgement(best, evaluation.rows_ahead, champion.spec === RANDOM_WALK),
  };
}

function judgement(
  best: SpecEvaluation | undefined,
  horizonRows: number,
  walkPublished: boolean,
): Pick<HorizonVerdict, "kind" | "words"> {
  const skill = best?.metrics.skill ?? null;
  if (best === undefined || skill === null) return { kind: "unknown", words: "nothing to judge" };
  if (best.flags.length > 0) return { kind: "implausible", words: "too good to be true" };
  const published = walkPublished ? "; random walk published" : "";
  if (skill <= 0) return { kind: "not_better", words: `no better${published}` };
  const p = best.against_random_walk.p_value ?? 1;
  const few = best.metrics.rows / horizonRows < STRETCHES_MIN;
  if (few) {
    return { kind: "maybe_better", words: `lower error, too few outcomes to tell${published}` };
  }
  if (p >= P_VALUE_MAX) {
    return { kind: "maybe_better", words: `lower error, may be chance${published}` };
  }
  return { kind: "better", words: `better than the random walk${published}` };
}

/** A count of horizons in one sentence, for the top of a page or the end of a night. */
export function verdictSentence(verdicts: readonly HorizonVerdict[]): string {
  const better = verdicts.filter((verdict) => verdict.kind === "better").length;
  const maybe = verdicts.filter((verdict) => verdict.kind === "maybe_better").length;
  const implausible = verdicts.filter((verdict) => verdict.kind === "implausible").length;
  const of = `of ${verdicts.length} ${verdicts.length === 1 ? "horizon" : "horizons"}`;
  const parts = [`A model beats the random walk on ${better} ${of}`];
  if (maybe > 0) parts.push(`has a lower error that may be chance on ${maybe}`);
  if (implausible > 0) parts.push(`is too good to be true on ${implausible}`);
  return `${parts.join(", ")}.`;
}

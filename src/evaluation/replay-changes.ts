import { z } from "zod";
import { decisionSchema } from "./decision.ts";
import type { ReplayChoice, ReplayNight } from "./replay-night.ts";

export const replayChangeSchema = z.strictObject({
  /** The night that decided. */
  as_of: z.iso.date(),
  /** The first night that it counted for; null when that lies after the replay. */
  from_night: z.iso.date().nullable(),
  outcome: decisionSchema.shape.outcome,
  /** Null where nobody predicted before. */
  before: z.string().nullable(),
  after: z.string(),
  evidence: decisionSchema.shape.evidence,
  reasons: z.array(z.string()),
});

/** A change of who predicts a horizon. */
export type ReplayChange = z.infer<typeof replayChangeSchema>;

/**
 * When who predicts a horizon changed, and why, from nights in order. A naming counts at once,
 * since without it the night could not predict; an evaluation's decision counts from the next
 * night that predicted. A night that kept the champion changed nothing, a new fit of its spec too.
 */
export function replayChanges(nights: readonly ReplayNight[], horizon: string): ReplayChange[] {
  const predicted = nights.flatMap((night) => {
    const own = night.horizons.find((one) => one.horizon === horizon);
    return own === undefined ? [] : [{ asOf: night.as_of, ...own }];
  });
  return predicted.flatMap(({ asOf, named, decision }, index) => {
    const next = predicted[index + 1]?.asOf ?? null;
    const isChange = decision.previous?.spec !== decision.champion.spec;
    return [
      ...(named === null ? [] : [change(asOf, asOf, named)]),
      ...(isChange ? [change(asOf, next, decision)] : []),
    ];
  });
}

/** How often who predicts changed; the first naming replaced nobody. */
export function countChanges(changes: readonly ReplayChange[]): number {
  return changes.filter((one) => one.before !== null).length;
}

function change(asOf: string, fromNight: string | null, choice: ReplayChoice): ReplayChange {
  return {
    as_of: asOf,
    from_night: fromNight,
    outcome: choice.outcome,
    before: choice.previous?.algorithm ?? null,
    after: choice.champion.algorithm,
    evidence: choice.evidence,
    reasons: choice.reasons,
  };
}

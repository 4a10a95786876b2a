import type { Champion, PromotionEnd } from "../../pipeline/promote.ts";

/** A champion in a sentence: the algorithm with its fit, or the random walk. */
export function championText({ algorithm, version }: Omit<Champion, "spec">): string {
  return version === undefined ? "the random walk" : `${algorithm} (${version})`;
}

/** Says from which night on a decision counts, where that is later than a night of today's. */
export function fromThenOn({ countsFrom }: PromotionEnd, asOf: string): string {
  if (countsFrom <= asOf) return "";
  return `, for nights as of ${countsFrom} or later: earlier ones have been decided on already`;
}

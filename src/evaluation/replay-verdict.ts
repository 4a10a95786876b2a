import { P_VALUE_MAX, STRETCHES_MIN } from "./challenge.ts";
import { RANDOM_WALK } from "./forecast.ts";
import { counted } from "./numbers.ts";
import type { Replay, ReplayHorizon } from "./replay.ts";

/** How what was published stands against the random walk. */
export type ReplayVerdictKind = "better" | "maybe_better" | "not_better" | "walk" | "unknown";

/** A horizon's verdict in a few words. Judged on matured forecasts that were published, nothing else. */
export function replayVerdict(horizon: ReplayHorizon): { kind: ReplayVerdictKind; words: string } {
  const record = horizon.published;
  const algorithms = Object.keys(horizon.published_by);
  if (record === null) return { kind: "unknown", words: "nothing has matured" };
  if (algorithms.every((name) => name === RANDOM_WALK)) {
    return { kind: "walk", words: "the random walk itself was published" };
  }
  if ((record.metrics.skill ?? 0) <= 0) return { kind: "not_better", words: "no better" };
  const p = record.against_random_walk.p_value;
  if (horizon.stretches < STRETCHES_MIN) {
    return { kind: "maybe_better", words: "lower error, too few outcomes to tell" };
  }
  if (p === null || p >= P_VALUE_MAX) {
    return { kind: "maybe_better", words: "lower error, may be chance" };
  }
  return { kind: "better", words: "better than the random walk" };
}

/** The replay in one sentence. */
export function replaySentence(replay: Replay): string {
  const kinds = replay.horizons.map((horizon) => replayVerdict(horizon).kind);
  const count = (kind: ReplayVerdictKind): number => kinds.filter((one) => one === kind).length;
  const of = `of ${counted(kinds.length, "horizon", "horizons")}`;
  const parts = [
    `What would have been published was better than a random walk on ${count("better")} ${of}`,
  ];
  if (count("maybe_better") > 0) {
    parts.push(`had a lower error that may be chance on ${count("maybe_better")}`);
  }
  if (count("walk") > 0) parts.push(`was the random walk itself on ${count("walk")}`);
  if (count("unknown") > 0) parts.push(`has not matured on ${count("unknown")}`);
  return `${parts.join(", ")}.`;
}

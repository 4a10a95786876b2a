import type { RoadEnd } from "../../jobs/road.ts";
import { singleLine } from "../../system/text.ts";

/** The last line of `cbi run --scheduled --json`. */
export function roadEndJson(end: RoadEnd): object {
  const { next } = end;
  const untilMs = next.step === "wait" ? next.untilMs : undefined;
  return {
    event: "slots-handled",
    job: end.job,
    exit_code: end.exitCode,
    slots: end.slots.map(({ slot, verdict, reason, run }) => ({
      slot,
      verdict: verdict ?? "claimed",
      reason: reason ?? null,
      run: run ?? null,
    })),
    next: {
      step: next.step,
      reason: next.reason,
      until: untilMs === undefined ? null : new Date(untilMs).toISOString(),
    },
  };
}

/** What one pass of the road did, for a reader. */
export function roadEndLines(end: RoadEnd): string[] {
  const { next } = end;
  const until =
    next.step === "wait" && next.untilMs !== undefined
      ? `; the next slot is due ${new Date(next.untilMs).toISOString()}`
      : "";
  return [
    ...end.slots.map(({ slot, verdict, reason }) => {
      const why = reason === undefined ? "" : `: ${singleLine(reason, 120)}`;
      return `${end.job}@${slot} ${verdict ?? "stays claimed"}${why}`;
    }),
    `${end.job}: ${next.reason}${until}`,
  ];
}

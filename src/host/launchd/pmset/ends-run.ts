import { utcText } from "../../../schedule/wall.ts";
import { isWaking } from "./sched-text.ts";
import type { UpcomingEvent } from "./upcoming.ts";

/** A night takes minutes to hours; what turns the Mac off later than this is no concern of its run. */
const RUN_MS = 4 * 3_600_000;

/**
 * What turns the Mac off while a run may be under way, as a sentence each type: it is the user's, and is
 * told of, not changed.
 */
export function endsOfRuns(
  upcoming: readonly UpcomingEvent[],
  wakes: readonly { job: string; atMs: number }[],
): string[] {
  const found = new Map<string, string>();
  for (const event of upcoming) {
    if (isWaking(event.type) || found.has(event.type)) continue;
    const wake = wakes.find(({ atMs }) => atMs <= event.atMs && event.atMs < atMs + RUN_MS);
    if (!wake) continue;
    const when = utcText(event.atMs);
    found.set(
      event.type,
      `pmset has a ${event.type} at ${when}, when ${wake.job} may be at work: see pmset -g sched`,
    );
  }
  return [...found.values()];
}

import * as real from "../../../src/jobs/service/decide.ts";
import { plantedBugs } from "./bugs.ts";

// Stands before src/jobs/service/decide.ts, and lets everything through unless a bug is planted.

export * from "../../../src/jobs/service/decide.ts";

export function decideAfterCrash(
  ...[policy, crash, history]: Parameters<typeof real.decideAfterCrash>
): real.AfterCrash {
  const isForgotten = plantedBugs.has("storm-forgotten");
  return real.decideAfterCrash(policy, crash, isForgotten ? { ...history, crashes: [] } : history);
}

export function wakingPart(passedMs: number, askedMs: number): number {
  return plantedBugs.has("service-sleep-counts") ? passedMs : real.wakingPart(passedMs, askedMs);
}

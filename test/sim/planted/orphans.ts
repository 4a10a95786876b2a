import * as real from "../../../src/jobs/command/orphans.ts";
import { clearRunning } from "../../../src/jobs/command/running-file.ts";
import { plantedBugs } from "./bugs.ts";

// Stands before src/jobs/command/orphans.ts, and lets everything through unless a bug is planted.

export * from "../../../src/jobs/command/orphans.ts";

export async function endOrphans(
  ...[file, ...rest]: Parameters<typeof real.endOrphans>
): ReturnType<typeof real.endOrphans> {
  if (!plantedBugs.has("service-not-buried") || !file.includes("/trade/")) {
    return real.endOrphans(file, ...rest);
  }
  clearRunning(file);
  return undefined;
}

export async function endDescendants(
  ...asked: Parameters<typeof real.endDescendants>
): ReturnType<typeof real.endDescendants> {
  if (plantedBugs.has("service-not-buried")) return { found: 0, living: 0 };
  return real.endDescendants(...asked);
}

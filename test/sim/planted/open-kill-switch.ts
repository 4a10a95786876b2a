import * as real from "../../../src/guard/open-kill-switch.ts";
import { plantedBugs } from "./bugs.ts";

// Stands before src/guard/open-kill-switch.ts, and lets everything through unless a bug is planted.

export * from "../../../src/guard/open-kill-switch.ts";

const LONG_MS = 30 * 86_400_000;

export function openKillSwitch(
  ...asked: Parameters<typeof real.openKillSwitch>
): ReturnType<typeof real.openKillSwitch> {
  const killSwitch = real.openKillSwitch(...asked);
  return {
    ...killSwitch,
    verdict: (target, nowMs) =>
      killSwitch.verdict(target, plantedBugs.has("pause-never-ends") ? nowMs - LONG_MS : nowMs),
  };
}

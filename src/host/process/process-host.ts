import { isBeatingAlive, lastBeat } from "../../guard/heartbeat.ts";
import type { Clock } from "../../system/clock.ts";
import type { HomePaths } from "../../system/home.ts";
import type { Host } from "../host.ts";

/** The resident mode beats once a minute; a process that is stopped or hangs does not. */
const BEAT_MAX_MS = 10 * 60_000;

/**
 * The host that is a process of ours, `cbi daemon`: it has every job while it lives, cannot wake the
 * machine, and is in use from its first start until it is ended in an orderly way.
 */
export function processHost(paths: HomePaths, clock: Clock): Host {
  return {
    name: "cbi daemon",
    async state(jobs) {
      const beat = await lastBeat(paths, "daemon");
      const isFresh = beat !== undefined && clock.now() - beat.atMs <= BEAT_MAX_MS;
      const isLoaded = beat !== undefined && isFresh && isBeatingAlive(beat);
      const state = { isLoaded, isEnabled: true };
      return {
        isInUse: beat?.state === "alive",
        jobs: new Map(jobs.map((job) => [job, state])),
        canWake: false,
        wakesMs: [],
      };
    },
  };
}

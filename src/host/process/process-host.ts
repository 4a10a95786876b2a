import path from "node:path";
import { isBeatingAlive, lastBeat } from "../../guard/heartbeat.ts";
import type { Clock } from "../../system/clock.ts";
import { startDetached } from "../../system/detached.ts";
import type { HomePaths } from "../../system/home.ts";
import type { Host } from "../host.ts";

/** The resident mode beats once a minute; a process that is stopped or hangs does not. */
const BEAT_MAX_MS = 10 * 60_000;

/**
 * The host that is a process of ours, `cbi daemon`: it has every job while it lives, cannot wake the
 * machine, and is in use from its first start until it is ended in an orderly way.
 */
export function processHost(
  paths: HomePaths,
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>> = {},
): Host {
  const isServed = async (): Promise<boolean> => {
    const beat = await lastBeat(paths, "daemon");
    const isFresh = beat !== undefined && clock.now() - beat.atMs <= BEAT_MAX_MS;
    return beat !== undefined && isFresh && isBeatingAlive(beat);
  };
  return {
    name: "cbi daemon",
    async state(jobs) {
      const beat = await lastBeat(paths, "daemon");
      const state = { isLoaded: await isServed(), isEnabled: true };
      return {
        isInUse: beat?.state === "alive",
        jobs: new Map(jobs.map((job) => [job, state])),
        canWake: false,
        wakesMs: [],
      };
    },
    async startService(job) {
      if (await isServed()) return "cbi daemon starts it within a minute";
      const { pid } = startDetached(["run", job, "--scheduled", "--home", paths.root], {
        environment,
        workingDirectory: paths.root,
        errorFile: path.join(paths.logs, job, "service-errors.log"),
      });
      return pid === undefined
        ? "it could not be started"
        : `started beside this, as process ${pid}`;
    },
  };
}

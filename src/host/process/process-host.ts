import path from "node:path";
import { isBeatingAlive, lastBeat } from "../../guard/heartbeat.ts";
import type { Clock } from "../../system/clock.ts";
import { startDetached } from "../../system/detached.ts";
import type { HomePaths } from "../../system/home.ts";
import type { ServiceHost, ServiceStart } from "../host.ts";

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
): ServiceHost {
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
    startService: (job) => Promise.resolve(startKeeper(paths, environment, job)),
    async keeper() {
      const beat = await lastBeat(paths, "daemon");
      return beat && (await isServed()) ? { pid: beat.process.pid } : undefined;
    },
  };
}

/** Where the errors of a keeper go that was started beside us. */
export function keeperErrorFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, job, "service-errors.log");
}

/** Starts a keeper that nobody starts again but the watchdog. */
export function startKeeper(
  paths: HomePaths,
  environment: Readonly<Record<string, string | undefined>>,
  job: string,
): ServiceStart {
  const { pid, ended } = startDetached(["run", job, "--scheduled", "--home", paths.root], {
    environment,
    workingDirectory: paths.root,
    errorFile: keeperErrorFile(paths, job),
  });
  const said =
    pid === undefined ? "it could not be started" : `started beside this, as process ${pid}`;
  return { said, ended };
}

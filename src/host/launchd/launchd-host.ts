import type { Clock } from "../../system/clock.ts";
import type { Host } from "../host.ts";
import { requestStart } from "./starts.ts";

/** launchd, as a process that it has started can use it: jobs are started by requests in a folder. */
export function launchdHost(startsFolder: string, clock: Clock): Host {
  const asked = async (job: string): Promise<string | undefined> =>
    (await requestStart(startsFolder, job, clock.now()))
      ? "launchd was asked to start it"
      : undefined;
  return {
    name: "launchd",
    state: () => Promise.resolve({ isInUse: false, jobs: new Map(), canWake: false, wakesMs: [] }),
    start: asked,
    startService: async (job) => (await asked(job)) ?? "launchd does not start it",
  };
}

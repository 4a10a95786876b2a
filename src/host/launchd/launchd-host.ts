import type { Clock } from "../../system/clock.ts";
import type { HostState, ServiceHost } from "../host.ts";
import { requestStart } from "./starts.ts";

/**
 * launchd, as a process that it has started can use it: jobs are started by requests in a folder. That it
 * has every job is taken for granted here; what it was told of is compared by `staleness`.
 */
export function launchdHost(
  startsFolder: string,
  clock: Clock,
  staleness: () => Promise<string | undefined>,
): ServiceHost {
  const asked = async (job: string): Promise<string | undefined> =>
    (await requestStart(startsFolder, job, clock.now()))
      ? "launchd was asked to start it"
      : undefined;
  return {
    name: "launchd",
    async state(jobs): Promise<HostState> {
      const assumed = jobs.map((job) => [job, { isLoaded: true, isEnabled: true }] as const);
      const stale = await staleness();
      const state = { isInUse: true, jobs: new Map(assumed), canWake: false, wakesMs: [] };
      return { ...state, ...(stale !== undefined && { stale }) };
    },
    start: asked,
    startService: async (job) => ({ said: (await asked(job)) ?? "launchd does not start it" }),
    // What launchd has started has no business to ask for its neighbours.
    keeper: () => Promise.resolve(undefined),
  };
}

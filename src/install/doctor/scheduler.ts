import { hostOf } from "../installed-host.ts";
import { fail, pass, skip, warn, type Check } from "./check.ts";

/** Whether the scheduler that was told of the home has every job, as it was told. */
export const schedulerCheck: Check = {
  name: "scheduler",
  run: async ({ home, jobs, clock, environment, signal }) => {
    const host = await hostOf(home, { clock, environment, signal });
    const scheduled = jobs.names.filter((name) => jobs.find(name)?.schedule !== undefined);
    const state = await host.state(scheduled);
    if (!state.isInUse) return skip("this home is installed in none: cbi install, or cbi daemon");
    const missing = scheduled.filter((job) => {
      const known = state.jobs.get(job);
      return !known?.isLoaded || !known.isEnabled;
    });
    if (missing.length > 0) {
      return fail(`${host.name} does not start ${missing.join(", ")}`, "cbi install");
    }
    if (state.stale !== undefined) return warn(state.stale, "cbi install");
    return pass(`${host.name} has ${scheduled.join(", ")}`);
  },
};

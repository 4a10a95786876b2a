import type { RegisteredUnit } from "../../host/registrar.ts";
import { hostOf } from "../installed-host.ts";
import { registrarOf } from "../registrars.ts";
import { fail, pass, skip, warn, type Check } from "./check.ts";
import { installedOf } from "./installed-of.ts";

/** Whether the scheduler that was told of the home has everything, as it was told, the watchdog too. */
export const schedulerCheck: Check = {
  name: "scheduler",
  run: async ({ home, jobs, clock, environment, signal }) => {
    const world = { clock, environment, signal };
    const host = await hostOf(home, world);
    const scheduled = jobs.names.filter((name) => jobs.find(name)?.schedule !== undefined);
    const state = await host.state(scheduled);
    if (!state.isInUse) return skip("this home is installed in none: cbi install, or cbi daemon");
    const installed = await installedOf(home, world);
    if (installed) {
      const { record } = installed;
      const units = await registrarOf(record.host, record.scope, world).read(record.units);
      const bad = units.flatMap((unit) => faultsOf(unit));
      if (bad.length > 0)
        return fail(`${record.host}: ${bad.join(", ")}`, "cbi doctor --fix, or cbi upgrade");
      if (state.stale !== undefined) return warn(state.stale, "cbi upgrade");
      return pass(`${record.host} has ${units.map(({ name }) => name).join(", ")}`);
    }
    const missing = scheduled.filter((job) => {
      const known = state.jobs.get(job);
      return !known?.isLoaded || !known.isEnabled;
    });
    if (missing.length > 0) {
      return fail(`${host.name} does not start ${missing.join(", ")}`, "cbi daemon");
    }
    return pass(`${host.name} has ${scheduled.join(", ")}`);
  },
};

function faultsOf({ name, isLoaded, isEnabled, differs }: RegisteredUnit): string[] {
  if (!isLoaded) return [`${name} is not loaded`];
  if (!isEnabled) return [`${name} is disabled`];
  return differs ? [`${name} was told otherwise (${differs.join(", ")})`] : [];
}

import { parseDurationMs } from "../../config/duration.ts";
import { openIncidents } from "../../ledger/incidents.ts";
import { lastSuccess } from "../../ledger/successes.ts";
import { fail, pass, skip, warn, type Check } from "./check.ts";

/** Whether jobs have succeeded lately, and whether an incident is open. */
export const activityCheck: Check = {
  name: "activity",
  run: ({ home, jobs, ledger, clock }) => {
    if (!ledger) return Promise.resolve(skip("there has been no run yet"));
    const [incident] = openIncidents(ledger);
    if (incident) {
      const make = incident.severity === "fail" ? fail : warn;
      return Promise.resolve(make(`open: ${incident.message}`, "See: cbi status"));
    }
    const nowMs = clock.now();
    const stale = jobs.names.flatMap((name) => {
      const { stale_after: after, enabled } = home.config.jobs[name] ?? {};
      const afterMs = after === undefined || !enabled ? undefined : parseDurationMs(after);
      if (afterMs === undefined) return [];
      const endedMs = lastSuccess(ledger, name, { nowMs, pin: home.config.as_of })?.endedMs;
      return endedMs !== undefined && nowMs - endedMs <= afterMs ? [] : [{ name, after }];
    });
    const [first] = stale;
    return Promise.resolve(
      first
        ? warn(
            `${first.name} has had no success for ${first.after}`,
            `See: cbi status ${first.name}`,
          )
        : pass("no incident is open, and no job is stale"),
    );
  },
};

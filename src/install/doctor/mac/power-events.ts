import { endsOfRuns } from "../../../host/launchd/pmset/ends-run.ts";
import { readSchedule } from "../../../host/launchd/pmset/pmset.ts";
import { upcomingEvents } from "../../../host/launchd/pmset/upcoming.ts";
import { slotsBetween } from "../../../schedule/slots.ts";
import { thisMac } from "../../wake/this-mac.ts";
import { pass, warn, type Check } from "../check.ts";

const DAYS_MS = 14 * 86_400_000;
const SLOTS_MAX = 200;

/** Whether the Mac is told to sleep, shut down or restart by itself when a job may be at work. */
export const powerEventsCheck: Check = {
  name: "power events",
  run: async ({ jobs, clock, signal }) => {
    const nowMs = clock.now();
    const { zone, tools } = thisMac();
    const schedule = await readSchedule(signal, tools);
    const upcoming = upcomingEvents(schedule, zone, nowMs, nowMs + DAYS_MS);
    const starts = jobs.names.flatMap((job) => {
      const found = jobs.find(job);
      if (!found?.schedule || !found.settings.enabled) return [];
      const slots = [...slotsBetween(found.schedule, nowMs, nowMs + DAYS_MS)].slice(0, SLOTS_MAX);
      return slots.map(({ dueMs }) => ({ job, atMs: dueMs }));
    });
    const [first] = endsOfRuns(upcoming, starts);
    if (first === undefined) return pass("nothing turns the Mac off while a job may be at work");
    return warn(
      first,
      "Move the job or the event; repeating ones: sudo pmset repeat, which replaces both",
    );
  },
};

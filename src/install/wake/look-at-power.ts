import { endsOfRuns } from "../../host/launchd/pmset/ends-run.ts";
import { readSchedule } from "../../host/launchd/pmset/pmset.ts";
import type { PowerSchedule } from "../../host/launchd/pmset/sched-text.ts";
import { upcomingEvents } from "../../host/launchd/pmset/upcoming.ts";
import type { InstallPlan } from "../plan.ts";
import { thisMac } from "./this-mac.ts";

const DAYS_MS = 14 * 86_400_000;

/**
 * What this Mac is scheduled to do by itself, beside a plan, and which of it would end a run. Nothing of it is
 * ever changed but our own wakes. Undefined where pmset cannot be asked, which a plan can do without.
 */
export async function lookAtPower(
  { wakes }: InstallPlan,
  nowMs: number,
): Promise<{ schedule: PowerSchedule; remarks: string[] } | undefined> {
  try {
    const { zone, tools } = thisMac();
    const schedule = await readSchedule(new AbortController().signal, tools);
    const upcoming = upcomingEvents(schedule, zone, nowMs, nowMs + DAYS_MS);
    return { schedule, remarks: endsOfRuns(upcoming, wakes) };
  } catch {
    return undefined;
  }
}

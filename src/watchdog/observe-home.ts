import type { Host } from "../host/host.ts";
import type { HomeJobs, ScheduledJob } from "../jobs/schedules.ts";
import { nextSlots } from "../schedule/slots.ts";
import { freeBytesAt } from "../system/disk-space.ts";
import type { HomeFacts, HostFacts } from "./facts.ts";

const DAY_MS = 86_400_000;

/** Gathers what the watchdog judges the home by. Nothing is written. */
export async function observeHome(
  jobs: HomeJobs,
  enabled: readonly string[],
  host: Host,
  nowMs: number,
): Promise<HomeFacts> {
  const scheduled = enabled
    .map((name) => jobs.find(name))
    .filter((job) => job !== undefined)
    .filter(({ schedule }) => schedule !== undefined);
  return {
    nowMs,
    freeBytes: await freeBytesAt(jobs.home.paths.root),
    calendars: calendarsOf(scheduled, nowMs),
    host: await hostFacts(host, scheduled, nowMs),
  };
}

/** The calendars of the jobs that are scheduled; all of them settle as-of days too. */
function calendarsOf(jobs: readonly ScheduledJob[], nowMs: number): HomeFacts["calendars"] {
  const calendars = new Map(jobs.map(({ calendar }) => [calendar.name, calendar.announcedThrough]));
  return [...calendars].map(([name, announcedThrough]) => {
    const leftMs = Date.parse(`${announcedThrough}T00:00:00Z`) - nowMs;
    return { name, announcedThrough, daysLeft: Math.floor(leftMs / DAY_MS) };
  });
}

async function hostFacts(
  host: Host,
  jobs: readonly ScheduledJob[],
  nowMs: number,
): Promise<HostFacts> {
  const names = jobs.map(({ name }) => name);
  const { isInUse, jobs: known, canWake, wakesMs, stale } = await host.state(names);
  const states = names.map((job) => {
    const state = known.get(job);
    return { job, isLoaded: state?.isLoaded === true, isEnabled: state?.isEnabled === true };
  });
  const waking = canWake ? jobs.filter(({ settings }) => settings.power.wake) : [];
  const wakes = waking.flatMap(({ name, schedule }) => {
    const next = schedule && nextSlots(schedule, nowMs, 1)[0];
    if (!next) return [];
    // The last wake before the slot counts; one long before it lets the machine sleep again.
    return [{ job: name, dueMs: next.dueMs, wakeMs: wakeFor(next.dueMs, wakesMs) }];
  });
  return { name: host.name, isInUse, jobs: states, wakes, stale };
}

/** A wake within a quarter of an hour before the slot, or shortly after it, serves it. */
function wakeFor(dueMs: number, wakesMs: readonly number[]): number | undefined {
  return wakesMs.find((wakeMs) => wakeMs >= dueMs - 15 * 60_000);
}

import type { Host } from "../host/host.ts";
import type { HomeJobs, ScheduledJob } from "../jobs/schedules.ts";
import { nextSlots } from "../schedule/slots.ts";
import { freeBytesAt } from "../system/disk-space.ts";
import type { HomeFacts, HostFacts } from "./facts.ts";
import { newestWake, type WakeBook } from "./wake-book.ts";

const DAY_MS = 86_400_000;

/** Gathers what the watchdog judges the home by. Nothing is written. */
export async function observeHome(
  jobs: HomeJobs,
  enabled: readonly string[],
  host: Host,
  book: WakeBook | undefined,
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
    host: await hostFacts(host, scheduled, book, nowMs),
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
  book: WakeBook | undefined,
  nowMs: number,
): Promise<HostFacts> {
  const names = jobs.map(({ name }) => name);
  const { isInUse, jobs: known, canWake, wakesMs, wakeRefusal, stale } = await host.state(names);
  const states = names.map((job) => {
    const state = known.get(job);
    return { job, isLoaded: state?.isLoaded === true, isEnabled: state?.isEnabled === true };
  });
  const waking = canWake ? jobs.filter(({ settings }) => settings.power.wake) : [];
  const wakes = waking.flatMap(({ name, schedule }) => {
    const next = schedule && nextSlots(schedule, nowMs, 1)[0];
    if (!next) return [];
    return [{ job: name, dueMs: next.dueMs, wakeMs: wakeFor(next.dueMs, wakesMs) }];
  });
  const met = waking.flatMap(({ name }) => newestWake(book, name) ?? []);
  return { name: host.name, isInUse, jobs: states, wakes, wakeRefusal, met, stale };
}

/**
 * The wake that serves a slot, if it comes in time. One that is more than a minute before it may find the
 * machine asleep again: idle sleep can be set to a minute.
 */
function wakeFor(dueMs: number, wakesMs: readonly number[]): number | undefined {
  return wakesMs.find((wakeMs) => wakeMs >= dueMs - 60_000);
}

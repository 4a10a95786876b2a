import { slotsBetween, type Slot } from "../schedule/slots.ts";
import type { ClockChange } from "../schedule/zone.ts";
import type { HomeJobs, ScheduledJob } from "./schedules.ts";

/** A slot that is coming, with all that is known of it before. */
export interface ComingSlot {
  job: string;
  slot: string;
  dueMs: number;
  /** What the clocks did at its wall-clock time. */
  change: ClockChange | undefined;
  /** The day from which a holiday moved it. */
  movedFrom: string | undefined;
  /** Why it does not run; only where that was asked for. */
  excluded: string | undefined;
  /** Jobs that are due at the same instant and cannot run beside it. */
  collidesWith: string[];
}

export interface OutlookRequest {
  jobs: readonly string[];
  afterMs: number;
  throughMs: number;
  withExcluded: boolean;
  /** At most so many of each job. */
  perJob: number;
}

/** The slots of jobs in a span of time, in order of due time and then of job. */
export function outlook(jobs: HomeJobs, request: OutlookRequest): ComingSlot[] {
  const coming = request.jobs.flatMap((name) => {
    const job = jobs.find(name);
    return job ? slotsOf(job, request).map((slot) => comingSlot(job, slot)) : [];
  });
  coming.sort((left, right) => left.dueMs - right.dueMs || (left.job < right.job ? -1 : 1));
  markCollisions(jobs, coming);
  return coming;
}

function slotsOf({ schedule }: ScheduledJob, request: OutlookRequest): Slot[] {
  if (!schedule) return [];
  const found: Slot[] = [];
  const { afterMs, throughMs, withExcluded } = request;
  for (const slot of slotsBetween(schedule, afterMs, throughMs, { withExcluded })) {
    found.push(slot);
    if (found.length >= request.perJob) break;
  }
  return found;
}

function comingSlot({ name }: ScheduledJob, slot: Slot): ComingSlot {
  return {
    job: name,
    slot: slot.name,
    dueMs: slot.dueMs,
    change: slot.change,
    movedFrom: slot.movedFrom,
    excluded: slot.excluded,
    collidesWith: [],
  };
}

function markCollisions(jobs: HomeJobs, coming: readonly ComingSlot[]): void {
  const byInstant = new Map<number, ComingSlot[]>();
  for (const one of coming) {
    if (one.excluded !== undefined) continue;
    byInstant.set(one.dueMs, [...(byInstant.get(one.dueMs) ?? []), one]);
  }
  for (const together of byInstant.values()) {
    for (const one of together) {
      const others = together.filter(({ job }) => job !== one.job && exclude(jobs, one.job, job));
      one.collidesWith = [...new Set(others.map(({ job }) => job))];
    }
  }
}

/** Pipelines share the home, and the jobs of a group share that: one waits for the other. */
function exclude(jobs: HomeJobs, left: string, right: string): boolean {
  const [one, other] = [jobs.home.config.jobs[left], jobs.home.config.jobs[right]];
  if (!one || !other) return false;
  const isBothPipelines = one.kind === "pipeline" && other.kind === "pipeline";
  return isBothPipelines || (one.group !== undefined && one.group === other.group);
}

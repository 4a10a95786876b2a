import type { ScheduleText } from "../schedule/schedule.ts";
import type { Job } from "./jobs-schema.ts";

/** A job's schedule as it is written, with the home's zone where it has none; without its calendar. */
export function scheduleTextOf(job: Job, homeZone: string): ScheduleText {
  return {
    ...(job.schedule && { schedule: job.schedule }),
    ...(job.every !== undefined && { every: job.every }),
    ...(job.between && { between: job.between }),
    zone: job.zone ?? homeZone,
    days: job.days,
    ...(job.on_holiday && { onHoliday: job.on_holiday }),
    ...(job.phase && { phase: job.phase }),
  };
}

import type { ServiceJob } from "../../config/jobs-schema.ts";
import { nextSlots } from "../../schedule/slots.ts";
import { parseMoment } from "../../schedule/timing.ts";
import { dayOfWall, utcText } from "../../schedule/wall.ts";
import { momentOn } from "../../schedule/window.ts";
import { addDays } from "../../schedule/day.ts";
import type { RunSlot } from "../ports.ts";
import type { ScheduledJob } from "../schedules.ts";

/** When a service is to end. */
export type EndTime =
  /** `atMs` is infinite for one that nothing ends; `reason` is a sentence. */
  | { kind: "at"; atMs: number; reason: string; isNextSlot: boolean }
  /** It must not even start: its end has passed, or its day has none. */
  | { kind: "none"; reason: string };

/**
 * The end of a run of a service that starts at an instant: its `until` on the slot's day, or its next
 * slot, which starts it anew. A time of the clock that is not after the slot is the next day's; a time of
 * the session is not, since an early close must not become a whole night. Pure.
 */
export function endTimeOf(
  job: Pick<ScheduledJob, "schedule" | "zone" | "calendar"> & { settings: ServiceJob },
  at: { slot: RunSlot | undefined; startMs: number },
): EndTime {
  const own = untilOf(job, at);
  if (own.kind === "none") return own;
  if (own.atMs <= at.startMs) {
    return { kind: "none", reason: `its end had passed: ${own.reason}` };
  }
  const fromMs = Math.max(at.startMs, at.slot?.dueMs ?? at.startMs);
  const next = job.schedule && nextSlots(job.schedule, fromMs, 1)[0];
  if (!next || next.dueMs >= own.atMs) return own;
  return { kind: "at", atMs: next.dueMs, reason: `${next.name} was due`, isNextSlot: true };
}

function untilOf(
  { settings, zone, calendar }: Parameters<typeof endTimeOf>[0],
  { slot, startMs }: { slot: RunSlot | undefined; startMs: number },
): EndTime {
  const { until } = settings;
  const never = { kind: "at", atMs: Number.POSITIVE_INFINITY, isNextSlot: false } as const;
  if (until === "never") return { ...never, reason: "never" };
  const parsed = parseMoment(until);
  // It was judged when the configuration was read.
  if (!parsed.ok) throw new Error(`'${until}' was valid: ${parsed.problem.message}`);
  const moment = parsed.value;
  const schedule = { times: [], zone, calendar, days: "every-day" } as const;
  const day = slot?.day ?? dayOfWall(zone.wallAt(startMs));
  const onDayMs = momentOn(schedule, moment, day);
  if (onDayMs === undefined) {
    return {
      kind: "none",
      reason: `${calendar.name} has no session on ${day}, and it ends at ${until}`,
    };
  }
  const isNextDay = moment.kind === "clock" && onDayMs <= (slot?.dueMs ?? startMs);
  const atMs = isNextDay ? (momentOn(schedule, moment, addDays(day, 1)) ?? onDayMs) : onDayMs;
  return { kind: "at", atMs, reason: `${until}, which was ${utcText(atMs)}`, isNextSlot: false };
}

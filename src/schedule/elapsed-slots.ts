import { addDays, type Day } from "./day.ts";
import { reasonAgainst } from "./days.ts";
import type { Schedule, Window } from "./schedule.ts";
import type { Slot, Span } from "./slots.ts";
import type { Interval, SessionMoment } from "./timing.ts";
import { dayOfWall, MINUTE_MS, wallText } from "./wall.ts";
import { momentOn, reasonAgainstInstant, windowOn } from "./window.ts";

/** How far a window or a session's moment may lie from the day that it belongs to. */
const REACH_DAYS = 3;

/**
 * The slots of an interval: multiples of it since 1970-01-01T00:00Z, or from each start of the
 * schedule's window until its end. Days that are not meant are left out; nothing is moved.
 */
export function intervalSlots(
  schedule: Schedule,
  interval: Interval,
  span: Span,
): Generator<Slot, void, undefined> {
  return schedule.between
    ? windowedSlots(schedule, interval, schedule.between, span)
    : steadySlots(schedule, interval, span);
}

/** The slots of a moment such as `close+30m`: one for each session that the days mean. */
export function* sessionSlots(
  schedule: Schedule,
  moment: SessionMoment,
  span: Span,
): Generator<Slot, void, undefined> {
  const { calendar, zone } = schedule;
  if (!calendar) return;
  for (const day of daysWithin(calendar.zone.wallAt(span.afterMs))) {
    const dueMs = momentOn(schedule, moment, day);
    if (dueMs === undefined) {
      if (isPast(schedule, day, span)) return;
      continue;
    }
    if (dueMs > span.throughMs) return;
    if (dueMs <= span.afterMs) continue;
    const wall = zone.wallAt(dueMs);
    const slot: Slot = { name: wallText(wall), dueMs, day: dayOfWall(wall) };
    const excluded =
      reasonAgainst(schedule, day) ?? reasonAgainstInstant(schedule, slot.day, dueMs);
    if (excluded === undefined) yield slot;
    else if (span.withExcluded) yield { ...slot, excluded };
  }
}

function* steadySlots(
  schedule: Schedule,
  interval: Interval,
  span: Span,
): Generator<Slot, void, undefined> {
  const everyMs = interval.minutes * MINUTE_MS;
  const firstMs = (Math.floor(span.afterMs / everyMs) + 1) * everyMs;
  yield* elapsedSlots(schedule, { fromMs: firstMs, toMs: span.throughMs }, everyMs, span);
}

function* windowedSlots(
  schedule: Schedule,
  interval: Interval,
  window: Window,
  span: Span,
): Generator<Slot, void, undefined> {
  const everyMs = interval.minutes * MINUTE_MS;
  let lastMs = span.afterMs;
  for (const day of daysWithin(schedule.zone.wallAt(span.afterMs))) {
    const hours = windowOn(schedule, window, day);
    if (hours && hours.fromMs > span.throughMs) return;
    if (!hours && isPast(schedule, day, span)) return;
    if (!hours) continue;
    // Windows of following days may meet; what the one gave, the next does not give again.
    const passed = Math.max(0, Math.floor((lastMs - hours.fromMs) / everyMs) + 1);
    const fromMs = hours.fromMs + passed * everyMs;
    const toMs = Math.min(hours.toMs, span.throughMs);
    yield* elapsedSlots(schedule, { fromMs, toMs }, everyMs, span, day);
    lastMs = Math.max(lastMs, toMs);
  }
}

/** Slots every so often, both ends included, by the days of a window or each by its own. */
function* elapsedSlots(
  schedule: Schedule,
  hours: { fromMs: number; toMs: number },
  everyMs: number,
  span: Span,
  windowDay?: Day,
): Generator<Slot, void, undefined> {
  let reasonDay: Day | undefined;
  let reason: string | undefined;
  for (let dueMs = hours.fromMs; dueMs <= hours.toMs; dueMs += everyMs) {
    const day = dayOfWall(schedule.zone.wallAt(dueMs));
    const judgedDay = windowDay ?? day;
    if (judgedDay !== reasonDay) {
      reasonDay = judgedDay;
      reason = reasonAgainst(schedule, judgedDay);
    }
    const inPhase = windowDay === undefined || schedule.phase !== undefined;
    const excluded = reason ?? (inPhase ? reasonAgainstInstant(schedule, day, dueMs) : undefined);
    const slot: Slot = { name: `${wallText(dueMs)}Z`, dueMs, day };
    if (excluded === undefined) yield slot;
    else if (span.withExcluded) yield { ...slot, excluded };
  }
}

/** Days in order from a little before a wall time; the caller ends it. */
function* daysWithin(wall: number): Generator<Day, never, undefined> {
  let day = addDays(dayOfWall(wall), -REACH_DAYS);
  for (;;) {
    yield day;
    day = addDays(day, 1);
  }
}

/** Whether a day lies so far past the span that no moment of it or of a later one can be due in it. */
function isPast(schedule: Schedule, day: Day, span: Span): boolean {
  return day > addDays(dayOfWall(schedule.zone.wallAt(span.throughMs)), REACH_DAYS);
}

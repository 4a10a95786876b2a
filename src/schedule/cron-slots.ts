import { cronMatchesDay, type Cron } from "./cron.ts";
import {
  addDays,
  civilOf,
  dayOf,
  dayOfNumber,
  daysInMonth,
  weekdayOfNumber,
  type Day,
} from "./day.ts";
import { reasonAgainst } from "./days.ts";
import type { Schedule } from "./schedule.ts";
import type { Slot, Span } from "./slots.ts";
import { DAY_MS, MINUTE_MS, timeOfDay } from "./wall.ts";
import { reasonAgainstInstant } from "./window.ts";

/** Days that a holiday may move a slot; no calendar closes for so long. */
const SHIFT_DAYS_MAX = 400;

/** The slots of a cron text: each time of day of each day that it names and the days allow. */
export function* cronSlots(
  schedule: Schedule,
  cron: Cron,
  span: Span,
): Generator<Slot, void, undefined> {
  const { zone } = schedule;
  const times = cron.minutesOfDay.map((minute) => ({ minute, text: `T${timeOfDay(minute)}` }));
  const isShifting = schedule.onHoliday === "shift";
  // Due times follow wall times in order. A gap of a whole day, as in Apia in 2011, makes slots of
  // the day before the first due in the span.
  let number = Math.floor(zone.wallAt(span.afterMs) / DAY_MS) - 1;
  if (isShifting) number = lastMeantDay(schedule, number);
  // No zone is a day away from UTC. It is not asked: the end is often decades ahead, the next slot not.
  const lastNumber = Math.floor(span.throughMs / DAY_MS) + 2;
  let movedFrom: Day | undefined;
  for (const civil of daysFrom(number)) {
    if (civil.number > lastNumber) return;
    const isMatch = cronMatchesDay(cron, civil);
    if (!isMatch && movedFrom === undefined) continue;
    const day = dayOf(civil.year, civil.month, civil.dayOfMonth);
    const reason = reasonAgainst(schedule, day);
    if (reason !== undefined && !isMatch) continue;
    if (reason !== undefined && isShifting) movedFrom ??= day;
    if (reason !== undefined && !span.withExcluded) continue;
    const excluded =
      reason && isShifting ? `${reason}; moved to ${nextMeantDay(schedule, day)}` : reason;
    for (const { minute, text } of times) {
      const due = zone.dueOf(civil.number * DAY_MS + minute * MINUTE_MS);
      if (due.dueMs <= span.afterMs) continue;
      if (due.dueMs > span.throughMs) return;
      const slot: Slot = { name: day + text, dueMs: due.dueMs, day };
      if (due.change) slot.change = due.change;
      if (movedFrom !== undefined && reason === undefined) slot.movedFrom = movedFrom;
      const against = excluded ?? reasonAgainstInstant(schedule, day, due.dueMs);
      if (against === undefined) yield slot;
      else if (span.withExcluded) yield { ...slot, excluded: against };
    }
    if (reason === undefined) movedFrom = undefined;
  }
}

interface CivilDay {
  number: number;
  year: number;
  month: number;
  dayOfMonth: number;
  weekday: number;
}

/** Each day in order, without end; one object that changes, since most days are passed over. */
function* daysFrom(number: number): Generator<CivilDay, never, undefined> {
  const weekday: number = weekdayOfNumber(number);
  const civil = { number, weekday, ...civilOf(number) };
  let monthDays = daysInMonth(civil.year, civil.month);
  for (;;) {
    yield civil;
    civil.number += 1;
    civil.weekday = civil.weekday === 6 ? 0 : civil.weekday + 1;
    civil.dayOfMonth += 1;
    if (civil.dayOfMonth <= monthDays) continue;
    civil.dayOfMonth = 1;
    civil.month = civil.month === 12 ? 1 : civil.month + 1;
    if (civil.month === 1) civil.year += 1;
    monthDays = daysInMonth(civil.year, civil.month);
  }
}

/** The last day, at most the given one, on which the schedule runs: nothing from before it moves past it. */
function lastMeantDay(schedule: Schedule, number: number): number {
  for (let back = 0; back < SHIFT_DAYS_MAX; back++) {
    if (reasonAgainst(schedule, dayOfNumber(number - back)) === undefined) return number - back;
  }
  return number;
}

function nextMeantDay(schedule: Schedule, day: Day): Day {
  for (let ahead = 1; ahead < SHIFT_DAYS_MAX; ahead++) {
    const next = addDays(day, ahead);
    if (reasonAgainst(schedule, next) === undefined) return next;
  }
  return "no day";
}

import type { Session, TradingCalendar } from "./calendar/calendar.ts";
import { addDays, type Day } from "./day.ts";
import type { Phase, Schedule, Window } from "./schedule.ts";
import type { Moment } from "./timing.ts";
import { dayOfWall, MINUTE_MS, parseTimeOfDay, wallOf, type TimeOfDay } from "./wall.ts";

/** The instants of a window on one day, both included. */
export interface WindowSpan {
  fromMs: number;
  toMs: number;
}

/** Why the phase or the window leaves out an instant of the job's day, or undefined when they do not. */
export function reasonAgainstInstant(
  schedule: Schedule,
  day: Day,
  instantMs: number,
): string | undefined {
  const { phase, between, calendar } = schedule;
  if (phase && calendar && !isInPhase(calendar, phase, instantMs)) {
    return phase === "open" ? "the market is not open" : `not in the ${phase}-market hours`;
  }
  if (between && !isInWindow(schedule, between, day, instantMs)) return "outside of the window";
  return undefined;
}

/** The window's instants on a day, or undefined when the day has no session that it asks for. */
export function windowOn(schedule: Schedule, window: Window, day: Day): WindowSpan | undefined {
  const fromMs = momentOn(schedule, window.from, day);
  const toMs = momentOn(schedule, window.to, day);
  if (fromMs === undefined || toMs === undefined) return undefined;
  if (toMs > fromMs || window.to.kind === "session") return { fromMs, toMs };
  const nextDayMs = momentOn(schedule, window.to, addDays(day, 1));
  return nextDayMs === undefined ? undefined : { fromMs, toMs: nextDayMs };
}

/** The instant of a moment of a day, or undefined when it asks for a session and there is none. */
export function momentOn(schedule: Schedule, moment: Moment, day: Day): number | undefined {
  if (moment.kind === "clock") {
    return schedule.zone.dueOf(wallOf(day, moment.minuteOfDay)).dueMs;
  }
  const { calendar } = schedule;
  const session = calendar?.session(day);
  if (!calendar || !session) return undefined;
  const edgeMs = instantOn(calendar, day, moment.edge === "open" ? session.open : session.close);
  return edgeMs + moment.offsetMinutes * MINUTE_MS;
}

/** A window may cross midnight, and the calendar's day may differ from the job's by one. */
function isInWindow(schedule: Schedule, window: Window, day: Day, instantMs: number): boolean {
  return [0, -1, 1].some((shift) => {
    const span = windowOn(schedule, window, shift === 0 ? day : addDays(day, shift));
    return span !== undefined && instantMs >= span.fromMs && instantMs <= span.toMs;
  });
}

function isInPhase(calendar: TradingCalendar, phase: Phase, instantMs: number): boolean {
  const day = dayOfWall(calendar.zone.wallAt(instantMs));
  const session = calendar.session(day);
  const hours = session && hoursOf(calendar, session, phase);
  if (!hours) return false;
  return (
    instantMs >= instantOn(calendar, day, hours[0]) &&
    instantMs < instantOn(calendar, day, hours[1])
  );
}

/** From the first, until before the second. */
function hoursOf(
  calendar: TradingCalendar,
  session: Session,
  phase: Phase,
): [TimeOfDay, TimeOfDay] | undefined {
  if (phase === "open") return [session.open, session.close];
  const { extendedHours } = calendar;
  if (!extendedHours) return undefined;
  if (phase === "pre") return [extendedHours.preFrom, session.open];
  const isEarly = session.earlyCloseName !== undefined;
  return [session.close, isEarly ? extendedHours.earlyPostThrough : extendedHours.postThrough];
}

function instantOn(calendar: TradingCalendar, day: Day, time: TimeOfDay): number {
  return calendar.zone.dueOf(wallOf(day, parseTimeOfDay(time) ?? 0)).dueMs;
}

import type { TradingCalendar } from "./calendar/calendar.ts";
import { addDays, monthOf, weekday, yearOf, type Day } from "./day.ts";

/**
 * Which days a schedule means; all but the first two ask the calendar. A slot of a cron text is judged
 * by the day in its name, in the job's own zone: a job that lives ahead of the exchange means the
 * morning `after-session`. A time of the session is judged by the session's day.
 */
export const DAY_RULES = [
  "every-day",
  "weekdays",
  "session",
  "non-session",
  "after-session",
  "first-session-of-week",
  "last-session-of-week",
  "first-session-of-month",
  "last-session-of-month",
] as const;

export type DayRule = (typeof DAY_RULES)[number];

/**
 * What happens to a slot on a holiday, a weekday on which the exchange is closed. `skip`: nothing
 * runs. `run`: it runs all the same. `shift`: a slot of any day that the rule does not mean moves to
 * the next day that it does, at the same time of day; several that meet there are one.
 */
export const HOLIDAY_RULES = ["skip", "run", "shift"] as const;

export type HolidayRule = (typeof HOLIDAY_RULES)[number];

/** The rule of days of one schedule. */
export interface DayFilter {
  days: DayRule;
  /** Without it, a calendar's holidays are skipped by rules that ask for sessions, and run by the others. */
  onHoliday?: HolidayRule | undefined;
  calendar?: TradingCalendar | undefined;
}

/** Why a day is not meant, or undefined when it is. `shift` is the caller's to act on. */
export function reasonAgainst(filter: DayFilter, day: Day): string | undefined {
  const { days, calendar } = filter;
  if (days === "weekdays" && isWeekend(day)) return "a weekend";
  if (days === "every-day" || days === "weekdays") return holidayReason(filter, day);
  // A rule that asks for sessions has a calendar: parsing saw to it. Without one, no day is a session.
  if (!calendar) return days === "non-session" ? undefined : "no calendar";
  switch (days) {
    case "session":
      return filter.onHoliday === "run" && calendar.closureName(day) !== undefined
        ? undefined
        : closedReason(calendar, day);
    case "non-session":
      return calendar.isSession(day) ? `a session of ${calendar.name}` : undefined;
    case "after-session":
      return calendar.isSession(addDays(day, -1)) ? undefined : "no session the day before";
    case "first-session-of-week":
    case "last-session-of-week":
    case "first-session-of-month":
    case "last-session-of-month":
      return closedReason(calendar, day) ?? edgeReason(calendar, days, day);
  }
}

function holidayReason(filter: DayFilter, day: Day): string | undefined {
  const { calendar, onHoliday } = filter;
  if (!calendar || onHoliday === undefined || onHoliday === "run") return undefined;
  const name = calendar.closureName(day);
  return name === undefined ? undefined : `${calendar.name} closed: ${name}`;
}

function closedReason(calendar: TradingCalendar, day: Day): string | undefined {
  if (calendar.isSession(day)) return undefined;
  const name = calendar.closureName(day);
  return name === undefined ? "a weekend" : `${calendar.name} closed: ${name}`;
}

type EdgeRule = Extract<DayRule, `${"first" | "last"}-session-of-${"week" | "month"}`>;

/** A session is first or last when its neighbour lies in another week or month. Weeks begin on Monday. */
function edgeReason(calendar: TradingCalendar, rule: EdgeRule, day: Day): string | undefined {
  const isFirst = rule.startsWith("first");
  const neighbour = isFirst ? calendar.previousSession(day) : calendar.nextSession(day);
  const isEdge = rule.endsWith("month")
    ? monthOf(neighbour) !== monthOf(day) || yearOf(neighbour) !== yearOf(day)
    : mondayOf(neighbour) !== mondayOf(day);
  return isEdge ? undefined : `not the ${rule.replaceAll("-", " ")}`;
}

function mondayOf(day: Day): Day {
  return addDays(day, -((weekday(day) + 6) % 7));
}

function isWeekend(day: Day): boolean {
  const which = weekday(day);
  return which === 0 || which === 6;
}

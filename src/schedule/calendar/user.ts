import { yearOf } from "../day.ts";
import type { TimeOfDay } from "../wall.ts";
import type { Zone } from "../zone.ts";
import { buildCalendar, type CalendarFacts } from "./build.ts";
import type { TradingCalendar } from "./calendar.ts";
import type { CalendarRow } from "./rows.ts";

/** The facts of a calendar with a user's rows over them: the row wins on its day. */
export function withRows(facts: CalendarFacts, rows: readonly CalendarRow[]): CalendarFacts {
  if (rows.length === 0) return facts;
  const overridden = new Set(rows.map(({ day }) => day));
  const of = (kind: CalendarRow["kind"], year: number): CalendarRow[] =>
    rows.filter((row) => row.kind === kind && yearOf(row.day) === year);
  return {
    ...facts,
    closures: (year) => [
      ...facts.closures(year).filter(({ day }) => !overridden.has(day)),
      ...of("closed", year),
    ],
    earlyCloses: (year) => [
      ...facts.earlyCloses(year).filter(({ day }) => !overridden.has(day)),
      ...of("early", year).map(({ day, name, close }) => ({
        day,
        name,
        close: close ?? facts.hours.close,
      })),
    ],
    extraSessions: (year) => [
      ...(facts.extraSessions?.(year) ?? []),
      ...[...of("open", year), ...of("early", year)].map(({ day }) => day),
    ],
  };
}

/** What a calendar of the user's own needs besides its rows. */
export interface UserCalendarFacts {
  name: string;
  zone: Zone;
  hours: { open: TimeOfDay; close: TimeOfDay };
}

/**
 * A calendar that is all the user's: weekdays but for the rows. It is on record and announced from
 * the first row's year to the last row's day, and nothing is projected past that but weekdays.
 */
export function userCalendar(
  facts: UserCalendarFacts,
  rows: readonly CalendarRow[],
): TradingCalendar {
  const days = rows.map(({ day }) => day).sort();
  const bare: CalendarFacts = {
    ...facts,
    recordedFrom: `${(days[0] ?? "9999").slice(0, 4)}-01-01`,
    announcedThrough: days.at(-1) ?? "0000-12-31",
    closures: () => [],
    earlyCloses: () => [],
  };
  return buildCalendar(withRows(bare, rows));
}

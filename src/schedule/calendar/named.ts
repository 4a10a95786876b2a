import { knownZone } from "../zone.ts";
import { buildCalendar, type CalendarFacts } from "./build.ts";
import type { TradingCalendar } from "./calendar.ts";
import { chicagoGrains } from "./cbot-grains.ts";
import type { CalendarRow } from "./rows.ts";
import { withRows } from "./user.ts";
import { newYorkStockExchange } from "./xnys.ts";

/** The calendars that come with the product. */
export const CALENDAR_NAMES = ["XNYS", "CBOT_GRAINS"] as const;

export type CalendarName = (typeof CALENDAR_NAMES)[number];

const built = new Map<CalendarName, TradingCalendar>();

/** The built-in calendar of that name, with a user's rows over its days where there are any. */
export function calendarNamed(
  name: CalendarName,
  rows: readonly CalendarRow[] = [],
): TradingCalendar {
  if (rows.length > 0) return buildCalendar(withRows(factsOf(name), rows));
  const known = built.get(name);
  if (known) return known;
  const calendar = buildCalendar(factsOf(name));
  built.set(name, calendar);
  return calendar;
}

function factsOf(name: CalendarName): CalendarFacts {
  switch (name) {
    case "XNYS":
      return newYorkStockExchange(knownZone("America/New_York"));
    case "CBOT_GRAINS":
      return chicagoGrains(knownZone("America/Chicago"));
  }
}

import { zoneNamed } from "../zone.ts";
import type { TradingCalendar } from "./calendar.ts";
import { newYorkStockExchange } from "./xnys.ts";

export const CALENDAR_NAMES = ["XNYS"] as const;

export type CalendarName = (typeof CALENDAR_NAMES)[number];

const built = new Map<CalendarName, TradingCalendar>();

/** The built-in calendar of that name. */
export function calendarNamed(name: CalendarName): TradingCalendar {
  const known = built.get(name);
  if (known) return known;
  const calendar = newYorkStockExchange(requiredZone("America/New_York"));
  built.set(name, calendar);
  return calendar;
}

function requiredZone(name: string) {
  const zone = zoneNamed(name);
  // Only a Node built with small-icu or none at all lacks it; every official build carries all.
  if (!zone) throw new Error(`this Node carries no time zone data for ${name}`);
  return zone;
}

import type { Day } from "../day.ts";
import type { TradingCalendar } from "./calendar.ts";

/** What a reader of days up to `through` should know about the calendar's horizon, if anything. */
export function horizonRemark(
  calendar: TradingCalendar,
  from: Day,
  through: Day,
): string | undefined {
  if (through > calendar.announcedThrough) {
    return `${calendar.name} is announced through ${calendar.announcedThrough}; later days are projected by rule.`;
  }
  if (from < calendar.recordedFrom) {
    return `Exceptional closures of ${calendar.name} are on record from ${calendar.recordedFrom}; earlier days are by rule alone.`;
  }
  return undefined;
}

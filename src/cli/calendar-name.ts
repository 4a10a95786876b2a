import { nearest } from "../config/nearest.ts";
import { CALENDAR_NAMES, type CalendarName } from "../schedule/calendar/named.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";

/** The built-in calendar that was typed, in any case; a `Failure` of usage when there is none. */
export function parseCalendarName(text: string): CalendarName {
  const wanted = text.toUpperCase();
  const found = CALENDAR_NAMES.find((name) => name === wanted);
  if (found !== undefined) return found;
  const guess = nearest(wanted, CALENDAR_NAMES);
  throw new Failure({
    code: "CBI_USAGE",
    message: `a calendar is one of ${CALENDAR_NAMES.join(", ")}; '${text}' came`,
    remedy: guess === undefined ? "See: cbi calendar --help" : `Did you mean: ${guess}?`,
    exit: ExitCode.usage,
  });
}

import { readFileSync } from "node:fs";
import path from "node:path";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import { CALENDAR_NAMES, calendarNamed, type CalendarName } from "../schedule/calendar/named.ts";
import { parseCalendarRows, type CalendarRow } from "../schedule/calendar/rows.ts";
import { userCalendar } from "../schedule/calendar/user.ts";
import { zoneNamed } from "../schedule/zone.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import type { HomePaths } from "../system/home.ts";
import type { UserCalendar } from "./calendars-schema.ts";
import type { Config } from "./schema.ts";

type CalendarConfig = Pick<Config, "calendar" | "calendars">;

/**
 * The calendar of that name, by default the home's, with the days of the user's file over it. Throws
 * `CBI_CALENDAR_INVALID` (78) when the file cannot be read or has a line that is none.
 */
export function homeCalendar(
  home: { config: CalendarConfig; paths: Pick<HomePaths, "root"> },
  name: string = home.config.calendar,
): TradingCalendar {
  const settings = home.config.calendars[name];
  const rows = settings?.file === undefined ? [] : rowsOf(home.paths.root, name, settings.file);
  const calendar = buildNamed(name, settings, rows);
  if (calendar) return calendar;
  throw invalid(name, `there is no calendar ${name}, built in or under calendars`);
}

/** The same without reading the user's file: enough to judge what a schedule may ask of it. */
export function calendarWithoutDays(
  config: CalendarConfig,
  name: string,
): TradingCalendar | undefined {
  return buildNamed(name, config.calendars[name], []);
}

/** Every name that `calendar` may have. */
export function calendarNames(config: Partial<CalendarConfig>): string[] {
  return [...new Set([...CALENDAR_NAMES, ...Object.keys(config.calendars ?? {})])];
}

/** Whether the product itself carries a calendar of that name. */
export function isBuiltIn(name: string): name is CalendarName {
  return CALENDAR_NAMES.some((known) => known === name);
}

function buildNamed(
  name: string,
  settings: UserCalendar | undefined,
  rows: readonly CalendarRow[],
): TradingCalendar | undefined {
  if (isBuiltIn(name)) return calendarNamed(name, rows);
  const zone = settings?.zone === undefined ? undefined : zoneNamed(settings.zone);
  if (!zone || settings?.open === undefined || settings.close === undefined) return undefined;
  const hours = { open: settings.open, close: settings.close };
  return userCalendar({ name, zone, hours }, rows);
}

function rowsOf(root: string, name: string, file: string): CalendarRow[] {
  let text: string;
  try {
    text = readFileSync(path.resolve(root, file), "utf8");
  } catch (error) {
    throw invalid(name, `the file ${file} cannot be read: ${messageOf(error)}`);
  }
  const rows = parseCalendarRows(text);
  if (rows.ok) return rows.value;
  throw invalid(name, `${file}, ${rows.problem.message}`);
}

function invalid(name: string, problem: string): Failure {
  return new Failure({
    code: "CBI_CALENDAR_INVALID",
    message: `the calendar ${name} cannot be used: ${problem}`,
    remedy: `Mend calendars.${name} in cbi.yaml or its file; lines are date,kind,close,name.`,
    exit: ExitCode.configInvalid,
  });
}

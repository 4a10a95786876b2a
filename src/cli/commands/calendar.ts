import type { TradingCalendar } from "../../schedule/calendar/calendar.ts";
import { horizonRemark } from "../../schedule/calendar/horizon.ts";
import { CALENDAR_NAMES, calendarNamed } from "../../schedule/calendar/named.ts";
import { weekday, yearOf } from "../../schedule/day.ts";
import { dayOfWall } from "../../schedule/wall.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { parseCalendarName } from "../calendar-name.ts";
import { jsonOption, type Command } from "../command.ts";

const YEAR_MIN = 1981;
const YEAR_MAX = 2100;
const WEEKDAY_NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** What `cbi calendar --json` prints; other programs read it. */
export interface CalendarYear {
  calendar: string;
  year: number;
  /** The last day that the exchange has announced; later days are the rules' projection. */
  announced_through: string;
  closures: { date: string; name: string }[];
  early_closes: { date: string; close: string; name: string }[];
}

export const command: Command = {
  words: ["calendar"],
  summary: "Show a year of a trading calendar: closures and early closes",
  description:
    "Closing times are in the exchange's zone. Past the day that the exchange has announced, the\n" +
    "year is projected by rule and a remark says so. Needs no home.",
  arguments: [
    { name: "[calendar]", summary: `one of ${CALENDAR_NAMES.join(", ")} (default: XNYS)` },
  ],
  options: [
    {
      flags: "--year <year>",
      summary: "the year to show (default: this year at the exchange)",
      parse: parseYear,
    },
    jsonOption,
  ],
  examples: [
    { line: "cbi calendar", says: "this year of the New York Stock Exchange" },
    { line: "cbi calendar XNYS --year 2027 --json", says: "another year, for a program" },
  ],
  exits: [{ code: ExitCode.done, when: "the year was shown" }],
  async run(context, input) {
    const calendar = calendarNamed(parseCalendarName(input.arguments[0] ?? "XNYS"));
    const today = dayOfWall(calendar.zone.wallAt(context.clock.now()));
    const { year: asked } = input.options;
    const shown = calendarYear(calendar, typeof asked === "number" ? asked : yearOf(today));
    const remark = horizonRemark(calendar, `${shown.year}-01-01`, `${shown.year}-12-31`);
    if (remark !== undefined) context.remark(remark);
    const isJson = input.options["json"] === true;
    context.write(isJson ? `${JSON.stringify(shown, null, 2)}\n` : table(calendar, shown));
    return ExitCode.done;
  },
};

function calendarYear(calendar: TradingCalendar, year: number): CalendarYear {
  return {
    calendar: calendar.name,
    year,
    announced_through: calendar.announcedThrough,
    closures: calendar.closures(year).map(({ day, name }) => ({ date: day, name })),
    early_closes: calendar
      .earlyCloses(year)
      .map(({ day, close, name }) => ({ date: day, close, name })),
  };
}

function table(calendar: TradingCalendar, shown: CalendarYear): string {
  const sessions = calendar.sessionsBetween(`${shown.year - 1}-12-31`, `${shown.year}-12-31`);
  const row = (date: string, what: string, name: string): string =>
    `  ${WEEKDAY_NAMES[weekday(date)]} ${date}  ${what.padEnd(6)}  ${name}`;
  return [
    `${shown.calendar} ${shown.year}: ${sessions} sessions, ${calendar.hours.open} to ${calendar.hours.close} ${calendar.zone.name}`,
    "",
    "Closed",
    ...shown.closures.map(({ date, name }) => row(date, "closed", name)),
    "",
    "Early closes",
    ...shown.early_closes.map(({ date, close, name }) => row(date, close, name)),
    "",
  ].join("\n");
}

function parseYear(text: string): number {
  const year = /^\d{4}$/.test(text) ? Number(text) : Number.NaN;
  if (year >= YEAR_MIN && year <= YEAR_MAX) return year;
  throw new Failure({
    code: "CBI_USAGE",
    message: `--year takes a year from ${YEAR_MIN} to ${YEAR_MAX}; '${text}' came`,
    remedy: "See: cbi calendar --help",
    exit: ExitCode.usage,
  });
}

import { addDays, dayOf, weekday, yearOf } from "../day.ts";
import type { Zone } from "../zone.ts";
import type { CalendarFacts } from "./build.ts";
import type { Closure, EarlyClose } from "./calendar.ts";
import { nthWeekday } from "./rules.ts";
import { marketHolidays } from "./us-holidays.ts";

/**
 * The New York Stock Exchange: all full closures and early closes from 1990, by rule and by record.
 * Sources: NYSE, "Special Closings" and "Holidays & Trading Hours", and NYSE Group's yearly
 * announcements of holidays and early closings, the last of December 2025 for 2026 to 2028. Late
 * openings and halts within a day are not in it.
 */
export function newYorkStockExchange(zone: Zone): CalendarFacts {
  return {
    name: "XNYS",
    zone,
    hours: { open: "09:30", close: "16:00" },
    // NYSE Arca's early and late sessions, the longest of the group.
    extendedHours: { preFrom: "04:00", postThrough: "20:00", earlyPostThrough: "17:00" },
    recordedFrom: "1990-01-01",
    announcedThrough: "2028-12-31",
    closures: (year) => [
      ...marketHolidays(year),
      ...EXCEPTIONAL_CLOSURES.filter(({ day }) => yearOf(day) === year),
    ],
    earlyCloses: (year) => [
      ...regularEarlyCloses(year),
      ...EXCEPTIONAL_EARLY_CLOSES.filter(({ day }) => yearOf(day) === year),
    ],
  };
}

/** The exchange announces them year by year; these are the habits that its announcements followed. */
function regularEarlyCloses(year: number): EarlyClose[] {
  const closes: EarlyClose[] = [];
  // The habit began with two o'clock in 1990 and became one o'clock in 1993.
  const close = year >= 1993 ? "13:00" : "14:00";
  const independence = independenceEarlyClose(year);
  if (independence !== undefined) closes.push(independence);
  if (year >= 1992) {
    const day = addDays(nthWeekday(year, 11, 4, 4), 1);
    closes.push({ day, close, name: "Day after Thanksgiving" });
  }
  // When Christmas is a Saturday, its eve is the observed holiday and thereby no session.
  if (year >= 1990) closes.push({ day: dayOf(year, 12, 24), close, name: "Christmas Eve" });
  return closes;
}

function independenceEarlyClose(year: number): EarlyClose | undefined {
  if (year < 1995) return undefined;
  const close = "13:00";
  const holiday = weekday(dayOf(year, 7, 4));
  if (holiday === 4 && year < 2013) {
    return { day: dayOf(year, 7, 5), close, name: "Day after Independence Day" };
  }
  if (holiday < 2 || holiday > 5) return undefined;
  return { day: dayOf(year, 7, 3), close, name: "Day before Independence Day" };
}

const EXCEPTIONAL_CLOSURES: readonly Closure[] = [
  { day: "1994-04-27", name: "National day of mourning for Richard Nixon" },
  { day: "2001-09-11", name: "Attacks of September 11" },
  { day: "2001-09-12", name: "Attacks of September 11" },
  { day: "2001-09-13", name: "Attacks of September 11" },
  { day: "2001-09-14", name: "Attacks of September 11" },
  { day: "2004-06-11", name: "National day of mourning for Ronald Reagan" },
  { day: "2007-01-02", name: "National day of mourning for Gerald Ford" },
  { day: "2012-10-29", name: "Hurricane Sandy" },
  { day: "2012-10-30", name: "Hurricane Sandy" },
  { day: "2018-12-05", name: "National day of mourning for George H. W. Bush" },
  { day: "2025-01-09", name: "National day of mourning for Jimmy Carter" },
];

const EXCEPTIONAL_EARLY_CLOSES: readonly EarlyClose[] = [
  { day: "1994-02-11", close: "14:30", name: "Snowstorm" },
  { day: "1996-01-08", close: "14:00", name: "Snowstorm" },
  { day: "1997-10-27", close: "15:30", name: "Circuit breaker" },
  { day: "1997-12-26", close: "13:00", name: "Day after Christmas" },
  { day: "1999-12-31", close: "13:00", name: "New Year's Eve" },
  { day: "2003-12-26", close: "13:00", name: "Day after Christmas" },
  { day: "2005-06-01", close: "15:56", name: "Systems failure" },
];

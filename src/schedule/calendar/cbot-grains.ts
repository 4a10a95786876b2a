import { addDays, dayOf, yearOf } from "../day.ts";
import type { Zone } from "../zone.ts";
import type { CalendarFacts } from "./build.ts";
import type { EarlyClose } from "./calendar.ts";
import { nthWeekday } from "./rules.ts";
import { marketHolidays } from "./us-holidays.ts";

/**
 * The day session of grains and oilseeds, soybean oil among them, on CME Group's Chicago Board of
 * Trade: 8:30 to 13:20 Central, the hours since July 2015. Sources: CME Group's contract
 * specifications and holiday hours, compared day by day for 2026; its notice of December 2024 for
 * January 9, 2025.
 *
 * Not in it, since CME Group announces it year by year and no rule is known: the evening session
 * (19:00 to 7:45), which is left out before a holiday; shorter days before Independence Day (2013
 * had one, 2024 had none); national days of mourning before 2025; the hours before July 2015. Rows of the
 * user's are the place for what the exchange announces.
 */
export function chicagoGrains(zone: Zone): CalendarFacts {
  return {
    name: "CBOT_GRAINS",
    zone,
    hours: { open: "08:30", close: "13:20" },
    recordedFrom: "2026-01-01",
    announcedThrough: "2026-12-31",
    closures: marketHolidays,
    earlyCloses: (year) => [
      {
        day: addDays(nthWeekday(year, 11, 4, 4), 1),
        close: "12:05",
        name: "Day after Thanksgiving",
      },
      { day: dayOf(year, 12, 24), close: "12:05", name: "Christmas Eve" },
      ...EXCEPTIONAL_EARLY_CLOSES.filter(({ day }) => yearOf(day) === year),
    ],
  };
}

const EXCEPTIONAL_EARLY_CLOSES: readonly EarlyClose[] = [
  { day: "2025-01-09", close: "12:15", name: "National day of mourning for Jimmy Carter" },
];

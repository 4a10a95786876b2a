import { addDays, dayOf } from "../day.ts";
import type { Closure } from "./calendar.ts";
import { easterSunday, lastWeekday, nthWeekday, observed } from "./rules.ts";

/**
 * The holidays of the exchanges of the United States: New York's stocks since 1990 and Chicago's
 * grains observe the same days. Columbus Day, Veterans Day and election days are none of them.
 */
export function marketHolidays(year: number): Closure[] {
  const fixed = (month: number, dayOfMonth: number, name: string): Closure[] => {
    const day = observed(dayOf(year, month, dayOfMonth));
    return day === undefined ? [] : [{ day, name }];
  };
  return [
    ...fixed(1, 1, "New Year's Day"),
    ...(year >= 1998
      ? [{ day: nthWeekday(year, 1, 1, 3), name: "Martin Luther King, Jr. Day" }]
      : []),
    { day: nthWeekday(year, 2, 1, 3), name: "Washington's Birthday" },
    { day: addDays(easterSunday(year), -2), name: "Good Friday" },
    { day: lastWeekday(year, 5, 1), name: "Memorial Day" },
    ...(year >= 2022 ? fixed(6, 19, "Juneteenth National Independence Day") : []),
    ...fixed(7, 4, "Independence Day"),
    { day: nthWeekday(year, 9, 1, 1), name: "Labor Day" },
    { day: nthWeekday(year, 11, 4, 4), name: "Thanksgiving Day" },
    ...fixed(12, 25, "Christmas Day"),
  ];
}

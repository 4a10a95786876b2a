import { addDays, dayOf, daysInMonth, monthOf, weekday, type Day, type Weekday } from "../day.ts";

/** The n-th such weekday of a month, counted from 1. */
export function nthWeekday(year: number, month: number, which: Weekday, n: number): Day {
  const first = dayOf(year, month, 1);
  return addDays(first, ((which - weekday(first) + 7) % 7) + (n - 1) * 7);
}

export function lastWeekday(year: number, month: number, which: Weekday): Day {
  const last = dayOf(year, month, daysInMonth(year, month));
  return addDays(last, -((weekday(last) - which + 7) % 7));
}

/**
 * Western Easter Sunday.
 * Method: the anonymous Gregorian algorithm (Meeus, "Astronomical Algorithms", chapter 8).
 */
export function easterSunday(year: number): Day {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const yearOfCentury = year % 100;
  const leapCenturies = Math.floor(century / 4);
  const correction = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - leapCenturies - correction + 15) % 30;
  const toSunday =
    (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - epact - (yearOfCentury % 4)) % 7;
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451);
  const marchDay = epact + toSunday - 7 * late + 114;
  return dayOf(year, Math.floor(marchDay / 31), (marchDay % 31) + 1);
}

/**
 * The weekday on which the exchange observes a holiday of a fixed date: Monday for a Sunday, Friday
 * for a Saturday, unless that Friday ends a month, in which case it is not observed at all.
 * Source: NYSE Rule 7.2 (formerly Rule 51): a Saturday holiday closes the Friday before "unless
 * unusual business conditions exist, such as the ending of a monthly or yearly accounting period".
 */
export function observed(holiday: Day): Day | undefined {
  const which = weekday(holiday);
  if (which === 0) return addDays(holiday, 1);
  if (which !== 6) return holiday;
  const friday = addDays(holiday, -1);
  return monthOf(friday) === monthOf(holiday) ? friday : undefined;
}

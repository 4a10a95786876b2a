/** A calendar day as ISO text, `2026-03-08`. Days compare as text does. */
export type Day = string;

/** 0 is Sunday, as in cron and in `Date`. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const DAY_TEXT = /^(\d{4})-(\d{2})-(\d{2})$/;
const WEEKDAYS: readonly Weekday[] = [0, 1, 2, 3, 4, 5, 6];

/** Whether the text is a day that exists, in ISO form and of the years 0000 to 9999. */
export function isDay(text: string): boolean {
  const match = DAY_TEXT.exec(text);
  if (!match) return false;
  const month = Number(match[2]);
  const dayOfMonth = Number(match[3]);
  if (month < 1 || month > 12 || dayOfMonth < 1) return false;
  return dayOfMonth <= daysInMonth(Number(match[1]), month);
}

/**
 * Days since 1970-01-01. Text that is no day gives NaN.
 * Method: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
 */
export function dayNumber(day: Day): number {
  return dayNumberOf(yearOf(day), monthOf(day), dayOfMonthOf(day));
}

/** Days since 1970-01-01 of a year, month (1 to 12) and day of the month. */
export function dayNumberOf(year: number, month: number, dayOfMonth: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Year, month (1 to 12) and day of the month of a number of days since 1970-01-01. */
export function civilOf(number: number): { year: number; month: number; dayOfMonth: number } {
  const shifted = number + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth };
}

/** The day that is so many days after 1970-01-01. */
export function dayOfNumber(number: number): Day {
  const { year, month, dayOfMonth } = civilOf(number);
  return dayOf(year, month, dayOfMonth);
}

export function dayOf(year: number, month: number, dayOfMonth: number): Day {
  return `${String(year).padStart(4, "0")}-${twoDigits(month)}-${twoDigits(dayOfMonth)}`;
}

export function addDays(day: Day, count: number): Day {
  return dayOfNumber(dayNumber(day) + count);
}

/** Days from `from` to `to`; negative when `to` is the earlier. */
export function daysBetween(from: Day, to: Day): number {
  return dayNumber(to) - dayNumber(from);
}

/** Below 0 when `left` is the earlier, above 0 when it is the later. For sorting. */
export function compareDays(left: Day, right: Day): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export function weekday(day: Day): Weekday {
  return weekdayOfNumber(dayNumber(day));
}

/** The weekday of a number of days since 1970-01-01, which was a Thursday. */
export function weekdayOfNumber(number: number): Weekday {
  return WEEKDAYS[(((number + 4) % 7) + 7) % 7] ?? 0;
}

export function yearOf(day: Day): number {
  return Number(day.slice(0, 4));
}

/** 1 to 12. */
export function monthOf(day: Day): number {
  return Number(day.slice(5, 7));
}

/** 1 to 31. */
export function dayOfMonthOf(day: Day): number {
  return Number(day.slice(8, 10));
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

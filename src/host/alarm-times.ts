import type { CalendarEntry } from "../schedule/calendar-entries.ts";
import type { Weekday } from "../schedule/day.ts";

/** A time of day with the weekdays on which it rings; none named means every day. */
export interface AlarmTime {
  hour: number;
  minute: number;
  weekdays: readonly Weekday[];
}

/** Entries of the same time of day as one, in order of time. */
export function alarmTimes(entries: readonly CalendarEntry[]): AlarmTime[] {
  const times = new Map<number, { hour: number; minute: number; weekdays: Weekday[] }>();
  for (const { weekday, hour, minute } of entries) {
    const key = hour * 60 + minute;
    const time = times.get(key) ?? { hour, minute, weekdays: [] };
    if (weekday !== undefined) time.weekdays.push(weekday);
    times.set(key, time);
  }
  return [...times.values()];
}

import { weekdayOfNumber } from "../../schedule/day.ts";
import { DAY_MS, MINUTE_MS } from "../../schedule/wall.ts";
import type { Zone } from "../../schedule/zone.ts";
import type { CalendarDictionary } from "./print-text.ts";

const DAYS = 8;

/**
 * When launchd rings next by its calendar, on the Mac's clock: launchd itself tells it nowhere. Undefined
 * where there is no calendar.
 */
export function nextRing(
  calendar: readonly CalendarDictionary[],
  zone: Zone,
  nowMs: number,
): number | undefined {
  const today = Math.floor(zone.wallAt(nowMs) / DAY_MS);
  const rings = calendar.flatMap(({ Weekday: weekday, Hour: hour = 0, Minute: minute = 0 }) =>
    Array.from({ length: DAYS }, (_, index) => today + index)
      .filter((day) => weekday === undefined || weekdayOfNumber(day) === weekday % 7)
      .map((day) => zone.dueOf(day * DAY_MS + (hour * 60 + minute) * MINUTE_MS).dueMs)
      .filter((dueMs) => dueMs > nowMs),
  );
  return rings.length === 0 ? undefined : Math.min(...rings);
}

import type { CalendarEntry } from "../../../src/schedule/calendar-entries.ts";
import { DAY_MS, MINUTE_MS, minuteOfWall } from "../../../src/schedule/wall.ts";
import type { WallMs, Zone } from "../../../src/schedule/zone.ts";

/** Which instant the C library takes for a wall time that the clock shows twice. */
export type Pass = "first" | "second";

/**
 * When launchd rings for an entry next, after a moment at which it arms it. Modelled on the `cronemu`
 * functions of the last published source (launchd-842, src/core.c): from the next minute on it looks
 * for a day whose remaining hours hold the entry's time, and lets mktime(3) make an instant of it. A
 * day begins where mktime puts its midnight; a time in a gap moves on by the gap's length.
 */
export function nextRing(entry: CalendarEntry, zone: Zone, nowMs: number, pass: Pass): number {
  const nowWall = zone.wallAt(nowMs);
  const wanted = entry.hour * 60 + entry.minute;
  let number = Math.floor(nowWall / DAY_MS);
  let earliest = minuteOfWall(nowWall) + 1;
  for (;;) {
    const isDay = entry.weekday === undefined || weekdayOf(number) === entry.weekday;
    if (isDay && wanted >= earliest) {
      const ringMs = instantOf(zone, number * DAY_MS + wanted * MINUTE_MS, pass);
      // Armed inside of an overlap, the first pass may be over; launchd rings at once then.
      return Math.max(ringMs, nowMs + 1);
    }
    // Midnight of the following day, or what mktime makes of it when the clock skips it.
    const start = zone.wallAt(instantOf(zone, (number + 1) * DAY_MS, pass));
    number = Math.floor(start / DAY_MS);
    earliest = minuteOfWall(start);
  }
}

/** What mktime(3) makes of a wall time whose tm_isdst is -1. */
function instantOf(zone: Zone, wall: WallMs, pass: Pass): number {
  const due = zone.dueOf(wall);
  if (due.change === undefined) return due.dueMs;
  if (due.change === "gap") return wall - zone.offsetMsAt(due.dueMs - 1000);
  if (pass === "first") return due.dueMs;
  return wall - zone.offsetMsAt(due.dueMs + backMs(zone, due.dueMs));
}

/** How far the overlap after an instant sets the clock back. */
function backMs(zone: Zone, firstMs: number): number {
  const [change] = zone.changesBetween(firstMs, firstMs + 3 * 3_600_000);
  return change ? zone.offsetMsAt(firstMs) - change.offsetMs : 0;
}

function weekdayOf(number: number): number {
  return (((number + 4) % 7) + 7) % 7;
}

import { weekdayOfNumber, type Weekday } from "./day.ts";
import type { Schedule } from "./schedule.ts";
import { slotsBetween } from "./slots.ts";
import { DAY_MS, MINUTE_MS, minuteOfWall } from "./wall.ts";
import type { WallMs, Zone } from "./zone.ts";

/** A wall-clock time at which an alarm rings: every day, or on one weekday (0 is Sunday). */
export interface CalendarEntry {
  weekday?: Weekday;
  /** 0 to 23. */
  hour: number;
  /** 0 to 59. */
  minute: number;
}

export interface EntryLimits {
  /** The slots due in (from, through] decide. */
  fromMs: number;
  throughMs: number;
  /** The scheduler takes no more. */
  entriesMax: number;
}

const WEEK = 7;
/** No clock was ever set back by more. */
const OVERLAP_MAX_MS = 3 * 3_600_000;

/**
 * Compiles a schedule into alarms on the wall clock of another zone, for schedulers that know no zone
 * but the machine's own. Every due instant of the span is told in that zone, so that each offset which
 * the two clocks will have to each other gets an entry; what rings without need is harmless, since
 * whatever it starts asks what is due.
 *
 * An instant in the second pass of an overlap has a wall time that such schedulers ring at in the
 * first pass, too early, and not again for a day. It gets a further entry at the first time after the
 * overlap. So no slot is rung late by more than the clock is set back.
 *
 * In order of time; undefined when even without weekdays there are more than `entriesMax`.
 */
export function calendarEntries(
  schedule: Schedule,
  zone: Zone,
  limits: EntryLimits,
): CalendarEntry[] | undefined {
  const { fromMs, throughMs, entriesMax } = limits;
  const weekdays = new Map<number, Set<Weekday>>();
  const add = (wall: WallMs): void => {
    const minute = minuteOfWall(wall);
    const known = weekdays.get(minute) ?? new Set<Weekday>();
    weekdays.set(minute, known.add(weekdayOfNumber(Math.floor(wall / DAY_MS))));
  };
  for (const { dueMs } of slotsBetween(schedule, fromMs, throughMs)) {
    const wall = zone.wallAt(dueMs);
    add(wall);
    if (zone.dueOf(wall).dueMs < dueMs) add(zone.wallAt(overlapEnd(zone, dueMs)));
    if (weekdays.size > entriesMax) return undefined;
  }
  const exact = entriesOf(weekdays);
  return exact.length <= entriesMax ? exact : entriesOf(weekdays, "every day");
}

/** When the wall clock first shows again what it has shown only once; `instantMs` is a second pass. */
function overlapEnd(zone: Zone, instantMs: number): number {
  const changes = zone.changesBetween(instantMs - OVERLAP_MAX_MS, instantMs);
  const change = changes.at(-1);
  if (!change) return instantMs;
  const backMs = zone.offsetMsAt(change.atMs - 1000) - change.offsetMs;
  return Math.ceil((change.atMs + backMs) / MINUTE_MS) * MINUTE_MS;
}

function entriesOf(
  weekdays: ReadonlyMap<number, ReadonlySet<Weekday>>,
  days?: "every day",
): CalendarEntry[] {
  const times = [...weekdays].sort(([left], [right]) => left - right);
  return times.flatMap(([minuteOfDay, on]): CalendarEntry[] => {
    const time = { hour: Math.floor(minuteOfDay / 60), minute: minuteOfDay % 60 };
    if (days === "every day" || on.size === WEEK) return [time];
    const weekdays = [...on].sort((left, right) => left - right);
    return weekdays.map((weekday) => ({ weekday, ...time }));
  });
}

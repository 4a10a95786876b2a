import { weekdayOfNumber } from "../../../schedule/day.ts";
import { DAY_MS, MINUTE_MS } from "../../../schedule/wall.ts";
import type { Zone } from "../../../schedule/zone.ts";
import type { PowerEventType, PowerSchedule, RepeatingEvent } from "./sched-text.ts";

/** Something that the Mac will do by itself. */
export interface UpcomingEvent {
  atMs: number;
  type: PowerEventType;
  /** Undefined for one of every week, which nobody owns. */
  owner: string | undefined;
}

/**
 * Everything that a schedule has in (from, through], in order, in the Mac's own zone. A repeating event
 * whose days nobody knows is left out.
 */
export function upcomingEvents(
  { on, off, events }: PowerSchedule,
  zone: Zone,
  fromMs: number,
  throughMs: number,
): UpcomingEvent[] {
  const dated = events.map(({ wall, type, owner }) => {
    const { dueMs } = zone.dueOf(Date.parse(`${wall}Z`));
    return { atMs: dueMs, type, owner };
  });
  const repeating = [on, off].flatMap((event) =>
    event ? days(event, zone, fromMs, throughMs) : [],
  );
  return [...dated, ...repeating]
    .filter(({ atMs }) => atMs > fromMs && atMs <= throughMs)
    .sort((left, right) => left.atMs - right.atMs);
}

/** Whether an event wakes a Mac that sleeps; `poweron` is for one that is off. */
export function wakesFromSleep({ type }: Pick<UpcomingEvent, "type">): boolean {
  return type === "wake" || type === "wakepoweron";
}

function days(
  event: RepeatingEvent,
  zone: Zone,
  fromMs: number,
  throughMs: number,
): UpcomingEvent[] {
  const found: UpcomingEvent[] = [];
  const first = Math.floor(zone.wallAt(fromMs) / DAY_MS);
  const last = Math.floor(zone.wallAt(throughMs) / DAY_MS);
  for (let number = first; number <= last; number++) {
    // Sunday is 0 here, and the highest bit there.
    const bit = (weekdayOfNumber(number) + 6) % 7;
    if (((event.days ?? 0) & (1 << bit)) === 0) continue;
    const { dueMs } = zone.dueOf(number * DAY_MS + event.minuteOfDay * MINUTE_MS);
    found.push({ atMs: dueMs, type: event.type, owner: undefined });
  }
  return found;
}

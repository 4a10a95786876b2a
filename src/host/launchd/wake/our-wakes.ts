import type { PowerSchedule, ScheduledEvent } from "../pmset/sched-text.ts";
import type { RootCommand } from "../../root.ts";
import { WAKE_OWNER } from "./script.ts";

/** The events of a schedule that are ours. */
export function ourWakes({ events }: PowerSchedule): ScheduledEvent[] {
  return events.filter(({ owner }) => owner === WAKE_OWNER);
}

/**
 * What of others' events was there before and is no more, a word or two each; `nowWall` is the time on the
 * Mac's clock, since what has come in between goes by itself. Pure.
 */
export function theirsGone(before: PowerSchedule, after: PowerSchedule, nowWall: string): string[] {
  const key = ({ type, wall, owner }: ScheduledEvent): string => `${type} ${wall} ${owner ?? ""}`;
  const left = new Set(after.events.map(key));
  const gone = before.events.filter(
    (event) => event.owner !== WAKE_OWNER && event.wall > nowWall && !left.has(key(event)),
  );
  const repeating = ([before.on, before.off] as const).flatMap((event, index) => {
    const other = index === 0 ? after.on : after.off;
    const isSame = JSON.stringify(event) === JSON.stringify(other);
    return event && !isSame ? [`repeating ${event.type}`] : [];
  });
  return [...repeating, ...gone.map(key)];
}

/** What cancels one event by its type, date and owner, and never another: `pmset schedule cancel …` (pmset(1)). */
export function cancelCommand({ type, wall, owner = "" }: ScheduledEvent): RootCommand {
  const [, year = "", month, day, time] = /^\d\d(\d\d)-(\d\d)-(\d\d)T(.+)$/.exec(wall) ?? [];
  const name = type === "wakepoweron" ? "wakeorpoweron" : type;
  const words = ["schedule", "cancel", name, `${month}/${day}/${year} ${time}`, owner];
  return ["/usr/bin/pmset", ...words];
}

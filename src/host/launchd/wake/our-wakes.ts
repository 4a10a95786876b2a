import type { PowerSchedule, ScheduledEvent } from "../pmset/sched-text.ts";
import type { RootCommand } from "../../root.ts";
import { WAKE_OWNER } from "./script.ts";

/** The events of a schedule that are ours. */
export function ourWakes({ events }: PowerSchedule): ScheduledEvent[] {
  return events.filter(({ owner }) => owner === WAKE_OWNER);
}

/** All of a schedule that is not ours, as text, so that two can be compared: what is theirs must stay. */
export function theirEvents({ on, off, events }: PowerSchedule): string {
  const others = events
    .filter(({ owner }) => owner !== WAKE_OWNER)
    .map(({ type, wall, owner }) => `${type} ${wall} ${owner ?? ""}`);
  return JSON.stringify([on ?? null, off ?? null, others.sort()]);
}

/** What cancels one event by its type, date and owner, and never another: `pmset schedule cancel …` (pmset(1)). */
export function cancelCommand({ type, wall, owner = "" }: ScheduledEvent): RootCommand {
  const [, year = "", month, day, time] = /^\d\d(\d\d)-(\d\d)-(\d\d)T(.+)$/.exec(wall) ?? [];
  const name = type === "wakepoweron" ? "wakeorpoweron" : type;
  const words = ["schedule", "cancel", name, `${month}/${day}/${year} ${time}`, owner];
  return ["/usr/bin/pmset", ...words];
}

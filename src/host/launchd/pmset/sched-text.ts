/** How powerd calls what it does (IOPMLib.h, kIOPMAutoWake and the like). */
export const POWER_EVENT_TYPES = [
  "wake",
  "poweron",
  "wakepoweron",
  "sleep",
  "shutdown",
  "restart",
] as const;

export type PowerEventType = (typeof POWER_EVENT_TYPES)[number];

/** An event of every week in the Mac's own time of day, of which it has one that wakes and one that ends. */
export interface RepeatingEvent {
  type: PowerEventType;
  /** 0 to 1439. */
  minuteOfDay: number;
  /** A bit a day, Monday the lowest; undefined where only `Some days` is known. */
  days: number | undefined;
}

/** One event at an instant. */
export interface ScheduledEvent {
  /** By which `pmset schedule cancel` knows it, until the list changes. */
  index: number;
  type: PowerEventType;
  /** On the Mac's clock, to the second: `2026-12-05T17:00:00`. */
  wall: string;
  /** Who set it; undefined where nobody says. */
  owner: string | undefined;
}

/** What `pmset -g sched` shows. */
export interface PowerSchedule {
  on: RepeatingEvent | undefined;
  off: RepeatingEvent | undefined;
  events: readonly ScheduledEvent[];
}

export const EVERY_DAY = 0x7f;
export const WEEKDAYS = 0x1f;
export const WEEKEND = 0x60;
export const DAY_NAMES = [
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
  "Sunday",
] as const;

const TYPES = "wake|poweron|wakepoweron|wakeorpoweron|sleep|shutdown|restart";
const REPEATING = new RegExp(String.raw`^  (${TYPES}) at (\d{1,2}):(\d\d)([AP])M (.+)$`);
// An owner may have quotes in its name: it ends at the last one that the rest of the line allows.
const SCHEDULED = new RegExp(
  String.raw`^ \[(\d+)\]  (${TYPES}) at (\d\d)/(\d\d)/(\d{4}) (\d\d:\d\d:\d\d)` +
    `(?: by '(.*)')?(?: leeway secs: -?[0-9]+)?(?: User visible: true)?$`,
);

/**
 * Reads `pmset -g sched` (PowerManagement-1846, pmset.m, show_scheduled_events). Nothing scheduled is an empty
 * text or `No scheduled events.`; lines of another form are passed over. Midnight is `0:05AM` and noon
 * `12:00PM`; days that have no name of their own are `Some days`.
 */
export function parseSchedule(text: string): PowerSchedule {
  const repeating: RepeatingEvent[] = [];
  const events: ScheduledEvent[] = [];
  for (const line of text.split("\n")) {
    const one = repeatingOf(line);
    if (one) repeating.push(one);
    const event = scheduledOf(line);
    if (event) events.push(event);
  }
  return {
    on: repeating.find(({ type }) => isWaking(type)),
    off: repeating.find(({ type }) => !isWaking(type)),
    events,
  };
}

/** Whether an event turns the Mac on rather than off. */
export function isWaking(type: PowerEventType): boolean {
  return type === "wake" || type === "poweron" || type === "wakepoweron";
}

function repeatingOf(line: string): RepeatingEvent | undefined {
  const [, type = "", hour = "", minute = "", half, days = ""] = REPEATING.exec(line) ?? [];
  if (type === "") return undefined;
  // The afternoon begins with 12, which stays; the morning with 0.
  const hourOfDay = Number(hour) + (half === "P" && hour !== "12" ? 12 : 0);
  const minuteOfDay = hourOfDay * 60 + Number(minute);
  if (minuteOfDay >= 24 * 60 || Number(minute) > 59) return undefined;
  return { type: typeOf(type), minuteOfDay, days: daysOf(days.trim()) };
}

function daysOf(text: string): number | undefined {
  if (text === "every day") return EVERY_DAY;
  if (text === "weekdays only") return WEEKDAYS;
  if (text === "weekends only") return WEEKEND;
  const day = DAY_NAMES.findIndex((name) => name === text);
  return day < 0 ? undefined : 1 << day;
}

function scheduledOf(line: string): ScheduledEvent | undefined {
  const match = SCHEDULED.exec(line);
  if (!match) return undefined;
  const [, index, type = "", month, day, year, time, owner] = match;
  return {
    index: Number(index),
    type: typeOf(type),
    wall: `${year}-${month}-${day}T${time}`,
    owner,
  };
}

/** Among repeating events it is printed as powerd calls it, among the others as people say it. */
function typeOf(text: string): PowerEventType {
  const name = text === "wakeorpoweron" ? "wakepoweron" : text;
  return POWER_EVENT_TYPES.find((type) => type === name) ?? "wake";
}

import { dayNumber, dayOfNumber, type Day } from "./day.ts";
import type { WallMs } from "./zone.ts";

/** A time of day as text, `09:30`. */
export type TimeOfDay = string;

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
const TIME_TEXT = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** The wall-clock time of a day and a minute of it. */
export function wallOf(day: Day, minuteOfDay = 0): WallMs {
  return dayNumber(day) * DAY_MS + minuteOfDay * MINUTE_MS;
}

export function dayOfWall(wall: WallMs): Day {
  return dayOfNumber(Math.floor(wall / DAY_MS));
}

/** 0 to 1439, the seconds dropped. */
export function minuteOfWall(wall: WallMs): number {
  return Math.floor((wall - Math.floor(wall / DAY_MS) * DAY_MS) / MINUTE_MS);
}

/** Minutes after midnight of `09:30`, or undefined when the text is no time of day. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = TIME_TEXT.exec(text);
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined;
}

/** `09:30` of 570. */
export function timeOfDay(minute: number): TimeOfDay {
  const hour = Math.floor(minute / 60);
  const rest = minute - hour * 60;
  return `${hour < 10 ? "0" : ""}${hour}:${rest < 10 ? "0" : ""}${rest}`;
}

/** The name of a wall-clock time, to the minute: `2026-03-08T02:30`. */
export function wallText(wall: WallMs): string {
  return `${dayOfWall(wall)}T${timeOfDay(minuteOfWall(wall))}`;
}

/** An instant in UTC to the second: `2026-03-08T07:00:00Z`. */
export function utcText(instantMs: number): string {
  return `${secondText(instantMs)}Z`;
}

/** An instant on a clock that is so far ahead of UTC: `2026-03-08T03:00:00-04:00`. */
export function localText(instantMs: number, offsetMs: number): string {
  const offsetMinutes = Math.round(Math.abs(offsetMs) / MINUTE_MS);
  const sign = offsetMs < 0 ? "-" : "+";
  return `${secondText(instantMs + offsetMs)}${sign}${timeOfDay(offsetMinutes)}`;
}

function secondText(wall: WallMs): string {
  const second = Math.floor(wall / 1000) - Math.floor(wall / MINUTE_MS) * 60;
  return `${wallText(wall)}:${second < 10 ? "0" : ""}${second}`;
}

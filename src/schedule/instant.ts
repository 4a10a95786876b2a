import { isDay } from "./day.ts";
import { wallOf } from "./wall.ts";
import type { Zone } from "./zone.ts";

/** An instant as a person wrote it. */
export interface WrittenInstant {
  atMs: number;
  /** Whether only a day was written: then `atMs` is its first instant in the zone. */
  isDay: boolean;
}

const WRITTEN =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Reads ISO text: a day, a time on the zone's clock, or a time with its offset or `Z`. A time that
 * the zone's clock skips or shows twice follows the law of slots. Undefined when it is none.
 */
export function parseInstant(text: string, zone: Zone): WrittenInstant | undefined {
  const match = WRITTEN.exec(text.trim());
  const [, day, hour, minute, second, fraction, offset] = match ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  if (hour === undefined) return { atMs: zone.dueOf(wallOf(day)).dueMs, isDay: true };
  const wall = wallOf(day, Number(hour) * 60 + Number(minute));
  const restMs = Number(second ?? 0) * 1000 + Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  const offsetMs = offset === undefined ? undefined : parseOffsetMs(offset);
  if (offset !== undefined && offsetMs === undefined) return undefined;
  const minuteMs = offsetMs === undefined ? zone.dueOf(wall).dueMs : wall - offsetMs;
  return { atMs: minuteMs + restMs, isDay: false };
}

function parseOffsetMs(text: string): number | undefined {
  if (text.toUpperCase() === "Z") return 0;
  const digits = text.replaceAll(/\D/g, "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  if (minutes >= 24 * 60) return undefined;
  return (text.startsWith("-") ? -minutes : minutes) * 60_000;
}

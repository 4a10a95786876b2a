import { parseDurationMs } from "../config/duration.ts";
import { parseCron, type Cron } from "./cron.ts";
import { parsed, refused, type Parsed } from "./problem.ts";
import { MINUTE_MS, parseTimeOfDay } from "./wall.ts";

/** A time relative to a session of the calendar: its open or close, and minutes from there. */
export interface SessionMoment {
  kind: "session";
  edge: "open" | "close";
  /** Minutes of elapsed time; negative is before. */
  offsetMinutes: number;
}

/** A wall-clock time of any day. */
export interface ClockMoment {
  kind: "clock";
  minuteOfDay: number;
}

export type Moment = SessionMoment | ClockMoment;

/** Elapsed time between runs, whatever the clocks on the wall do. */
export interface Interval {
  kind: "every";
  minutes: number;
}

export interface CronTiming {
  kind: "cron";
  cron: Cron;
}

export type Timing = CronTiming | Interval | SessionMoment;

const SESSION_TEXT = /^(open|close)(?:([+-])(\S+))?$/;
const EVERY_TEXT = /^every\s+(\S+)$/;
const DAY_MINUTES = 24 * 60;
const INTERVAL_MINUTES_MAX = 7 * DAY_MINUTES;

/**
 * Reads one time of a schedule: a cron text or nickname, `every 15m`, or a time relative to the
 * session such as `open-15m` or `close`.
 */
export function parseTiming(text: string): Parsed<Timing> {
  const trimmed = text.trim();
  if (/^every\b/.test(trimmed)) return parseEvery(text);
  if (/^(open|close)/.test(trimmed)) return parseSessionMoment(text);
  const cron = parseCron(text);
  return cron.ok ? parsed({ kind: "cron", cron: cron.value }) : cron;
}

/** Reads `09:30`, `open+30m`, `close`. */
export function parseMoment(text: string): Parsed<Moment> {
  const minuteOfDay = parseTimeOfDay(text.trim());
  if (minuteOfDay !== undefined) return parsed({ kind: "clock", minuteOfDay });
  return parseSessionMoment(text);
}

/** Reads the `15m` of an interval: whole minutes, up to a week. */
export function parseInterval(text: string, position = 1): Parsed<Interval> {
  const minutes = wholeMinutes(text, INTERVAL_MINUTES_MAX);
  if (minutes !== undefined && minutes >= 1) return parsed({ kind: "every", minutes });
  return refused({
    field: "every",
    position,
    found: text,
    expected: "whole minutes up to a week, such as 15m, 1h or 2d",
  });
}

function parseEvery(text: string): Parsed<Interval> {
  const word = EVERY_TEXT.exec(text.trim())?.[1];
  if (word !== undefined) return parseInterval(word, text.lastIndexOf(word) + 1);
  const found = text.trim().slice("every".length).trim();
  const position = found === "" ? text.length + 1 : text.indexOf(found) + 1;
  return refused({ field: "every", position, found, expected: "one duration such as every 15m" });
}

function parseSessionMoment(text: string): Parsed<SessionMoment> {
  const match = SESSION_TEXT.exec(text.trim());
  const position = text.length - text.trimStart().length + 1;
  if (!match) {
    const expected = "a time such as 09:30, open, close, open-15m or close+1h";
    return refused({ position, found: text.trim(), expected });
  }
  const edge = match[1] === "open" ? "open" : "close";
  const [, , sign, durationText] = match;
  if (durationText === undefined) return parsed({ kind: "session", edge, offsetMinutes: 0 });
  const minutes = wholeMinutes(durationText, DAY_MINUTES);
  if (minutes !== undefined) {
    return parsed({ kind: "session", edge, offsetMinutes: sign === "-" ? -minutes : minutes });
  }
  return refused({
    position: position + edge.length + 1,
    found: durationText,
    expected: "whole minutes up to a day, such as 15m or 2h",
  });
}

function wholeMinutes(text: string, minutesMax: number): number | undefined {
  const minutes = (parseDurationMs(text) ?? Number.NaN) / MINUTE_MS;
  return Number.isInteger(minutes) && minutes <= minutesMax ? minutes : undefined;
}

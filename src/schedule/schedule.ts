import { nearest } from "../config/nearest.ts";
import type { TradingCalendar } from "./calendar/calendar.ts";
import { DAY_RULES, HOLIDAY_RULES, type DayRule, type HolidayRule } from "./days.ts";
import {
  parsed,
  refused,
  type Parsed,
  type ProblemFacts,
  type ScheduleProblem,
} from "./problem.ts";
import {
  parseInterval,
  parseMoment,
  parseTiming,
  type Moment,
  type SessionMoment,
  type Timing,
} from "./timing.ts";
import { zoneNamed, type Zone } from "./zone.ts";

/** When a job is due. */
export interface Schedule {
  /** Each adds its slots; a slot that two of them name is one. */
  times: readonly Timing[];
  /** The job's own zone: its wall clock names the slots. */
  zone: Zone;
  days: DayRule;
  onHoliday?: HolidayRule;
  /** Whose sessions, holidays and phases are meant. */
  calendar?: TradingCalendar;
  /** Slots outside of the phase are left out. */
  phase?: Phase;
  /** Slots outside of the window are left out, and an interval begins anew at its start. */
  between?: Window;
}

/** Before the open, from open to close, after the close, in the hours that the calendar gives. */
export const PHASES = ["pre", "open", "post"] as const;

export type Phase = (typeof PHASES)[number];

/** From a moment of a day through another, both included; one before the first is the next day's. */
export interface Window {
  from: Moment;
  to: Moment;
}

/** A schedule as its user writes it. */
export interface ScheduleText {
  /** Cron texts, nicknames, `every 15m`, `open-15m`. */
  schedule?: readonly string[];
  /** An interval such as `15m`; the same as `every 15m` among the times. */
  every?: string;
  between?: { from: string; to: string };
  zone: string;
  days?: string;
  onHoliday?: string;
  phase?: string;
  /** Already looked up: where calendars come from is not the schedule's affair. */
  calendar?: TradingCalendar;
}

/** Which key of the schedule a problem lies in: `schedule[0]`, `zone`, `between.from`. */
export interface KeyedProblem extends ScheduleProblem {
  key: string;
}

export type ParsedSchedule =
  | { ok: true; schedule: Schedule }
  /** At least one problem. */
  | { ok: false; problems: readonly KeyedProblem[] };

/** Reads a whole schedule and finds every problem in it at once. */
export function parseSchedule(text: ScheduleText): ParsedSchedule {
  const problems: KeyedProblem[] = [];
  const keep = <T>(key: string, result: Parsed<T>): T | undefined => {
    if (result.ok) return result.value;
    problems.push({ key, ...result.problem });
    return undefined;
  };
  const written = text.schedule ?? [];
  const times = written.map((time, index) => keep(`schedule[${index}]`, parseTiming(time)));
  if (text.every !== undefined) times.push(keep("every", parseInterval(text.every)));
  if (times.length === 0) {
    keep("schedule", refused({ found: "", expected: "at least one time, or every" }));
  }
  const zone = keep("zone", parseZone(text.zone));
  const from = text.between && keep("between.from", parseMoment(text.between.from));
  const to = text.between && keep("between.to", parseMoment(text.between.to));
  const days = keep("days", parseWord(text.days ?? "every-day", DAY_RULES));
  const onHoliday = text.onHoliday && keep("on_holiday", parseWord(text.onHoliday, HOLIDAY_RULES));
  const phase = text.phase && keep("phase", parseWord(text.phase, PHASES));
  const schedule = {
    times: times.filter((time) => time !== undefined),
    days: days ?? "every-day",
    ...(onHoliday ? { onHoliday } : {}),
    ...(text.calendar ? { calendar: text.calendar } : {}),
    ...(phase ? { phase } : {}),
    ...(from && to ? { between: { from, to } } : {}),
  };
  problems.push(...calendarProblems(schedule));
  return zone && problems.length === 0
    ? { ok: true, schedule: { zone, ...schedule } }
    : { ok: false, problems };
}

/** What a schedule asks of a calendar that it does not have, or that does not know it. */
function calendarProblems(schedule: Omit<Schedule, "zone">): KeyedProblem[] {
  const problems: KeyedProblem[] = [];
  const need = (key: string, found: string, expected: string): void => {
    const result = refused({ found, expected });
    if (!result.ok) problems.push({ key, ...result.problem });
  };
  const { calendar, days, onHoliday, phase } = schedule;
  if (!calendar) {
    const expected = "a calendar beside it, such as calendar: XNYS";
    if (days !== "every-day" && days !== "weekdays") need("days", days, expected);
    if (onHoliday === "skip" || onHoliday === "shift") need("on_holiday", onHoliday, expected);
    if (phase) need("phase", phase, expected);
    const moment = sessionMomentIn(schedule);
    if (moment) need("schedule", moment.edge, expected);
  } else if (phase && phase !== "open" && !calendar.extendedHours) {
    need("phase", phase, `open: the hours before and after it are not known for ${calendar.name}`);
  }
  return problems;
}

function sessionMomentIn(schedule: Omit<Schedule, "zone">): SessionMoment | undefined {
  const moments = [...schedule.times, schedule.between?.from, schedule.between?.to];
  return moments.find((moment) => moment?.kind === "session");
}

/** Reads an IANA name, with the nearest one that exists when it is none. */
export function parseZone(text: string): Parsed<Zone> {
  const zone = zoneNamed(text);
  if (zone) return parsed(zone);
  const names = Intl.supportedValuesOf("timeZone");
  return refused(
    withNearest({ found: text, expected: "an IANA zone such as America/New_York" }, names),
  );
}

function parseWord<T extends string>(text: string, words: readonly T[]): Parsed<T> {
  const found = words.find((word) => word === text);
  if (found !== undefined) return parsed(found);
  return refused(withNearest({ found: text, expected: `one of ${words.join(", ")}` }, words));
}

function withNearest(facts: ProblemFacts, candidates: readonly string[]): ProblemFacts {
  const guess = nearest(facts.found, candidates);
  return guess === undefined ? facts : { ...facts, nearest: guess };
}

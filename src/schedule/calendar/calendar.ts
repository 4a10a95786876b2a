import type { Day } from "../day.ts";
import type { TimeOfDay } from "../wall.ts";
import type { Zone } from "../zone.ts";

/** The hours of one session, in the calendar's zone. */
export interface Session {
  day: Day;
  open: TimeOfDay;
  /** The closing time of that very day, early or regular. */
  close: TimeOfDay;
  /** Why it closes early; absent on a regular day. */
  earlyCloseName?: string;
}

/** The hours of trading around a session, on its own day. */
export interface ExtendedHours {
  readonly preFrom: TimeOfDay;
  readonly postThrough: TimeOfDay;
  /** The same on a day of an early close. */
  readonly earlyPostThrough: TimeOfDay;
}

export interface Closure {
  day: Day;
  name: string;
}

export interface EarlyClose {
  day: Day;
  close: TimeOfDay;
  name: string;
}

/**
 * The sessions of an exchange, by day in its own zone. Total over the years 0002 to 9998: outside of
 * `recordedFrom` to `announcedThrough` the days are the rules' projection, and a caller that plans
 * there should say so.
 */
export interface TradingCalendar {
  readonly name: string;
  readonly zone: Zone;
  /** The regular hours. */
  readonly hours: { readonly open: TimeOfDay; readonly close: TimeOfDay };
  /** Trading before the open and after the close, where the calendar knows of it. */
  readonly extendedHours?: ExtendedHours;
  /** The first day from which exceptional closures are all on record. */
  readonly recordedFrom: Day;
  /** The last day that the exchange has announced. */
  readonly announcedThrough: Day;
  isSession(day: Day): boolean;
  /** The hours of the day's session, or undefined when there is none. */
  session(day: Day): Session | undefined;
  /** The name of the closure on a day that would otherwise be a session; undefined on weekends. */
  closureName(day: Day): string | undefined;
  /** The first session after the day. */
  nextSession(day: Day): Day;
  /** The last session before the day. */
  previousSession(day: Day): Day;
  /**
   * The session that is `count` sessions after the day, or before it when negative. From a day
   * that is no session, the first step reaches the adjoining session; 0 gives the day itself.
   */
  addSessions(day: Day, count: number): Day;
  /** How many sessions lie in (after, through]; negative when `through` is the earlier. */
  sessionsBetween(after: Day, through: Day): number;
  /** The last session whose close has passed at the instant. */
  lastClosedSession(instantMs: number): Day;
  /** The year's closures of days that would otherwise be sessions, in order. */
  closures(year: number): Closure[];
  earlyCloses(year: number): EarlyClose[];
}

import {
  compareDays,
  dayNumber,
  dayNumberOf,
  dayOfNumber,
  weekdayOfNumber,
  yearOf,
  type Day,
} from "../day.ts";
import { dayOfWall, minuteOfWall, parseTimeOfDay, type TimeOfDay } from "../wall.ts";
import type { Zone } from "../zone.ts";
import type { Closure, EarlyClose, ExtendedHours, Session, TradingCalendar } from "./calendar.ts";

/** What sets one exchange's calendar apart from another's. */
export interface CalendarFacts {
  name: string;
  zone: Zone;
  hours: { open: TimeOfDay; close: TimeOfDay };
  extendedHours?: ExtendedHours;
  recordedFrom: Day;
  announcedThrough: Day;
  /** The year's closures; those on a weekend are ignored. */
  closures(year: number): readonly Closure[];
  /** The year's early closes; those on a day that is closed are ignored. */
  earlyCloses(year: number): readonly EarlyClose[];
  /** Days on which the exchange opens although they are of a weekend. */
  extraSessions?(year: number): readonly Day[];
}

/** One year worked out: built once, when it is first asked for. */
interface Year {
  closures: ReadonlyMap<number, string>;
  earlyCloses: ReadonlyMap<number, EarlyClose>;
  /** Day numbers of the sessions, in order. */
  sessions: readonly number[];
}

const YEAR_MIN = 2;
const YEAR_MAX = 9998;

/** A calendar from its facts: weekdays but for the closures. */
export function buildCalendar(facts: CalendarFacts): TradingCalendar {
  return new BuiltCalendar(facts);
}

class BuiltCalendar implements TradingCalendar {
  readonly name: string;
  readonly zone: Zone;
  readonly hours: { readonly open: TimeOfDay; readonly close: TimeOfDay };
  readonly extendedHours?: ExtendedHours;
  readonly recordedFrom: Day;
  readonly announcedThrough: Day;
  readonly #facts: CalendarFacts;
  readonly #years = new Map<number, Year>();

  constructor(facts: CalendarFacts) {
    this.name = facts.name;
    this.zone = facts.zone;
    this.hours = facts.hours;
    if (facts.extendedHours) this.extendedHours = facts.extendedHours;
    this.recordedFrom = facts.recordedFrom;
    this.announcedThrough = facts.announcedThrough;
    this.#facts = facts;
  }

  isSession(day: Day): boolean {
    const { sessions } = this.#year(yearOf(day));
    const number = dayNumber(day);
    return sessions[countThrough(sessions, number) - 1] === number;
  }

  session(day: Day): Session | undefined {
    if (!this.isSession(day)) return undefined;
    const early = this.#year(yearOf(day)).earlyCloses.get(dayNumber(day));
    if (!early) return { day, open: this.hours.open, close: this.hours.close };
    return { day, open: this.hours.open, close: early.close, earlyCloseName: early.name };
  }

  closureName(day: Day): string | undefined {
    return this.#year(yearOf(day)).closures.get(dayNumber(day));
  }

  nextSession(day: Day): Day {
    return this.addSessions(day, 1);
  }

  previousSession(day: Day): Day {
    return this.addSessions(day, -1);
  }

  addSessions(day: Day, count: number): Day {
    if (count === 0) return day;
    let year = yearOf(day);
    const { sessions } = this.#year(year);
    const through = countThrough(sessions, dayNumber(day));
    // The index among this year's sessions of the one that is wanted, then carried over years.
    const before = this.isSession(day) ? through - 1 : through;
    let index = count > 0 ? through + count - 1 : before + count;
    while (index < 0 && year > YEAR_MIN) index += this.#year(--year).sessions.length;
    while (index >= this.#year(year).sessions.length && year < YEAR_MAX) {
      index -= this.#year(year++).sessions.length;
    }
    return dayOfNumber(this.#year(year).sessions[Math.max(index, 0)] ?? dayNumberOf(year, 12, 31));
  }

  sessionsBetween(after: Day, through: Day): number {
    // Taken from zero, for a negated zero would be -0.
    if (compareDays(after, through) > 0) return 0 - this.sessionsBetween(through, after);
    let count = countThrough(this.#year(yearOf(through)).sessions, dayNumber(through));
    count -= countThrough(this.#year(yearOf(after)).sessions, dayNumber(after));
    for (let year = yearOf(after); year < yearOf(through); year++) {
      count += this.#year(year).sessions.length;
    }
    return count;
  }

  lastClosedSession(instantMs: number): Day {
    const wall = this.zone.wallAt(instantMs);
    const day = dayOfWall(wall);
    const session = this.session(day);
    const closeMinute = session && parseTimeOfDay(session.close);
    const isClosed = closeMinute !== undefined && minuteOfWall(wall) >= closeMinute;
    return isClosed ? day : this.previousSession(day);
  }

  closures(year: number): Closure[] {
    return [...this.#year(year).closures].map(([number, name]) => ({
      day: dayOfNumber(number),
      name,
    }));
  }

  earlyCloses(year: number): EarlyClose[] {
    return [...this.#year(year).earlyCloses.values()];
  }

  #year(year: number): Year {
    const known = this.#years.get(year);
    if (known) return known;
    const built = buildYear(this.#facts, year);
    this.#years.set(year, built);
    return built;
  }
}

function buildYear(facts: CalendarFacts, year: number): Year {
  const extra = new Set((facts.extraSessions?.(year) ?? []).map(dayNumber));
  const isCandidate = (number: number): boolean => {
    const weekday = weekdayOfNumber(number);
    return (weekday !== 0 && weekday !== 6) || extra.has(number);
  };
  const closures = new Map(
    [...facts.closures(year)]
      .sort((left, right) => compareDays(left.day, right.day))
      .map(({ day, name }): [number, string] => [dayNumber(day), name])
      .filter(([number]) => isCandidate(number)),
  );
  const sessions: number[] = [];
  const last = dayNumberOf(year, 12, 31);
  for (let number = dayNumberOf(year, 1, 1); number <= last; number++) {
    if (isCandidate(number) && !closures.has(number)) sessions.push(number);
  }
  const isOpen = new Set(sessions);
  const earlyCloses = new Map(
    [...facts.earlyCloses(year)]
      .sort((left, right) => compareDays(left.day, right.day))
      .map((early): [number, EarlyClose] => [dayNumber(early.day), early])
      .filter(([number]) => isOpen.has(number)),
  );
  return { closures, earlyCloses, sessions };
}

/** How many of the sorted numbers are at most `limit`, by halving. */
function countThrough(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

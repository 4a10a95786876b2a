import { cronSlots } from "./cron-slots.ts";
import type { Day } from "./day.ts";
import { intervalSlots, sessionSlots } from "./elapsed-slots.ts";
import type { Schedule } from "./schedule.ts";
import type { Timing } from "./timing.ts";
import { INSTANT_MAX_MS, INSTANT_MIN_MS, type ClockChange } from "./zone.ts";

/** One scheduled time of a job. */
export interface Slot {
  /**
   * Its key, never given twice: the wall clock of the job's zone, `2026-03-08T02:30`. An interval's
   * slots follow elapsed time, and an overlap shows wall clocks twice: they are named in UTC,
   * `2026-03-08T06:30Z`.
   */
  name: string;
  /** The instant from which it may start. */
  dueMs: number;
  /** The day that its name gives it, in the job's zone. */
  day: Day;
  /** What the clocks did at its wall-clock time. */
  change?: ClockChange;
  /** The day from which a holiday moved it here. */
  movedFrom?: Day;
  /** Why it does not run; only where slots that do not were asked for. */
  excluded?: string;
}

/** What to walk through: slots due after the one instant and no later than the other. */
export interface Span {
  afterMs: number;
  throughMs: number;
  /** Whether to give the slots that the days, phase or window leave out, each with its reason. */
  withExcluded: boolean;
}

const YEARS_40_MS = 40 * 365.25 * 86_400_000;

/**
 * The slots of a schedule that are due in (after, through], in order of due time and then of name.
 * Every matching wall-clock time of every day is one slot, once: due at the end of the gap when the
 * clocks jump over it, at the first pass when they show it twice.
 */
export function* slotsBetween(
  schedule: Schedule,
  afterMs: number,
  throughMs: number,
  options: { withExcluded?: boolean } = {},
): Generator<Slot, void, undefined> {
  const span: Span = {
    afterMs: Math.max(afterMs, INSTANT_MIN_MS),
    throughMs: Math.min(throughMs, INSTANT_MAX_MS),
    withExcluded: options.withExcluded ?? false,
  };
  if (!(span.afterMs < span.throughMs)) return;
  const [first, ...others] = schedule.times;
  if (!first) return;
  if (others.length === 0) yield* slotsOf(schedule, first, span);
  else yield* merged(schedule.times.map((timing) => slotsOf(schedule, timing, span)));
}

/**
 * The next slots after an instant, `count` of them; fewer when forty years pass without one, as for a
 * 30th of February that only a calendar's session could make.
 */
export function nextSlots(schedule: Schedule, afterMs: number, count: number): Slot[] {
  const found: Slot[] = [];
  let fromMs = afterMs;
  while (found.length < count && fromMs < INSTANT_MAX_MS) {
    const before = found.length;
    for (const slot of slotsBetween(schedule, fromMs, fromMs + YEARS_40_MS)) {
      found.push(slot);
      if (found.length >= count) return found;
    }
    if (found.length === before) return found;
    fromMs += YEARS_40_MS;
  }
  return found;
}

function slotsOf(schedule: Schedule, timing: Timing, span: Span): Generator<Slot, void, undefined> {
  switch (timing.kind) {
    case "cron":
      return cronSlots(schedule, timing.cron, span);
    case "every":
      return intervalSlots(schedule, timing, span);
    case "session":
      return sessionSlots(schedule, timing, span);
  }
}

/** Several sequences as one, in order; a name that more than one gives is given once. */
function* merged(
  sequences: readonly Generator<Slot, void, undefined>[],
): Generator<Slot, void, undefined> {
  const heads = sequences.map((sequence) => sequence.next());
  let lastName = "";
  for (;;) {
    let best = -1;
    let bestSlot: Slot | undefined;
    for (const [index, head] of heads.entries()) {
      if (head.done !== true && (!bestSlot || isBefore(head.value, bestSlot))) {
        best = index;
        bestSlot = head.value;
      }
    }
    const sequence = sequences[best];
    if (!bestSlot || !sequence) return;
    if (bestSlot.name !== lastName) yield bestSlot;
    lastName = bestSlot.name;
    heads[best] = sequence.next();
  }
}

/** By due time, then by name; of one name, the slot that runs comes before the one left out. */
function isBefore(left: Slot, right: Slot): boolean {
  if (left.dueMs !== right.dueMs) return left.dueMs < right.dueMs;
  if (left.name !== right.name) return left.name < right.name;
  return left.excluded === undefined && right.excluded !== undefined;
}

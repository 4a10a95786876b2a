import type { Trigger } from "../ledger/runs.ts";
import { runId } from "../pipeline/run-start.ts";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import type { Day } from "../schedule/day.ts";
import type { DueSlot } from "../schedule/due.ts";
import type { Road } from "./road.ts";
import type { Invocation } from "./ports.ts";
import type { ScheduledJob } from "./schedules.ts";

/** What a run is for. */
export interface RunWish {
  slot?: DueSlot;
  trigger: Trigger;
  isCatchUp: boolean;
  slotAttempt: number;
  /** A person's own as-of day. */
  asOf?: Day;
  extraArguments?: readonly string[];
}

/** The facts of a run before it starts: its id and the days that it may know and is for. */
export function invocationOf(road: Road, job: ScheduledJob, wish: RunWish): Invocation {
  const { clock, random } = road.world;
  const atMs = wish.slot?.dueMs ?? clock.now();
  const asOf = wish.asOf ?? road.home.config.as_of ?? job.calendar.lastClosedSession(atMs);
  return {
    run: runId(clock, random),
    job: job.name,
    settings: job.settings,
    home: road.home,
    zone: job.zone,
    slot: wish.slot,
    trigger: wish.trigger,
    asOf,
    tradingDate: tradingDateOf(job.calendar, atMs),
    isCatchUp: wish.isCatchUp,
    slotAttempt: wish.slotAttempt,
    extraArguments: wish.extraArguments ?? [],
  };
}

/** The first session that ends after the instant. */
export function tradingDateOf(calendar: TradingCalendar, instantMs: number): Day {
  return calendar.nextSession(calendar.lastClosedSession(instantMs));
}

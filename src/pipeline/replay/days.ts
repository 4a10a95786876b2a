import type { TradingCalendar } from "../../schedule/calendar/calendar.ts";
import type { Day } from "../../schedule/day.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";

/** Which past nights are asked for. */
export interface ReplayRange {
  from: Day;
  to: Day;
  /** Every n-th session. */
  every: number;
}

/**
 * The as-of days of a replay, in order: every n-th session from the first at or after `from`, none
 * after `to`. Throws a usage `Failure` when the range holds no session, or ends after `newest`, the
 * last day that could be judged.
 */
export function replayDays(range: ReplayRange, calendar: TradingCalendar, newest: Day): Day[] {
  const { from, to, every } = range;
  if (from > to) throw badRange(`--from ${from} lies after --to ${to}`, "Exchange the two.");
  if (to > newest) {
    throw badRange(
      `--to ${to} lies after the newest price that is known, of ${newest}`,
      `Use --to ${newest} or an earlier day.`,
    );
  }
  const days: Day[] = [];
  const first = calendar.isSession(from) ? from : calendar.nextSession(from);
  for (let day = first; day <= to; day = calendar.addSessions(day, every)) days.push(day);
  if (days.length > 0) return days;
  throw badRange(
    `there is no session of ${calendar.name} from ${from} to ${to}`,
    `Begin with ${calendar.previousSession(from)} or end with ${first}.`,
  );
}

function badRange(message: string, remedy: string): Failure {
  return new Failure({ code: "CBI_REPLAY_RANGE", message, remedy, exit: ExitCode.usage });
}

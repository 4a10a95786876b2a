import { counted, failed, passed, percent, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import { addDays } from "./context.ts";
import type { AuditContext } from "./context.ts";
import type { Found, KeyFigures, Observation } from "./observation.ts";
import type { AuditCheck } from "./report.ts";
import { THRESHOLDS } from "./thresholds.ts";

const rowsKind: CheckKind = {
  id: "rows",
  severity: "error",
  threshold:
    `warn below -${percent(THRESHOLDS.rows.lossWarn)} or above ` +
    `+${percent(THRESHOLDS.rows.growthWarn)}, error below -${percent(THRESHOLDS.rows.lossError)} or 0 rows`,
};
const gapKind: CheckKind = {
  id: "missing_sessions",
  severity: "error",
  threshold: `longest run: warn > ${THRESHOLDS.gap.warn}, error > ${THRESHOLDS.gap.error}`,
};
const anyError = (id: string): CheckKind => ({ id, severity: "error", threshold: "any" });

/** The checks of rows and their dates: how many, how new, in order, once each, without gaps. */
export function timeChecks(seen: Observation, context: AuditContext): AuditCheck[] {
  const { keys } = seen;
  if (seen.rows === 0) return [rowsCheck(seen, context)];
  if (!keys)
    return [rowsCheck(seen, context), skipped(freshnessKind(context), "No readable dates.")];
  return [
    rowsCheck(seen, context),
    freshness(keys, context),
    zeroOf(anyError("date_missing"), keys.undated, "row", "without a date"),
    zeroOf(anyError("date_future"), keys.future, "row", `dated after ${context.asOf}`),
    zeroOf(anyError("date_order"), keys.disordered, "row", "older than the row before"),
    zeroOf(anyError("duplicate_key"), keys.duplicated, "day", "that occur more than once"),
    missingSessions(seen, context),
  ];
}

function rowsCheck(seen: Observation, context: AuditContext): AuditCheck {
  const { previous } = context;
  if (seen.rows === 0) {
    return failed(rowsKind, { observed: 0, message: "The table has no rows." });
  }
  if (!previous || previous.as_of > context.asOf || previous.rows === 0) {
    return passed(rowsKind, `${seen.rows} rows; no earlier export to compare with.`, seen.rows);
  }
  // A row for each session since then is no growth to speak of, after an outage or in a replay.
  const sessions = Math.max(0, context.calendar.sessionsBetween(previous.as_of, context.asOf));
  const change =
    (seen.rows - Math.min(sessions, Math.max(0, seen.rows - previous.rows))) / previous.rows - 1;
  const { lossWarn, lossError, growthWarn } = THRESHOLDS.rows;
  const message = `${seen.rows} rows, after ${previous.rows} as of ${previous.as_of}.`;
  if (change >= -lossWarn && change <= growthWarn) return passed(rowsKind, message, change);
  return failed(rowsKind, {
    observed: change,
    count: Math.abs(seen.rows - previous.rows),
    severity: change < -lossError ? "error" : "warning",
    message,
  });
}

function freshnessKind(context: AuditContext): CheckKind {
  const { warn, error } = context.freshness;
  const threshold = `trading days behind: warn > ${warn}, error > ${error}`;
  return { id: "freshness", severity: "error", threshold };
}

function freshness(keys: KeyFigures, context: AuditContext): AuditCheck {
  const kind = freshnessKind(context);
  if (keys.last === null) return skipped(kind, "No row has a date.");
  const behind = Math.max(0, context.calendar.sessionsBetween(keys.last, context.asOf));
  const message = `The newest row is of ${keys.last}, ${counted(behind, "trading day")} behind ${context.asOf}.`;
  if (behind <= context.freshness.warn) return passed(kind, message, behind);
  const severity = behind > context.freshness.error ? "error" : "warning";
  return failed(kind, { observed: behind, severity, message });
}

/** A check that passes when nothing was found. */
export function zeroOf(kind: CheckKind, found: Found, noun: string, fault: string): AuditCheck {
  if (found.count === 0) return passed(kind, `No ${noun}s ${fault}.`, 0);
  const { count, sample } = found;
  return failed(kind, {
    observed: count,
    count,
    sample,
    message: `${counted(count, noun)} ${fault}.`,
  });
}

function missingSessions(seen: Observation, context: AuditContext): AuditCheck {
  const dates = seen.newest?.dates ?? [];
  const last = dates.at(-1);
  const first = dates[0];
  if (first === undefined || last === undefined)
    return skipped(gapKind, "There are no dated rows.");
  const since = addDays(last, -THRESHOLDS.gap.days);
  const run = longestGap(dates, since > first ? since : first, last, context);
  const { warn, error } = THRESHOLDS.gap;
  const length = run.length;
  if (length <= warn) {
    return passed(
      gapKind,
      `At most ${counted(length, "session")} in succession without a row.`,
      length,
    );
  }
  return failed(gapKind, {
    observed: length,
    count: length,
    severity: length > error ? "error" : "warning",
    sample: run.map((date) => ({ date })),
    message: `${length} sessions in succession have no row, from ${run[0]} to ${run.at(-1)}.`,
  });
}

/** The longest run of sessions between two days that have no row. */
function longestGap(
  dates: readonly string[],
  from: string,
  to: string,
  context: AuditContext,
): string[] {
  const present = new Set(dates);
  let longest: string[] = [];
  let run: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    if (present.has(day)) run = [];
    else if (context.calendar.isSession(day)) run.push(day);
    if (run.length > longest.length) longest = [...run];
  }
  return longest;
}

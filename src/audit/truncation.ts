import { collected, counted, failed, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import { addDays } from "./context.ts";
import type { AuditCheck } from "./report.ts";

/** What came of making the training tables again without their newest rows. */
export type Truncation = { kind: "skipped"; reason: string } | TruncationFindings;

export interface TruncationFindings {
  kind: "compared";
  /** The days after which rows were hidden; those that gave nothing to compare say why. */
  cuts: readonly { day: string; rows: number; problem?: string }[];
  differences: readonly TruncationDifference[];
  /** Whether there are tables of which no row could be hidden. */
  hasOtherTables: boolean;
}

/** A feature that had another value on the same day before later rows were there. */
export interface TruncationDifference {
  horizon: string;
  column: string;
  cut: string;
  rows: number;
  rowsCompared: number;
  /** The first day that differs, its value now and the one before the later rows were there. */
  date: string;
  now: number | null;
  before: number | null;
  /**
   * `later_rows` when hiding the rows suffices; `as_of` when it takes another `$as_of` as well, as
   * where the SQL begins so many years before it.
   */
  cause: "later_rows" | "as_of";
}

const TRUNCATED: CheckKind = {
  id: "truncated_history",
  severity: "error",
  threshold: "no old value changes when later rows are hidden",
};

/**
 * The check that the features of a day are the same however much of its future is known: whole-table
 * statistics, centred windows and back-filled gaps are not. `hasColumn` says which of the differences
 * are those of this dataset.
 */
export function truncationChecks(
  result: Truncation,
  hasColumn: (difference: TruncationDifference) => boolean,
): AuditCheck[] {
  if (result.kind === "skipped") return [skipped(TRUNCATED, result.reason)];
  const compared = result.cuts.filter(({ rows }) => rows > 0);
  if (compared.length === 0) {
    const reason = result.cuts.flatMap(({ problem }) => problem ?? []).at(0);
    return [
      skipped(TRUNCATED, `Earlier days give nothing to compare${reason ? `: ${reason}` : "."}`),
    ];
  }
  const worst = new Map<string, TruncationDifference>();
  for (const difference of result.differences) {
    if (!hasColumn(difference)) continue;
    const known = worst.get(difference.column);
    if (!known || isWorse(difference, known)) worst.set(difference.column, difference);
  }
  const failures = Array.from(worst.values(), (difference) => judge(difference, result));
  const cuts = compared.map(({ day, rows }) => `${day} (${counted(rows, "row")})`).join(" and ");
  return collected(
    TRUNCATED,
    failures,
    `No feature changes when the rows after ${cuts} are hidden.`,
  );
}

function isWorse(left: TruncationDifference, right: TruncationDifference): boolean {
  if (left.cause !== right.cause) return left.cause === "later_rows";
  return left.rows / left.rowsCompared > right.rows / right.rowsCompared;
}

function judge(
  difference: TruncationDifference,
  { hasOtherTables }: TruncationFindings,
): AuditCheck {
  const { column, cut, rows, rowsCompared, date, now, before, cause } = difference;
  const share = `${rows} of ${counted(rowsCompared, "row")}`;
  const values = `'${column}' of ${date} is ${shown(now)}; without the rows after ${cut} it is ${shown(before)}`;
  const isCertain = cause === "later_rows";
  const meaning = isCertain
    ? "it is made from later rows, as whole-table statistics, centred windows and back-filling are"
    : "only with another $as_of, so it depends on the day of the run";
  return failed(TRUNCATED, {
    column,
    observed: rows / rowsCompared,
    count: rows,
    // Rows of tables that are no sources cannot be hidden, so there the $as_of is all there is.
    severity: isCertain ? "error" : hasOtherTables ? "warning" : "note",
    sample: [{ date, now, before }],
    message: `${values} (${share} differ): ${meaning}.`,
  });
}

function shown(value: number | null): string {
  return value === null ? "null" : String(Number(value.toPrecision(6)));
}

/** Calendar days before the newest row, at the least, after which rows are hidden. */
const RECENT_DAYS = 90;
/**
 * The cut wanders over so many days, a prime, in such steps, so that every gap in the data is met some
 * night.
 */
const WANDER_DAYS = 61;
const WANDER_STEP = 17;
/** A cut leaves so many days to compare. */
const REST_DAYS = 90;

/**
 * The days after which rows are hidden: a recent one, another each night, and half-way through the
 * history, where the extremes of the whole may not have come yet. The second once for each recipe.
 */
export function cutsOf(first: string, last: string, isProven: boolean): string[] {
  const number = dayNumber(last);
  const recent = addDays(last, -RECENT_DAYS - ((WANDER_STEP * number) % WANDER_DAYS));
  const middle = addDays(first, Math.floor((number - dayNumber(first)) / 2));
  const cuts = isProven || middle >= recent ? [recent] : [recent, middle];
  return cuts.filter((cut) => cut > addDays(first, REST_DAYS));
}

function dayNumber(day: string): number {
  return Math.floor(Date.parse(`${day}T00:00:00Z`) / 86_400_000);
}

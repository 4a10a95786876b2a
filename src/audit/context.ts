import type { ObservedColumn } from "./observation.ts";
import type { DatasetFacts } from "./report.ts";

/** The part of a trading calendar that an audit asks. */
export interface SessionCalendar {
  isSession(day: string): boolean;
  /** How many sessions lie in (after, through]. */
  sessionsBetween(after: string, through: string): number;
}

/** What a dataset is judged by, besides what it shows itself. */
export interface AuditContext {
  /** ISO day whose close the run may know. */
  asOf: string;
  horizon: string;
  /** Price rows ahead. */
  horizonRows: number;
  /** The label's column. */
  target: string;
  /** Columns that are no features. */
  excluded: readonly string[];
  /** Features of the spec that predicts; empty on a first night, when every feature may be used. */
  championFeatures: readonly string[];
  /** Columns that are watched for stuck values besides the price. */
  watch: readonly string[];
  /** Trading days behind the as-of day. */
  freshness: { warn: number; error: number };
  calendar: SessionCalendar;
  /** Oldest day that a training sees; null when it sees them all. */
  windowStart: string | null;
  /** The newest earlier export of the horizon. */
  previous?: DatasetFacts;
  /** The candidate that a word most likely means, if one is near. */
  nearestName: (word: string, candidates: readonly string[]) => string | undefined;
}

/** Whether a column's faults stop the run: the champion uses it, or nothing says who uses what. */
export function isUsed(context: AuditContext, column: string): boolean {
  return context.championFeatures.length === 0 || context.championFeatures.includes(column);
}

/** The type of a column in a list, if it is there. */
export function typeOf(columns: readonly ObservedColumn[], name: string): string | undefined {
  return columns.find((column) => column.name === name)?.type;
}

/** The ISO day `days` calendar days after `day`, or before it when negative. */
export function addDays(day: string, days: number): string {
  const instant = Date.parse(`${day}T00:00:00Z`) + days * 86_400_000;
  return new Date(instant).toISOString().slice(0, 10);
}

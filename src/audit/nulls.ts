import type { MonthBlock } from "./observation.ts";

/** How much of one feature is null. */
export interface NullShare {
  /** Rows of the training window from the feature's first value on. */
  rows: number;
  nulls: number;
  /** nulls / rows. */
  share: number;
  /** Share of the training window before the month of the first value. */
  lateShare: number;
  /** Month of the first value; null when there is none. */
  firstMonth: string | null;
  /** Whether there is no value at all, in the training window or before it. */
  isEmpty: boolean;
  /** The newest months that lack values. */
  worstMonths: { month: string; nulls: number; rows: number }[];
}

/**
 * The null share of each feature over the rows that a training sees; `months` are aligned with
 * `hashed`. Months before a feature's
 * first value count apart: a moving window needs rows to fill, and a source that began later than
 * the price does so every night; neither is a fault of tonight's.
 */
export function nullShares(
  features: readonly string[],
  hashed: readonly string[],
  months: readonly MonthBlock[],
  windowStart: string | null,
): Map<string, NullShare> {
  const start = windowStart === null ? "" : windowStart.slice(0, -3);
  const window = months.filter(({ month }) => month >= start);
  return new Map(features.map((name) => [name, shareOf(hashed.indexOf(name), months, window)]));
}

function shareOf(
  index: number,
  months: readonly MonthBlock[],
  window: readonly MonthBlock[],
): NullShare {
  const valuesOf = (block: MonthBlock) => block.values[index] ?? 0;
  const first = months.find((block) => valuesOf(block) > 0);
  const counted = window.filter(({ month }) => first !== undefined && month >= first.month);
  const total = sum(window.map((block) => block.rows));
  const rows = sum(counted.map((block) => block.rows));
  const nulls = rows - sum(counted.map(valuesOf));
  return {
    rows: first === undefined ? total : rows,
    nulls,
    share: rows === 0 ? 0 : nulls / rows,
    lateShare: total === 0 ? 0 : 1 - rows / total,
    firstMonth: first?.month ?? null,
    isEmpty: first === undefined,
    worstMonths: counted
      .filter((block) => valuesOf(block) < block.rows)
      .map((block) => ({
        month: block.month,
        nulls: block.rows - valuesOf(block),
        rows: block.rows,
      }))
      .slice(-10),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

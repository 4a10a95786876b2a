import { THRESHOLDS } from "./thresholds.ts";

export interface LookAhead {
  /** What the feature follows, for a sentence: `the price 5 rows later`. */
  meaning: string;
  correlation: number;
  /** Changes that were compared. */
  rows: number;
}

/** Changes that the quick look compares before all are. */
const QUICK_ROWS = 120;
const QUICK_CORRELATION = 0.9;

/**
 * Finds features that are a later price or return in disguise: scaled, shifted, or under another
 * name. Compares changes from row to row, since levels of slow series resemble each other by
 * chance while changes of honest features do not resemble changes that are still to come. The
 * series are of one symbol, oldest first, NaN where unknown; looks up to `horizonRows` ahead.
 */
export function findLookAheads(
  columns: ReadonlyMap<string, Float64Array>,
  price: Float64Array,
  horizonRows: number,
): Map<string, LookAhead> {
  const suspects = new Map([...columns].map(([name, values]) => [name, changesOf(values)]));
  const prices = changesOf(price);
  const logs = changesOf(price.map((value) => (value > 0 ? Math.log(value) : Number.NaN)));
  const found = new Map<string, LookAhead>();
  for (let ahead = 1; ahead <= horizonRows && suspects.size > 0; ahead += 1) {
    for (const [meaning, series] of disguises(prices, logs, ahead, horizonRows)) {
      for (const [name, changes] of suspects) {
        const match = compare(changes, series);
        if (!match) continue;
        found.set(name, { meaning, ...match });
        suspects.delete(name);
      }
    }
  }
  return found;
}

/** The changes, at each row, of what must not be known there. */
function disguises(
  prices: Float64Array,
  logs: Float64Array,
  ahead: number,
  horizonRows: number,
): [string, Float64Array][] {
  const rows = ahead === 1 ? "1 row" : `${ahead} rows`;
  const later = (series: Float64Array, by: number) =>
    series.map((_, row) => series[row + by] ?? Number.NaN);
  const logsLater = later(logs, ahead);
  const logsBefore = later(logs, ahead - horizonRows);
  return [
    [`the price ${rows} later`, later(prices, ahead)],
    [`the log price ${rows} later`, logsLater],
    [`the return over the next ${rows}`, difference(logsLater, logs)],
    // The label of an earlier row ends `ahead` rows after this one.
    [labelMeaning(horizonRows - ahead), difference(logsLater, logsBefore)],
  ];
}

function labelMeaning(rowsBefore: number): string {
  return rowsBefore === 0 ? "the label" : `the label of ${rowsBefore} rows before`;
}

function difference(left: Float64Array, right: Float64Array): Float64Array {
  return left.map((value, row) => value - (right[row] ?? Number.NaN));
}

function changesOf(series: Float64Array): Float64Array {
  return series.map((value, row) => value - (series[row - 1] ?? Number.NaN));
}

function compare(
  changes: Float64Array,
  other: Float64Array,
): { correlation: number; rows: number } | undefined {
  const quick = correlate(changes, other, QUICK_ROWS);
  if (!quick || Math.abs(quick.correlation) < QUICK_CORRELATION) return undefined;
  const whole = correlate(changes, other, changes.length);
  if (!whole || Math.abs(whole.correlation) <= THRESHOLDS.lookAhead.error) return undefined;
  return whole;
}

/** Pearson's correlation over at most `rowsMax` rows where both are known and the feature moves. */
function correlate(
  left: Float64Array,
  right: Float64Array,
  rowsMax: number,
): { correlation: number; rows: number } | undefined {
  let rows = 0;
  let moving = 0;
  let [sumX, sumY, sumXX, sumYY, sumXY] = [0, 0, 0, 0, 0];
  for (let row = 1; row < left.length && rows < rowsMax; row += 1) {
    const x = left[row] ?? Number.NaN;
    const y = right[row] ?? Number.NaN;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    rows += 1;
    if (x !== 0) moving += 1;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumYY += y * y;
    sumXY += x * y;
  }
  if (moving < THRESHOLDS.lookAhead.rowsMin) return undefined;
  const varianceX = sumXX - (sumX * sumX) / rows;
  const varianceY = sumYY - (sumY * sumY) / rows;
  if (!(varianceX > 1e-12 * sumXX) || !(varianceY > 1e-12 * sumYY)) return undefined;
  return { correlation: (sumXY - (sumX * sumY) / rows) / Math.sqrt(varianceX * varianceY), rows };
}

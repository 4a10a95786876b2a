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
 * Finds a feature that is a later price or return in disguise: scaled, shifted, or under another
 * name. Compares changes from row to row, since levels of slow series resemble each other by
 * chance while changes of honest features do not resemble changes that are still to come. The
 * series are of one symbol, oldest first, NaN where unknown; looks up to `horizonRows` ahead.
 */
export function findLookAhead(
  values: Float64Array,
  price: Float64Array,
  horizonRows: number,
): LookAhead | undefined {
  const changes = changesOf(values);
  const logs = price.map((value) => (value > 0 ? Math.log(value) : Number.NaN));
  for (let ahead = 1; ahead <= horizonRows; ahead += 1) {
    for (const [meaning, series] of disguises(price, logs, ahead, horizonRows)) {
      const found = compare(changes, series);
      if (found) return { meaning, ...found };
    }
  }
  return undefined;
}

/** The changes, at each row, of what must not be known there. */
function disguises(
  price: Float64Array,
  logs: Float64Array,
  ahead: number,
  horizonRows: number,
): [string, (row: number) => number][] {
  const log = (row: number) => change(logs, row);
  const rows = ahead === 1 ? "1 row" : `${ahead} rows`;
  return [
    [`the price ${rows} later`, (row) => change(price, row + ahead)],
    [`the log price ${rows} later`, (row) => log(row + ahead)],
    [`the return over the next ${rows}`, (row) => log(row + ahead) - log(row)],
    // The label of an earlier row ends `ahead` rows after this one.
    [
      `the label of ${horizonRows - ahead} rows before`,
      (row) => log(row + ahead) - log(row + ahead - horizonRows),
    ],
  ];
}

function change(series: Float64Array, row: number): number {
  return (series[row] ?? Number.NaN) - (series[row - 1] ?? Number.NaN);
}

function changesOf(series: Float64Array): Float64Array {
  return series.map((_, row) => change(series, row));
}

function compare(
  changes: Float64Array,
  other: (row: number) => number,
): { correlation: number; rows: number } | undefined {
  const quick = correlate(changes, other, QUICK_ROWS);
  if (!quick || Math.abs(quick.correlation) < QUICK_CORRELATION) return undefined;
  const whole = correlate(changes, other, changes.length);
  if (!whole || Math.abs(whole.correlation) <= THRESHOLDS.lookAhead.error) return undefined;
  return whole;
}

/** Pearson's correlation over at most `rowsMax` rows where both are known and the feature moves. */
function correlate(
  changes: Float64Array,
  other: (row: number) => number,
  rowsMax: number,
): { correlation: number; rows: number } | undefined {
  let rows = 0;
  let moving = 0;
  let [sumX, sumY, sumXX, sumYY, sumXY] = [0, 0, 0, 0, 0];
  for (let row = 1; row < changes.length && rows < rowsMax; row += 1) {
    const x = changes[row] ?? Number.NaN;
    const y = other(row);
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

/** How closely one column goes with another, over the rows where both are known. */
export interface Association {
  /** Rows where both are finite. */
  rows: number;
  /** Pearson's correlation; null when one of them does not vary. */
  pearson: number | null;
  /** Spearman's: Pearson's of the ranks, ties at their mean rank. */
  spearman: number | null;
  /**
   * The chance that the column is higher in a row whose other value is above 0 than in one where it
   * is not, ties half: 0.5 says nothing of the direction, 0 and 1 tell it. Null with one direction.
   */
  auc: number | null;
  /** Share of rows whose other value is above 0. */
  risingShare: number;
}

/** Beyond this size a sum of squares overflows a double. */
const SQUARABLE = 1e150;

/**
 * The association of `column` with `other`, aligned. `otherRanks` are its ranks over all of its known
 * rows (`meanRanks`), given by a caller that asks of many columns; in a part of the rows they are in
 * the same order. AUC is Mann and Whitney's U over n₁·n₀ (Hanley and McNeil 1982, Radiology 143:29).
 */
export function associationOf(
  column: Float64Array,
  other: Float64Array,
  otherRanks: Float64Array = meanRanks(other),
): Association {
  const values = new Float64Array(column.length);
  const others = new Float64Array(column.length);
  const theirs = new Float64Array(column.length);
  let rows = 0;
  let rising = 0;
  for (let row = 0; row < column.length; row += 1) {
    const value = column[row] ?? Number.NaN;
    const beside = other[row] ?? Number.NaN;
    // False of NaN as well.
    if (!(Math.abs(value) < SQUARABLE && Math.abs(beside) < SQUARABLE)) continue;
    values[rows] = value;
    others[rows] = beside;
    theirs[rows] = otherRanks[row] ?? Number.NaN;
    rows += 1;
    if (beside > 0) rising += 1;
  }
  const ranks = meanRanks(values.subarray(0, rows));
  return {
    rows,
    pearson: pearsonOf(values.subarray(0, rows), others.subarray(0, rows)),
    spearman: pearsonOf(ranks, theirs.subarray(0, rows)),
    auc: aucOf(ranks, others, rising),
    risingShare: rows === 0 ? 0 : rising / rows,
  };
}

/**
 * The rank of each value from 1 on, equal values at the mean of theirs; NaN has none. Values count
 * as equal when they are as 32-bit floats.
 */
export function meanRanks(values: Float64Array): Float64Array {
  const keys = sortableKeys(values);
  const order = sortedRows(keys);
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < order.length;) {
    const key = keys[order[first] ?? 0];
    let end = first + 1;
    while (end < order.length && keys[order[end] ?? 0] === key) end += 1;
    for (let at = first; at < end; at += 1) ranks[order[at] ?? 0] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks.map((rank, row) => (Number.isNaN(values[row]) ? Number.NaN : rank));
}

/** The bit of a float's sign. */
const SIGN = 0x80_00_00_00;

/**
 * Whole numbers in the order of the values: the bits of a float as a number, all turned where it is
 * negative, else the sign alone (Herf 2001, "Radix Tricks"). Both zeros are one; NaN comes last.
 */
function sortableKeys(values: Float64Array): Uint32Array {
  const floats = Float32Array.from(values);
  const bits = new Uint32Array(floats.buffer);
  for (let row = 0; row < bits.length; row += 1) {
    const word = bits[row] ?? 0;
    if (Number.isNaN(floats[row])) bits[row] = 0xff_ff_ff_ff;
    else if (floats[row] === 0) bits[row] = SIGN;
    else bits[row] = word & SIGN ? ~word : word | SIGN;
  }
  return bits;
}

/** Bits that one pass of the radix sort takes; three passes take all 32. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;

/** The rows in the order of their keys, by a radix sort: ten times the speed of a comparing one. */
function sortedRows(keys: Uint32Array): Uint32Array {
  let order = Uint32Array.from(keys, (_, row) => row);
  let next = new Uint32Array(keys.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const starts = new Uint32Array(DIGITS + 1);
    for (const key of keys) {
      const digit = (key >>> shift) & (DIGITS - 1);
      starts[digit + 1] = (starts[digit + 1] ?? 0) + 1;
    }
    for (let digit = 0; digit < DIGITS; digit += 1) {
      starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
    }
    for (const row of order) {
      const digit = ((keys[row] ?? 0) >>> shift) & (DIGITS - 1);
      const place = starts[digit] ?? 0;
      next[place] = row;
      starts[digit] = place + 1;
    }
    [order, next] = [next, order];
  }
  return order;
}

function pearsonOf(left: Float64Array, right: Float64Array): number | null {
  const meanLeft = meanOf(left);
  const meanRight = meanOf(right);
  let [sumLeft, sumRight, sumBoth] = [0, 0, 0];
  for (let row = 0; row < left.length; row += 1) {
    const x = (left[row] ?? 0) - meanLeft;
    const y = (right[row] ?? 0) - meanRight;
    sumLeft += x * x;
    sumRight += y * y;
    sumBoth += x * y;
  }
  const correlation = sumBoth / Math.sqrt(sumLeft) / Math.sqrt(sumRight);
  return Number.isFinite(correlation) ? correlation : null;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < values.length; row += 1) sum += values[row] ?? 0;
  return sum / values.length;
}

function aucOf(ranks: Float64Array, others: Float64Array, rising: number): number | null {
  const falling = ranks.length - rising;
  if (rising === 0 || falling === 0) return null;
  let sum = 0;
  for (let row = 0; row < ranks.length; row += 1) {
    if ((others[row] ?? 0) > 0) sum += ranks[row] ?? 0;
  }
  return (sum - (rising * (rising + 1)) / 2) / (rising * falling);
}

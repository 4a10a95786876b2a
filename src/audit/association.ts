import { Ranker } from "./ranks.ts";

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

/** The associations of many columns with one other, in memory that is used again for each. */
export class Associations {
  readonly #other: Float64Array;
  readonly #otherRanks: Float64Array;
  readonly #ranker: Ranker;
  readonly #values: Float64Array;
  readonly #others: Float64Array;
  readonly #theirs: Float64Array;

  /** Non-finite values of `other`, as of a column, are unknown. */
  constructor(other: Float64Array) {
    this.#other = other;
    this.#ranker = new Ranker(other.length);
    // In a part of the rows they are in the same order, and that is all that counts.
    this.#otherRanks = this.#ranker.rank(other).slice();
    this.#values = new Float64Array(other.length);
    this.#others = new Float64Array(other.length);
    this.#theirs = new Float64Array(other.length);
  }

  /** The association of `column`, aligned with the other. */
  of(column: Float64Array): Association {
    let rows = 0;
    for (let row = 0; row < this.#other.length; row += 1) {
      const value = column[row] ?? Number.NaN;
      const beside = this.#other[row] ?? Number.NaN;
      // False of NaN as well.
      if (!(Math.abs(value) < SQUARABLE && Math.abs(beside) < SQUARABLE)) continue;
      this.#values[rows] = value;
      this.#others[rows] = beside;
      this.#theirs[rows] = this.#otherRanks[row] ?? Number.NaN;
      rows += 1;
    }
    const ranks = this.#ranker.rank(this.#values, rows);
    return {
      rows,
      pearson: pearsonOf(this.#values, this.#others, rows),
      spearman: pearsonOf(ranks, this.#theirs, rows),
      ...tellingOf(ranks, this.#others),
    };
  }
}

/**
 * How well ranks tell rows with a positive value from the others: the area under the curve, as Mann
 * and Whitney's U over n₁·n₀ (Hanley and McNeil 1982, Radiology 143:29), null when all rows are alike.
 * `rows` are the places of the ranked rows in `others`; without it they are in the same places.
 */
export function tellingOf(
  ranks: Float64Array,
  others: Float64Array,
  rows?: Uint32Array,
): Pick<Association, "auc" | "risingShare"> {
  let [rising, sum] = [0, 0];
  for (let at = 0; at < ranks.length; at += 1) {
    const other = others[rows === undefined ? at : (rows[at] ?? 0)] ?? 0;
    if (!(other > 0)) continue;
    rising += 1;
    sum += ranks[at] ?? 0;
  }
  const falling = ranks.length - rising;
  const risingShare = ranks.length === 0 ? 0 : rising / ranks.length;
  if (rising === 0 || falling === 0) return { auc: null, risingShare };
  return { auc: (sum - (rising * (rising + 1)) / 2) / (rising * falling), risingShare };
}

function pearsonOf(left: Float64Array, right: Float64Array, rows: number): number | null {
  const meanLeft = meanOf(left, rows);
  const meanRight = meanOf(right, rows);
  let [sumLeft, sumRight, sumBoth] = [0, 0, 0];
  for (let row = 0; row < rows; row += 1) {
    const x = (left[row] ?? 0) - meanLeft;
    const y = (right[row] ?? 0) - meanRight;
    sumLeft += x * x;
    sumRight += y * y;
    sumBoth += x * y;
  }
  const correlation = sumBoth / Math.sqrt(sumLeft) / Math.sqrt(sumRight);
  return Number.isFinite(correlation) ? correlation : null;
}

function meanOf(values: Float64Array, rows: number): number {
  let sum = 0;
  for (let row = 0; row < rows; row += 1) sum += values[row] ?? 0;
  return sum / rows;
}

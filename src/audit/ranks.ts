/** The bit of a float's sign, and the key of what is no number. */
const SIGN = 0x80_00_00_00;
const LAST_KEY = 0xff_ff_ff_ff;

/** Bits that one pass of the radix sort takes; three passes take all 32. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;

/**
 * Ranks columns of up to `rowsMax` values, one after another in the same memory: an audit ranks
 * hundreds of columns, and what each would leave behind is more than the audit may take.
 */
export class Ranker {
  readonly #floats: Float32Array;
  readonly #keys: Uint32Array;
  readonly #starts = new Uint32Array(DIGITS + 1);
  readonly #ranks: Float64Array;
  #order: Uint32Array;
  #next: Uint32Array;

  constructor(rowsMax: number) {
    this.#floats = new Float32Array(rowsMax);
    this.#keys = new Uint32Array(this.#floats.buffer);
    this.#ranks = new Float64Array(rowsMax);
    this.#order = new Uint32Array(rowsMax);
    this.#next = new Uint32Array(rowsMax);
  }

  /**
   * The rank of each of the first `rows` values from 1 on, equal values at the mean of theirs; NaN
   * comes last. Values count as equal when they are as 32-bit floats. Valid until the next call.
   */
  rank(values: Float64Array, rows = values.length): Float64Array {
    this.#toKeys(values, rows);
    this.#sort(rows);
    const [keys, order, ranks] = [this.#keys, this.#order, this.#ranks];
    for (let first = 0; first < rows;) {
      const key = keys[order[first] ?? 0];
      let end = first + 1;
      while (end < rows && keys[order[end] ?? 0] === key) end += 1;
      for (let at = first; at < end; at += 1) ranks[order[at] ?? 0] = (first + 1 + end) / 2;
      first = end;
    }
    return ranks.subarray(0, rows);
  }

  /**
   * Whole numbers in the order of the values: the bits of a float, all turned where it is negative,
   * else the sign alone (Herf 2001, "Radix Tricks"). Both zeros are one.
   */
  #toKeys(values: Float64Array, rows: number): void {
    const [floats, keys] = [this.#floats, this.#keys];
    for (let row = 0; row < rows; row += 1) {
      const value = values[row] ?? Number.NaN;
      floats[row] = value;
      const bits = keys[row] ?? 0;
      if (Number.isNaN(value)) keys[row] = LAST_KEY;
      else if (floats[row] === 0) keys[row] = SIGN;
      else keys[row] = bits & SIGN ? ~bits : bits | SIGN;
    }
  }

  /** Puts the rows in the order of their keys by a radix sort, ten times as fast as a comparing one. */
  #sort(rows: number): void {
    for (let row = 0; row < rows; row += 1) this.#order[row] = row;
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      const [keys, order, next, starts] = [this.#keys, this.#order, this.#next, this.#starts];
      starts.fill(0);
      for (let row = 0; row < rows; row += 1) {
        const place = (((keys[row] ?? 0) >>> shift) & (DIGITS - 1)) + 1;
        starts[place] = (starts[place] ?? 0) + 1;
      }
      for (let digit = 0; digit < DIGITS; digit += 1) {
        starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
      }
      for (let at = 0; at < rows; at += 1) {
        const row = order[at] ?? 0;
        const digit = ((keys[row] ?? 0) >>> shift) & (DIGITS - 1);
        const place = starts[digit] ?? 0;
        next[place] = row;
        starts[digit] = place + 1;
      }
      [this.#order, this.#next] = [next, order];
    }
  }
}

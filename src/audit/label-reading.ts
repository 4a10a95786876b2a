import type { NewestRows } from "./observation.ts";
import { THRESHOLDS } from "./thresholds.ts";

const READINGS: readonly [string, (now: number, later: number) => number][] = [
  ["the log return", (now, later) => Math.log(later / now)],
  ["the simple return", (now, later) => later / now - 1],
  ["the log return in percent", (now, later) => 100 * Math.log(later / now)],
  ["the simple return in percent", (now, later) => 100 * (later / now - 1)],
  ["the price itself", (_now, later) => later],
  ["the price difference", (now, later) => later - now],
];

/** A reading must hold for this share of the rows. */
const SHARE_MIN = 0.95;
const ROWS_MIN = 20;

/**
 * What a label that is not as defined really is, when it is one of the usual confusions: another
 * unit or another horizon. Looks at up to twice the horizon; undefined when nothing fits.
 */
export function labelReading(newest: NewestRows, horizonRows: number): string | undefined {
  const distances = Array.from({ length: 2 * horizonRows }, (_, index) => index + 1);
  distances.sort(
    (left, right) => Math.abs(left - horizonRows) - Math.abs(right - horizonRows) || left - right,
  );
  for (const distance of distances) {
    for (const [name, formula] of READINGS) {
      if (holds(newest, distance, formula)) return `${name}, ${distance} rows ahead`;
    }
  }
  return undefined;
}

function holds(
  { price, label }: NewestRows,
  distance: number,
  formula: (now: number, later: number) => number,
): boolean {
  let rows = 0;
  let hits = 0;
  for (let row = 0; row + distance < price.length; row += 1) {
    const now = price[row] ?? Number.NaN;
    const later = price[row + distance] ?? Number.NaN;
    const actual = label[row] ?? Number.NaN;
    if (Number.isNaN(actual) || !(now > 0) || !(later > 0)) continue;
    rows += 1;
    const expected = formula(now, later);
    if (Math.abs(actual - expected) <= THRESHOLDS.labelTolerance * (1 + Math.abs(expected)))
      hits += 1;
    else if (rows - hits > ROWS_MIN) return false;
  }
  return rows >= ROWS_MIN && hits >= SHARE_MIN * rows;
}

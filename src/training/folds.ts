import type { Config } from "../config/schema.ts";
import type { FoldResult, RowRange } from "./training.ts";

/** The rows of one fold, each range half open, in order of date. */
export interface FoldRanges {
  fold: number;
  inner: RowRange;
  validation: RowRange;
  train: RowRange;
  test: RowRange;
}

/** What to train on one table, or why it cannot be done. */
export type FoldPlan =
  | {
      kind: "plan";
      folds: FoldRanges[];
      /** The rows of the fit that will predict. */
      final: RowRange;
      /** Why there are fewer folds than were asked for. */
      shortfall?: string;
    }
  | { kind: "refused"; reason: string };

/** A table as the planning sees it: one entry a row, in order of date. */
export interface LabelledRows {
  /** ISO days, ascending. */
  dates: readonly string[];
  /** Whether the row's outcome is known. */
  labelled: readonly boolean[];
  /** Rows ahead that a label looks. */
  horizonRows: number;
}

/** Fewer rows than these say nothing; LightGBM also needs twice the smallest leaf to split at all. */
const INNER_ROWS_MIN = 250;
const VALIDATION_ROWS_MIN = 40;
const FOLDS_MIN = 2;
/** Share of a training's rows that choose its number of rounds. */
const VALIDATION_SHARE = 0.2;

/**
 * Purged walk-forward folds: the newest labelled rows in blocks of `fold_rows`, each predicted by a
 * model that could have been fitted the day before the block. The label of row t is the price of row
 * t + h, published e rows later, so a block that begins at row a allows training rows t ≤ a − h − e;
 * the same gap parts the rows that choose the rounds from those before them. (Purging: López de
 * Prado, Advances in Financial Machine Learning, 2018, section 7.4.1.)
 */
export function planFolds(rows: LabelledRows, train: Config["train"]): FoldPlan {
  const end = rows.labelled.lastIndexOf(true) + 1;
  if (end === 0) return { kind: "refused", reason: "no row has a label" };
  const found: Omit<FoldRanges, "fold">[] = [];
  let obstacle: string | undefined;
  // From the newest block backwards, until one has too little before it.
  for (let back = 1; back <= train.folds; back++) {
    const test = { from: end - back * train.fold_rows, to: end - (back - 1) * train.fold_rows };
    const ranges = rangesBefore(test, rows, train);
    if (typeof ranges === "string") {
      obstacle = ranges;
      break;
    }
    found.unshift(ranges);
  }
  if (obstacle !== undefined && found.length < FOLDS_MIN) {
    return {
      kind: "refused",
      reason: `expected data for at least ${FOLDS_MIN} folds of ${train.fold_rows} rows; got ${found.length}: ${obstacle}`,
    };
  }
  return {
    kind: "plan",
    folds: found.map((ranges, fold) => ({ fold, ...ranges })),
    final: { from: windowStart(rows.dates, rows.dates.length - 1, train.window), to: end },
    ...(obstacle === undefined
      ? {}
      : { shortfall: `${found.length} of ${train.folds} folds: ${obstacle}` }),
  };
}

/**
 * Rounds of the final fit: the median over the folds of what each found best, grown with the rows
 * that the final fit has more, in all at most 1.2 times what was best on the inner rows.
 */
export function finalRounds(
  folds: readonly Pick<FoldResult, "bestRounds" | "rounds" | "trainRows">[],
  finalRows: number,
): number {
  const grown = folds.map(({ bestRounds, rounds, trainRows }) =>
    Math.min(ROUNDS_GROWTH_MAX * bestRounds, rounds * Math.max(1, finalRows / trainRows)),
  );
  return Math.max(1, Math.round(median(grown)));
}

/** How many of the rows in `range` have a label. */
export function labelledRows(labelled: readonly boolean[], range: RowRange): number {
  let count = 0;
  for (let row = range.from; row < range.to; row++) if (labelled[row] === true) count++;
  return count;
}

const ROUNDS_GROWTH_MAX = 1.2;

/** The ranges of the fold that tests on `test`, or what it lacks. */
function rangesBefore(
  test: RowRange,
  rows: LabelledRows,
  train: Config["train"],
): Omit<FoldRanges, "fold"> | string {
  if (test.from < 0) return `there are ${rows.dates.length} rows in all`;
  const gap = rows.horizonRows + train.publication_lag - 1;
  const trainTo = test.from - gap;
  const from = windowStart(rows.dates, test.from, train.window);
  const trainRows = trainTo - from;
  const first = rows.dates[test.from] ?? "";
  const sentence = (what: string) =>
    `before ${first}, behind a gap of ${gap + 1} rows, there are only ${what}`;
  if (trainRows <= 0) return sentence("0 rows to train on");
  const validationRows = Math.min(train.fold_rows, Math.floor(trainRows * VALIDATION_SHARE));
  const validation = { from: trainTo - validationRows, to: trainTo };
  const inner = { from, to: Math.max(from, validation.from - gap) };
  const innerLabelled = labelledRows(rows.labelled, inner);
  if (innerLabelled < INNER_ROWS_MIN) {
    return sentence(`${innerLabelled} labelled rows to fit on (${INNER_ROWS_MIN} needed)`);
  }
  const validationLabelled = labelledRows(rows.labelled, validation);
  if (validationLabelled < VALIDATION_ROWS_MIN) {
    return sentence(
      `${validationLabelled} labelled rows to choose the rounds on (${VALIDATION_ROWS_MIN} needed)`,
    );
  }
  if (labelledRows(rows.labelled, test) === 0) return `no row from ${first} on has a label`;
  return { inner, validation, train: { from, to: trainTo }, test };
}

/** The first row within the window that ends at row `at`. */
function windowStart(dates: readonly string[], at: number, window: string): number {
  if (window === "all") return 0;
  const years = Number(window.slice(0, -1));
  const day = dates[at] ?? "";
  const start = `${String(Number(day.slice(0, 4)) - years).padStart(4, "0")}${day.slice(4)}`;
  // ISO days order as text; 29 February simply falls between its neighbours.
  const found = dates.findIndex((date) => date >= start);
  return found === -1 ? at : found;
}

function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the median of no values");
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

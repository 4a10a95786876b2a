import { counted, failed, passed, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import type { AuditContext } from "./context.ts";
import type { KeyFigures, NewestRows, Observation } from "./observation.ts";
import type { AuditCheck } from "./report.ts";
import { THRESHOLDS } from "./thresholds.ts";
import { zeroOf } from "./time-checks.ts";

const MISSING: CheckKind = { id: "price_missing", severity: "error", threshold: "any" };
const NON_POSITIVE: CheckKind = { id: "price_non_positive", severity: "warning", threshold: "any" };
const OUTLIER: CheckKind = {
  id: "outlier",
  severity: "warning",
  threshold:
    `|change of ln(price)| > ${THRESHOLDS.outlier.deviations} robust deviations; warn in the ` +
    `newest ${THRESHOLDS.outlier.newsRows} rows, note before`,
};
const STUCK: CheckKind = {
  id: "stuck",
  severity: "error",
  threshold: `rows in succession: warn >= ${THRESHOLDS.stuck.warn}, error >= ${THRESHOLDS.stuck.error}`,
};

/** The checks of the price and of the watched columns: there, positive, plausible, moving. */
export function priceChecks(seen: Observation, context: AuditContext): AuditCheck[] {
  const { keys, newest } = seen;
  if (seen.rows === 0 || !keys || !newest) {
    return [MISSING, NON_POSITIVE, OUTLIER, STUCK].map((kind) =>
      skipped(kind, "The price could not be read."),
    );
  }
  return [
    zeroOf(MISSING, keys.unpriced, "row", "without a finite price"),
    nonPositive(keys),
    outliers(keys, newest),
    stuck("price", newest.price, newest),
    ...context.watch.map((name) => {
      const values = newest.columns.get(name);
      return values
        ? stuck(name, values, newest)
        : skipped(STUCK, `There is no numeric '${name}'.`);
    }),
  ];
}

function nonPositive(keys: KeyFigures): AuditCheck {
  const { count, sample } = keys.nonPositive;
  const days = sample.map((row) => `${row["price"]} on ${row["date"]}`).join(", ");
  const more = count > sample.length ? ", …" : "";
  if (count === 0) return passed(NON_POSITIVE, "Every price is positive.", 0, "price");
  return failed(NON_POSITIVE, {
    column: "price",
    observed: count,
    count,
    sample,
    message: `${counted(count, "price")} of zero or less: ${days}${more}. Labels that need them are withheld.`,
  });
}

function outliers(keys: KeyFigures, newest: NewestRows): AuditCheck {
  const { count, sample } = keys.outliers;
  if (count === 0) return passed(OUTLIER, "No daily change of the price is extreme.", 0, "price");
  const news = newest.dates.at(-THRESHOLDS.outlier.newsRows) ?? newest.dates[0] ?? "";
  const isNews = keys.newestOutlier !== null && keys.newestOutlier >= news;
  return failed(OUTLIER, {
    column: "price",
    observed: count,
    count,
    sample,
    severity: isNews ? "warning" : "note",
    message: `${counted(count, "extreme change")} of the price from one row to the next, the newest on ${keys.newestOutlier}.`,
  });
}

function stuck(column: string, values: Float64Array, newest: NewestRows): AuditCheck {
  const { length, end } = longestRun(values, THRESHOLDS.drift.referenceRows);
  const { warn, error } = THRESHOLDS.stuck;
  const day = newest.dates[end] ?? "";
  const message = `'${column}' keeps its value for at most ${counted(length, "row")}, until ${day}.`;
  if (length < warn) return passed(STUCK, message, length, column);
  return failed(STUCK, {
    column,
    observed: length,
    count: length,
    severity: length >= error ? "error" : "warning",
    sample: [{ from: newest.dates[end - length + 1] ?? "", to: day, value: values[end] ?? null }],
    message: `'${column}' stood at ${values[end]} for ${counted(length, "row")} until ${day}.`,
  });
}

/** The longest run of equal values that ends in the newest `rows`, and the index of its last row. */
function longestRun(values: Float64Array, rows: number): { length: number; end: number } {
  let best = { length: 0, end: values.length - 1 };
  let length = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? Number.NaN;
    length = value === values[index - 1] ? length + 1 : Number.isNaN(value) ? 0 : 1;
    if (index >= values.length - rows && length >= best.length) best = { length, end: index };
  }
  return best;
}

import { tellingOf } from "./association.ts";
import type { Association } from "./association.ts";
import { chanceLimits, directionOf, independentOutcomes, OUTCOMES_MIN } from "./chance.ts";
import { collected, failed, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import type { AuditContext } from "./context.ts";
import type { NewestRows, Observation } from "./observation.ts";
import type { AuditCheck, AuditSeverity } from "./report.ts";
import { Ranker } from "./ranks.ts";
import { THRESHOLDS } from "./thresholds.ts";

const { leakRank, lookAheadDirection } = THRESHOLDS;
const RANK: CheckKind = {
  id: "leak_rank",
  severity: "error",
  threshold:
    `|Spearman| or |2 AUC - 1| with the label: warn > ${leakRank.warn}, ` +
    `error > ${leakRank.error}, and more than chance`,
};
const DIRECTION: CheckKind = {
  id: "look_ahead_direction",
  severity: "error",
  threshold:
    `|2 AUC - 1| with the direction of the next rows: warn > ${lookAheadDirection.warn}, ` +
    `error > ${lookAheadDirection.error}, and more than chance`,
};

/**
 * The checks that no feature knows the future by its order alone: a sign of the label, a quantile of
 * it, or either under noise, to which a plain correlation is half blind. What overlapping labels do
 * by chance is allowed for (`chance.ts`). Columns in `told` have been refused by other checks.
 */
export function rankChecks(
  seen: Observation,
  context: AuditContext,
  told: ReadonlySet<string>,
): AuditCheck[] {
  return [...labelRanks(seen, context, told), ...nextDirections(seen, context, told)];
}

function labelRanks(
  seen: Observation,
  context: AuditContext,
  told: ReadonlySet<string>,
): AuditCheck[] {
  const { figures, keys } = seen;
  if (!figures || !keys || seen.rows === 0) {
    return [skipped(RANK, "The features or the label could not be read.")];
  }
  const outcomes = independentOutcomes(keys.labelledDays, context.horizonRows);
  if (outcomes < OUTCOMES_MIN) {
    const message = `The labels are only ${outcomes.toFixed(1)} independent outcomes, too few to tell.`;
    return [skipped(RANK, message)];
  }
  const known = seen.features.flatMap((name) => {
    const figure = figures.get(name);
    if (!figure?.association || told.has(name)) return [];
    const share = figure.values / seen.rows;
    return [{ name, association: figure.association, outcomes: outcomes * share }];
  });
  const failures = known.flatMap(({ name, association, outcomes: own }) => {
    const severity = judge(association, own, 2 * known.length, leakRank);
    if (!severity) return [];
    return failed(RANK, {
      column: name,
      observed: strengthOf(association),
      count: association.rows,
      severity,
      message:
        `'${name}' orders the rows as '${context.target}' does (Spearman ${shown(association.spearman)}, ` +
        `AUC of its sign ${shown(association.auc)}), more than chance does in ${own.toFixed(0)} ` +
        "independent outcomes: it may know the label.",
    });
  });
  const greatest = Math.max(0, ...known.map(({ association }) => strengthOf(association)));
  const message = `No feature orders the rows as the label does beyond ${greatest.toFixed(2)}.`;
  return collected(RANK, failures, message, greatest);
}

/** Rows ahead that are tried besides the label's own, as far as there are outcomes enough. */
const NEXT_ROWS = [1, 2, 3, 5, 8, 13];
const NEXT_OUTCOMES_MIN = 30;

function nextDirections(
  seen: Observation,
  context: AuditContext,
  told: ReadonlySet<string>,
): AuditCheck[] {
  const { newest } = seen;
  if (!newest || newest.dates.length === 0) {
    return [skipped(DIRECTION, "There are no rows to compare with later prices.")];
  }
  const windows = NEXT_ROWS.filter(
    (ahead) =>
      ahead < context.horizonRows &&
      independentOutcomes(newest.dates.length - ahead, ahead) >= NEXT_OUTCOMES_MIN,
  );
  if (windows.length === 0) return [skipped(DIRECTION, "There are too few rows to tell.")];
  const features = seen.features.filter((name) => !told.has(name));
  const found = findDirections(newest, features, windows);
  const failures = Array.from(found, ([name, { ahead, auc, rows, severity }]) =>
    failed(DIRECTION, {
      column: name,
      observed: auc,
      count: rows,
      severity,
      message:
        `'${name}' tells whether the price rises over the next ${ahead === 1 ? "row" : `${ahead} rows`} ` +
        `(AUC ${shown(auc)} in the newest ${rows} rows): it may know the future.`,
    }),
  );
  const message = `No feature tells the direction of the next ${windows.at(-1) === 1 ? "row" : `1 to ${windows.at(-1)} rows`}.`;
  return collected(DIRECTION, failures, message);
}

interface DirectionFound {
  ahead: number;
  auc: number;
  rows: number;
  severity: AuditSeverity;
}

/** The features that tell a direction, each with the window that it tells most clearly. */
function findDirections(
  { price, columns }: NewestRows,
  features: readonly string[],
  windows: readonly number[],
): Map<string, DirectionFound> {
  // The same rows for all windows, so that each column is ranked once.
  const rowsMax = price.length - Math.max(...windows);
  const ranker = new Ranker(rowsMax);
  const values = new Float64Array(rowsMax);
  const known = new Uint32Array(rowsMax);
  const changes = windows.map((ahead) => changesOver(price, ahead));
  const found = new Map<string, DirectionFound>();
  for (const name of features) {
    const column = columns.get(name) ?? new Float64Array();
    let rows = 0;
    for (let row = 0; row < rowsMax; row += 1) {
      const value = column[row] ?? Number.NaN;
      if (!Number.isFinite(value) || !Number.isFinite(price[row])) continue;
      values[rows] = value;
      known[rows] = row;
      rows += 1;
    }
    const ranks = ranker.rank(values, rows);
    for (const [index, ahead] of windows.entries()) {
      const { auc, risingShare } = tellingOf(ranks, changes[index] ?? values, known);
      if (auc === null) continue;
      // Its order may be that of the size, which is no direction: volatility is foreseeable.
      const facts = { spearman: null, auc, risingShare };
      const outcomes = independentOutcomes(rows, ahead);
      const severity = judge(facts, outcomes, features.length * windows.length, lookAheadDirection);
      const before = found.get(name);
      if (severity && (!before || Math.abs(auc - 0.5) > Math.abs(before.auc - 0.5))) {
        found.set(name, { ahead, auc, rows, severity });
      }
    }
  }
  return found;
}

/** The change of the price over the next `ahead` rows, NaN where it is not known. */
function changesOver(price: Float64Array, ahead: number): Float64Array {
  return price.map((value, row) => (price[row + ahead] ?? Number.NaN) - value);
}

/** What of an association is judged. */
type Order = Pick<Association, "spearman" | "auc" | "risingShare">;

/** What an association means: nothing unless it is large and more than chance brings about. */
function judge(
  association: Order,
  outcomes: number,
  tests: number,
  sizes: { warn: number; error: number },
): "error" | "warning" | undefined {
  if (outcomes < OUTCOMES_MIN) return undefined;
  const isBeyond = (size: number, alpha: number) => {
    const limits = chanceLimits(outcomes, association.risingShare, tests, alpha);
    const direction = Math.abs(directionOf(association) ?? 0);
    return (
      Math.abs(association.spearman ?? 0) > Math.max(size, limits.spearman) ||
      direction > Math.max(size, limits.direction)
    );
  };
  if (isBeyond(sizes.error, THRESHOLDS.chance.error)) return "error";
  return isBeyond(sizes.warn, THRESHOLDS.chance.warn) ? "warning" : undefined;
}

function strengthOf(association: Order): number {
  return Math.max(Math.abs(association.spearman ?? 0), Math.abs(directionOf(association) ?? 0));
}

function shown(figure: number | null): string {
  return figure === null ? "unknown" : figure.toFixed(2);
}

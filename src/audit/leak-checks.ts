import { collected, failed, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import type { AuditContext } from "./context.ts";
import { findLookAheads } from "./look-ahead.ts";
import type { Observation } from "./observation.ts";
import { rankChecks } from "./rank-checks.ts";
import { rolesOf } from "./roles.ts";
import type { AuditCheck } from "./report.ts";
import { THRESHOLDS } from "./thresholds.ts";

const TARGETS: CheckKind = { id: "target_among_features", severity: "error", threshold: "any" };
const CORRELATION: CheckKind = {
  id: "leak_correlation",
  severity: "error",
  threshold: `|correlation| with the label: warn > ${THRESHOLDS.leak.warn}, error > ${THRESHOLDS.leak.error}`,
};
const LOOK_AHEAD: CheckKind = {
  id: "look_ahead",
  severity: "error",
  threshold: `|correlation| of changes with a later price's > ${THRESHOLDS.lookAhead.error}`,
};

/**
 * The checks that no feature knows the future: by name, by its correlation with the label, by moving
 * as a later price or return moves, and by its order alone.
 */
export function leakChecks(seen: Observation, context: AuditContext): AuditCheck[] {
  const checks = [
    ...foreignTargets(seen, context),
    ...correlations(seen, context),
    ...lookAheads(seen, context),
  ];
  const told = checks
    .filter(({ status, severity }) => status === "failed" && severity === "error")
    .flatMap(({ column }) => column ?? []);
  return [...checks, ...rankChecks(seen, context, new Set(told))];
}

function foreignTargets(seen: Observation, context: AuditContext): AuditCheck[] {
  const { foreignTargets } = rolesOf(seen.columns, context.target, context.excluded);
  const failures = foreignTargets.map((name) => {
    const message = `'${name}' is a label of another horizon: among the features it tells the future.`;
    return failed(TARGETS, { column: name, observed: name, message });
  });
  return collected(TARGETS, failures, `'${context.target}' is the only target column.`);
}

function correlations(seen: Observation, context: AuditContext): AuditCheck[] {
  const { figures, keys } = seen;
  if (!figures || !keys || seen.rows === 0) {
    return [skipped(CORRELATION, "The features or the label could not be read.")];
  }
  const known = seen.features.flatMap((name) => {
    const correlation = figures.get(name)?.association?.pearson ?? null;
    return correlation === null ? [] : [{ name, correlation, size: Math.abs(correlation) }];
  });
  // Overlapping labels: with few whole horizons of rows, slow features follow the label by chance.
  const isShort = keys.labelled < Math.max(30, 3 * context.horizonRows);
  const failures = known
    .filter(({ size }) => size > THRESHOLDS.leak.warn)
    .map(({ name, correlation, size }) =>
      failed(CORRELATION, {
        column: name,
        observed: correlation,
        severity: size > THRESHOLDS.leak.error && !isShort ? "error" : "warning",
        message: `'${name}' correlates with '${context.target}' at ${correlation.toFixed(4)}: it may be the label in disguise.`,
      }),
    );
  const greatest = Math.max(0, ...known.map(({ size }) => size));
  const message = `No feature correlates with the label beyond ${greatest.toFixed(2)}.`;
  return collected(CORRELATION, failures, message, greatest);
}

function lookAheads(seen: Observation, context: AuditContext): AuditCheck[] {
  const { newest } = seen;
  if (!newest || newest.dates.length === 0) {
    return [skipped(LOOK_AHEAD, "There are no rows to compare with later prices.")];
  }
  const features = new Map(
    seen.features.map((name) => [name, newest.columns.get(name) ?? new Float64Array()]),
  );
  const found = findLookAheads(features, newest.price, context.horizonRows);
  const failures = Array.from(found, ([name, match]) =>
    failed(LOOK_AHEAD, {
      column: name,
      observed: match.correlation,
      count: match.rows,
      message:
        `'${name}' moves as ${match.meaning} does (correlation of ${match.rows} changes: ` +
        `${match.correlation.toFixed(4)}): it knows the future.`,
    }),
  );
  const message = `No feature moves as a price or return of the next ${context.horizonRows} rows does.`;
  return collected(LOOK_AHEAD, failures, message);
}

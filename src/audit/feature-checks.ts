import { collected, counted, failed, percent, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import { isUsed } from "./context.ts";
import type { AuditContext } from "./context.ts";
import type { FeatureFigures, Observation } from "./observation.ts";
import { nullShares } from "./nulls.ts";
import type { NullShare } from "./nulls.ts";
import type { AuditCheck, Sample } from "./report.ts";
import { THRESHOLDS } from "./thresholds.ts";

const NULLS: CheckKind = {
  id: "nulls",
  severity: "error",
  threshold:
    `warn > ${percent(THRESHOLDS.nulls.warn)} or +${percent(THRESHOLDS.nulls.riseWarn)} overnight, ` +
    `error > ${percent(THRESHOLDS.nulls.error)} of a used column`,
};
const LATE: CheckKind = {
  id: "late_start",
  severity: "warning",
  threshold: `first value after ${percent(THRESHOLDS.lateStart.warn)} of the training window`,
};
const CONSTANT: CheckKind = { id: "constant", severity: "warning", threshold: "any feature" };
const INFINITE: CheckKind = { id: "infinite", severity: "error", threshold: "any" };
const NOT_A_NUMBER: CheckKind = { id: "not_a_number", severity: "warning", threshold: "any" };

/** The checks of each feature's values: present, finite, not all the same. */
export function featureChecks(seen: Observation, context: AuditContext): AuditCheck[] {
  const { figures, months } = seen;
  const kinds = [NULLS, LATE, CONSTANT, INFINITE, NOT_A_NUMBER];
  if (seen.rows === 0 || !figures || !months) {
    return kinds.map((kind) => skipped(kind, "The features could not be read."));
  }
  const shares = nullShares(seen.features, seen.hashed, months, context.windowStart);
  return [
    ...nulls(shares, context),
    ...lateStarts(shares),
    ...constants(seen.features, figures),
    ...infinite(seen.features, figures),
    ...notNumbers(seen.features, figures),
  ];
}

function nulls(shares: ReadonlyMap<string, NullShare>, context: AuditContext): AuditCheck[] {
  const failures = [...shares].flatMap(([name, share]) => {
    const verdict = judgeNulls(name, share, context);
    return verdict ? [verdict] : [];
  });
  const worst = Math.max(0, ...[...shares.values()].map(({ share }) => share));
  const message = `No feature lacks more than ${percent(worst)} of its values in the training window.`;
  return collected(NULLS, failures, message, worst);
}

function judgeNulls(name: string, seen: NullShare, context: AuditContext): AuditCheck | undefined {
  const before = context.previous?.columns.find((column) => column.name === name);
  const worst = isUsed(context, name) ? "error" : "warning";
  if (seen.isEmpty) {
    const since = before && !before.is_empty ? `, but did on ${context.previous?.as_of}` : "";
    const message = `'${name}' has no value at all${since}.`;
    return failed(NULLS, { column: name, observed: 1, count: seen.rows, severity: worst, message });
  }
  const rise = before?.null_share === undefined ? 0 : seen.share - before.null_share;
  const { warn, error, riseWarn } = THRESHOLDS.nulls;
  if (seen.share <= warn && rise <= riseWarn) return undefined;
  const grown = rise > riseWarn ? `, up from ${percent(seen.share - rise)}` : "";
  return failed(NULLS, {
    column: name,
    observed: seen.share,
    count: seen.nulls,
    severity: seen.share > error ? worst : "warning",
    sample: seen.worstMonths.map((month): Sample => ({ ...month })),
    message: `'${name}' is null in ${percent(seen.share)} of the training window's rows${grown}.`,
  });
}

function lateStarts(shares: ReadonlyMap<string, NullShare>): AuditCheck[] {
  const failures = [...shares]
    .filter(([, seen]) => !seen.isEmpty && seen.lateShare > THRESHOLDS.lateStart.warn)
    .map(([name, seen]) =>
      failed(LATE, {
        column: name,
        observed: seen.lateShare,
        message: `'${name}' begins in ${seen.firstMonth}; ${percent(seen.lateShare)} of the training window lies before.`,
      }),
    );
  return collected(LATE, failures, "Every feature covers at least half of the training window.");
}

function constants(
  features: readonly string[],
  figures: ReadonlyMap<string, FeatureFigures>,
): AuditCheck[] {
  const failures = features.flatMap((name) => {
    const seen = figures.get(name);
    if (!seen || seen.values < 2 || seen.least === null || seen.least !== seen.greatest) return [];
    const message = `'${name}' is ${seen.least} in every row.`;
    return [failed(CONSTANT, { column: name, observed: seen.least, count: seen.values, message })];
  });
  return collected(CONSTANT, failures, "Every feature varies.");
}

function infinite(
  features: readonly string[],
  figures: ReadonlyMap<string, FeatureFigures>,
): AuditCheck[] {
  const failures = features.flatMap((name) => {
    const found = figures.get(name)?.infinite;
    if (!found || found.count === 0) return [];
    const { count, sample } = found;
    const message = `'${name}' is infinite in ${counted(count, "row")}.`;
    return [failed(INFINITE, { column: name, observed: count, count, sample, message })];
  });
  return collected(INFINITE, failures, "No feature is infinite anywhere.", 0);
}

function notNumbers(
  features: readonly string[],
  figures: ReadonlyMap<string, FeatureFigures>,
): AuditCheck[] {
  const failures = features.flatMap((name) => {
    const found = figures.get(name)?.notANumber;
    if (!found || found.count === 0) return [];
    const { count, sample } = found;
    const message = `'${name}' is NaN in ${counted(count, "row")}; a missing value should be null.`;
    return [failed(NOT_A_NUMBER, { column: name, observed: count, count, sample, message })];
  });
  return collected(NOT_A_NUMBER, failures, "No feature holds NaN.", 0);
}

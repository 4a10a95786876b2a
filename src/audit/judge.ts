import type { AuditContext } from "./context.ts";
import { driftCheck } from "./drift-check.ts";
import { featureChecks } from "./feature-checks.ts";
import { historyCheck, historyFacts } from "./history-checks.ts";
import { labelChecks } from "./label-checks.ts";
import { leakChecks } from "./leak-checks.ts";
import { nullShares } from "./nulls.ts";
import type { Observation } from "./observation.ts";
import { priceChecks } from "./price-checks.ts";
import type { AuditCheck, AuditedDataset, AuditReport, DatasetFacts } from "./report.ts";
import { schemaChecks } from "./schema-checks.ts";
import { timeChecks } from "./time-checks.ts";

/** Asks every check of one export, whatever the others say. */
export function judgeDataset(
  seen: Observation,
  fingerprint: string,
  context: AuditContext,
): AuditedDataset {
  return {
    horizon: context.horizon,
    horizon_rows: context.horizonRows,
    fingerprint,
    rows: seen.rows,
    checks: [
      ...timeChecks(seen, context),
      ...schemaChecks(seen, context),
      ...labelChecks(seen, context),
      ...priceChecks(seen, context),
      ...featureChecks(seen, context),
      ...leakChecks(seen, context),
      historyCheck(seen, context),
      driftCheck(seen),
    ],
    quarantined: seen.keys?.quarantined ?? [],
    facts: factsOf(seen, context),
  };
}

function factsOf(seen: Observation, context: AuditContext): DatasetFacts {
  const shares = nullShares(seen.features, seen.hashed, seen.months ?? [], context.windowStart);
  return {
    as_of: context.asOf,
    rows: seen.rows,
    columns: seen.columns.map(({ name, type }) => {
      const share = seen.months ? shares.get(name) : undefined;
      return share
        ? { name, type, null_share: share.share, is_empty: share.isEmpty }
        : { name, type, is_empty: false };
    }),
    history: historyFacts(seen, context.asOf),
  };
}

/** The report over all exports of a run. */
export function reportOf(run: string, asOf: string, datasets: AuditedDataset[]): AuditReport {
  const checks = datasets.flatMap((dataset) => dataset.checks);
  const failures = distinct(checks.filter(({ status }) => status === "failed"));
  const errors = failures.filter(({ severity }) => severity === "error").length;
  const warnings = failures.filter(({ severity }) => severity === "warning").length;
  return {
    schema: 1,
    run,
    as_of: asOf,
    datasets,
    summary: {
      verdict: errors > 0 ? "refused" : warnings > 0 ? "accepted_with_warnings" : "accepted",
      errors,
      warnings,
      notes: failures.length - errors - warnings,
      passed: checks.filter(({ status }) => status === "passed").length,
      skipped: checks.filter(({ status }) => status === "skipped").length,
      quarantined: datasets
        .flatMap((dataset) => dataset.quarantined)
        .reduce((sum, { rows }) => sum + rows, 0),
    },
  };
}

/** The findings without repetitions: what is wrong with the price is wrong in every horizon. */
export function distinct(checks: readonly AuditCheck[]): AuditCheck[] {
  const byFinding = new Map(checks.map((check) => [findingKey(check), check]));
  return [...byFinding.values()];
}

/** Equal for findings that say the same to a reader. */
export function findingKey(check: AuditCheck): string {
  return JSON.stringify([check.id, check.column, check.severity, check.message]);
}

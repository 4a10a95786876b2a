import { counted, failed, passed, percent, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import type { AuditContext } from "./context.ts";
import { labelReading } from "./label-reading.ts";
import type { KeyFigures, Observation } from "./observation.ts";
import type { AuditCheck } from "./report.ts";
import { THRESHOLDS } from "./thresholds.ts";

const MISSING: CheckKind = {
  id: "label_missing",
  severity: "error",
  threshold: "any outside the newest rows and rows with a label_reason",
};
const DEFINITION: CheckKind = {
  id: "label_definition",
  severity: "error",
  threshold: `any beyond ${THRESHOLDS.labelTolerance} of ln(price later / price)`,
};
const QUARANTINE: CheckKind = {
  id: "label_quarantine",
  severity: "error",
  threshold: `share of rows: warn > ${percent(THRESHOLDS.quarantine.warn)}, error > ${percent(THRESHOLDS.quarantine.error)}`,
};

/** The checks of the label: there, right, and absent only for reasons given by name. */
export function labelChecks(seen: Observation, context: AuditContext): AuditCheck[] {
  const { keys } = seen;
  if (seen.rows === 0 || !keys) {
    return [MISSING, DEFINITION, QUARANTINE].map((kind) =>
      skipped(kind, "The label could not be read."),
    );
  }
  return [missing(keys, context), definition(seen, keys, context), quarantine(seen, keys, context)];
}

function missing(keys: KeyFigures, context: AuditContext): AuditCheck {
  const column = context.target;
  if (keys.labelled === 0) {
    return failed(MISSING, {
      column,
      observed: 0,
      count: Math.max(1, keys.unlabelled.count),
      sample: keys.unlabelled.sample,
      message: `'${column}' is null in every row: nothing can be learned.`,
    });
  }
  const { count, sample } = keys.unlabelled;
  if (count === 0) return passed(MISSING, `${keys.labelled} rows have a label.`, 0, column);
  const message = `${counted(count, "row")} without a '${column}' and without a label_reason, though the later price is known.`;
  return failed(MISSING, { column, observed: count, count, sample, message });
}

function definition(seen: Observation, keys: KeyFigures, context: AuditContext): AuditCheck {
  const column = context.target;
  const { count, sample } = keys.mislabelled;
  const formula = `ln(price ${context.horizonRows} rows later / price)`;
  if (count === 0) return passed(DEFINITION, `Every label is ${formula}.`, 0, column);
  const reading = seen.newest ? labelReading(seen.newest, context.horizonRows) : undefined;
  const diagnosis = reading ? ` It is ${reading}.` : "";
  const message = `${counted(count, "row")} whose '${column}' is not ${formula}.${diagnosis}`;
  return failed(DEFINITION, { column, observed: count, count, sample, message });
}

function quarantine(seen: Observation, keys: KeyFigures, context: AuditContext): AuditCheck {
  const column = context.target;
  const rows = keys.quarantined.reduce((sum, reason) => sum + reason.rows, 0);
  const share = rows / seen.rows;
  const sample = keys.quarantined.map((reason) => ({ ...reason }));
  const named = keys.quarantined.map((reason) => `${reason.reason}: ${reason.rows}`).join(", ");
  const message =
    rows === 0
      ? "No label is withheld."
      : `${counted(rows, "label")} withheld by name (${named}), ${percent(share)} of the rows.`;
  const { warn, error } = THRESHOLDS.quarantine;
  if (share <= warn)
    return { ...passed(QUARANTINE, message, share, column), sample: sample.slice(0, 10) };
  const severity = share > error ? "error" : "warning";
  return failed(QUARANTINE, { column, observed: share, count: rows, sample, severity, message });
}

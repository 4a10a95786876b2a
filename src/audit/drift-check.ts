import { failed, passed, percent, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import {
  adjustForMany,
  effectiveSize,
  kolmogorovSmirnov,
  stabilityIndex,
} from "./drift-statistics.ts";
import type { NewestRows, Observation } from "./observation.ts";
import type { AuditCheck } from "./report.ts";
import { THRESHOLDS } from "./thresholds.ts";

const {
  rows: SAMPLE_ROWS,
  referenceRows: REFERENCE_ROWS,
  bins,
  psi,
  distance,
  p,
} = THRESHOLDS.drift;

const DRIFT: CheckKind = {
  id: "drift",
  severity: "warning",
  threshold:
    `note: PSI > ${psi} or KS > ${distance}, either with adjusted p < ${p}; ` +
    `warn in ${percent(THRESHOLDS.drift.columns)} of the features or more`,
};

interface Drift {
  name: string;
  stability: { value: number; p: number };
  kolmogorov: { value: number; p: number };
}

/**
 * Whether the newest 63 rows move otherwise than the two years before. Compares changes from row to
 * row (of logarithms where a feature is positive throughout), since levels always drift. A single
 * feature's drift is a note at most: markets do change, and nobody can act on it at night. The index
 * of 63 rows is 0.16 by chance alone, so it counts only beyond chance, adjusted for the many
 * features and for what serially correlated rows are worth.
 */
export function driftCheck(seen: Observation): AuditCheck {
  const { newest } = seen;
  if (!newest || newest.dates.length < SAMPLE_ROWS + REFERENCE_ROWS + 1) {
    return skipped(DRIFT, `Needs ${SAMPLE_ROWS + REFERENCE_ROWS + 1} rows of one symbol.`);
  }
  const measured = seen.features.flatMap((name) => {
    const drift = measure(name, newest);
    return drift ? [drift] : [];
  });
  if (measured.length === 0) return skipped(DRIFT, "No feature has enough values.");
  return judge(measured);
}

function judge(measured: readonly Drift[]): AuditCheck {
  const stability = adjustForMany(measured.map((drift) => drift.stability.p));
  const kolmogorov = adjustForMany(measured.map((drift) => drift.kolmogorov.p));
  const drifted = measured.filter(
    (drift, index) =>
      (drift.stability.value > psi && (stability[index] ?? 1) < p) ||
      (drift.kolmogorov.value > distance && (kolmogorov[index] ?? 1) < p),
  );
  const share = drifted.length / measured.length;
  const message = `${drifted.length} of ${measured.length} features move otherwise than in the two years before.`;
  if (drifted.length === 0) return passed(DRIFT, message, share);
  const worst = [...drifted].sort((left, right) => right.stability.value - left.stability.value);
  return failed(DRIFT, {
    observed: share,
    count: drifted.length,
    severity: share >= THRESHOLDS.drift.columns ? "warning" : "note",
    sample: worst.map((drift) => ({
      column: drift.name,
      psi: Number(drift.stability.value.toFixed(3)),
      ks: Number(drift.kolmogorov.value.toFixed(3)),
    })),
    message,
  });
}

function measure(name: string, newest: NewestRows): Drift | undefined {
  const values = newest.columns.get(name)?.subarray(-(SAMPLE_ROWS + REFERENCE_ROWS + 1));
  if (!values) return undefined;
  const changes = stationary(values);
  const sample = changes.subarray(-SAMPLE_ROWS).filter((value) => Number.isFinite(value));
  const reference = changes.subarray(0, -SAMPLE_ROWS).filter((value) => Number.isFinite(value));
  if (sample.length < SAMPLE_ROWS / 2 || reference.length < REFERENCE_ROWS / 2) return undefined;
  const worth = effectiveSize(reference) / reference.length;
  const sizes = { sampleSize: sample.length * worth, referenceSize: reference.length * worth };
  sample.sort();
  reference.sort();
  return {
    name,
    stability: stabilityIndex(sample, reference, { bins, ...sizes }),
    kolmogorov: kolmogorovSmirnov(sample, reference, sizes),
  };
}

/** Changes from row to row, of the logarithm where every value is positive; one shorter. */
function stationary(values: Float64Array): Float64Array {
  const isPositive = values.every((value) => Number.isNaN(value) || value > 0);
  const levels = isPositive ? values.map((value) => Math.log(value)) : values;
  return levels.subarray(1).map((value, index) => value - (levels[index] ?? Number.NaN));
}

import { failed } from "./check.ts";
import type { AuditedDataset } from "./report.ts";

/** The audit of a file that could not be read: one error, and no facts. */
export function unreadable(
  dataset: { horizon: string; horizonRows: number; fingerprint: string },
  reason: string,
): AuditedDataset {
  const kind = { id: "readable", severity: "error", threshold: "a whole Parquet file" } as const;
  const message = `The export cannot be read as Parquet: ${reason.split("\n")[0]}`;
  return {
    horizon: dataset.horizon,
    horizon_rows: dataset.horizonRows,
    fingerprint: dataset.fingerprint,
    rows: 0,
    checks: [failed(kind, { observed: "unreadable", message })],
    quarantined: [],
    facts: null,
  };
}

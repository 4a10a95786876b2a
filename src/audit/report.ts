import { z } from "zod";

/** A failing row or figure, shown to the reader: column name → value. */
export const sampleSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

/** At most so many failing rows are shown with a check. */
export const SAMPLES_MAX = 10;

/**
 * The outcome of one check. Checks that look at every column have one entry when all columns pass,
 * and one entry for each column that does not. `observed` is the figure that was judged by
 * `threshold`; `n_failed` counts the rows, cells or columns at fault.
 */
export const checkSchema = z.strictObject({
  id: z.string(),
  column: z.string().nullable(),
  /** What a failure means: `error` stops the run, `warning` and `note` do not. */
  severity: z.enum(["error", "warning", "note"]),
  status: z.enum(["passed", "failed", "skipped"]),
  observed: z.union([z.string(), z.number(), z.null()]),
  threshold: z.string().nullable(),
  n_failed: z.int().min(0),
  sample: z.array(sampleSchema).max(SAMPLES_MAX),
  message: z.string(),
});

/**
 * The history of an export in hashes, by which the next night sees that it was rewritten. Hashes
 * are 32 bits, eight hexadecimal digits each, joined in the order of `months` or `years`. A cell's
 * hash is taken of its value as a 32-bit float, so that the last digits of a sum do not matter.
 */
export const historySchema = z.strictObject({
  /** Who made the hashes; those of another maker cannot be compared. */
  hasher: z.string(),
  /** `2025-01`; only months that ended long enough ago. */
  months: z.array(z.string()),
  month_rows: z.array(z.int()),
  /** Of the price and all the features together. */
  month_hashes: z.string(),
  years: z.array(z.string()),
  /** Column → one hash a year. */
  column_hashes: z.record(z.string(), z.string()),
});

/** What the audit of the next night needs to know of this one's export. */
export const datasetFactsSchema = z.strictObject({
  as_of: z.iso.date(),
  rows: z.int().min(0),
  columns: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      /** Share of null rows in the training window from the first value on; absent if not judged. */
      null_share: z.number().min(0).max(1).optional(),
      /** Whether there is no value at all. */
      is_empty: z.boolean(),
    }),
  ),
  history: historySchema.nullable(),
});

export const auditedDatasetSchema = z.strictObject({
  horizon: z.string(),
  horizon_rows: z.int().min(1),
  /** SHA-256 of the Parquet file. */
  fingerprint: z.string(),
  rows: z.int().min(0),
  checks: z.array(checkSchema),
  /** Rows without a label for a reason given by name, by reason. */
  quarantined: z.array(z.strictObject({ reason: z.string(), rows: z.int().min(1) })),
  /** Null when the file could not be read. */
  facts: datasetFactsSchema.nullable(),
});

/** `audit.json`. Other programs read it; a change of meaning raises `schema`. */
export const auditReportSchema = z.strictObject({
  schema: z.literal(1),
  run: z.string(),
  as_of: z.iso.date(),
  datasets: z.array(auditedDatasetSchema),
  /** Equal findings of several horizons count once. */
  summary: z.strictObject({
    verdict: z.enum(["accepted", "accepted_with_warnings", "refused"]),
    errors: z.int().min(0),
    warnings: z.int().min(0),
    notes: z.int().min(0),
    passed: z.int().min(0),
    skipped: z.int().min(0),
    /** Rows of all horizons that have no label for a reason given by name. */
    quarantined: z.int().min(0),
  }),
});

export type Sample = z.infer<typeof sampleSchema>;
export type AuditCheck = z.infer<typeof checkSchema>;
export type AuditSeverity = AuditCheck["severity"];
export type HistoryFacts = z.infer<typeof historySchema>;
export type DatasetFacts = z.infer<typeof datasetFactsSchema>;
export type AuditedDataset = z.infer<typeof auditedDatasetSchema>;
export type AuditReport = z.infer<typeof auditReportSchema>;

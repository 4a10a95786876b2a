import { z } from "zod";
import { ALGORITHMS } from "../config/schema.ts";

const figures = z.record(z.string(), z.number().nullable());

/**
 * The shape of a version's `manifest.json`: everything needed to know where a model came from, to
 * refuse it on other data, and to train it again. Written once, never changed.
 */
export const modelManifestSchema = z.strictObject({
  schema: z.literal(1),
  version: z.string(),
  symbol: z.string(),
  horizon: z.string(),
  /** Price rows ahead. */
  horizon_rows: z.int(),
  algorithm: z.enum(ALGORITHMS),
  /** The id of the spec: a hash of algorithm, parameters and features. */
  spec: z.string(),
  as_of: z.iso.date(),
  created: z.iso.datetime(),
  run: z.string(),
  data: z.strictObject({
    /** SHA-256 of the Parquet file that it was trained on. */
    sha256: z.string(),
    rows: z.int(),
    train_rows: z.int(),
    first: z.iso.date(),
    last: z.iso.date(),
    target: z.string(),
  }),
  /** In the order in which the model sees them, with types in DuckDB's words. */
  features: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  seed: z.int(),
  rounds: z.int(),
  libraries: z.strictObject({
    python: z.string(),
    lightgbm: z.string(),
    xgboost: z.string(),
    numpy: z.string(),
    pyarrow: z.string(),
  }),
  folds: z.array(
    z.strictObject({
      fold: z.int(),
      first: z.iso.date(),
      last: z.iso.date(),
      rows: z.int(),
      best_rounds: z.int(),
      /** Figures on the fold's test block, each beside the random walk's. */
      figures,
    }),
  ),
  /** Figures over all out-of-fold rows, each beside the baselines'. */
  figures,
  importance: z.record(z.string(), z.number()),
  files: z.strictObject({
    model: z.strictObject({
      name: z.string(),
      sha256: z.string(),
      /** Equal for equal inputs on one platform, where the file's own hash may not be. */
      content_hash: z.string(),
    }),
    out_of_fold: z.strictObject({ name: z.string(), sha256: z.string() }),
  }),
});

export type ModelManifest = z.infer<typeof modelManifestSchema>;

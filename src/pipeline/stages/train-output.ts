import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ALGORITHMS } from "../../config/schema.ts";
import { outOfFoldRowsSchema } from "../../training/results.ts";
import type { OutOfFoldRow } from "../../evaluation/forecast.ts";
import type { HomePaths } from "../../system/home.ts";
import { declaredOutputSchema } from "../declared-output.ts";

/** A trained version as the later stages need it. */
export const trainedModelSchema = z.strictObject({
  horizon: z.string(),
  algorithm: z.enum(ALGORITHMS),
  spec: z.string(),
  version: z.string(),
  /** The version's folder, relative to the home. */
  folder: z.string(),
  manifest_sha256: z.string(),
  model_file: z.string(),
  model_sha256: z.string(),
  content_hash: z.string(),
  out_of_fold_file: z.string(),
  out_of_fold_sha256: z.string(),
  folds: z.int(),
  rounds: z.int(),
});

export const trainOutputSchema = z.strictObject({
  models: z.array(trainedModelSchema),
  /** What the ridge baseline predicted out of fold, of every horizon. */
  ridge: declaredOutputSchema,
  /** Fits of models; those of the baseline are not among them. */
  trainings: z.int(),
  /** Trainings whose kept results of an earlier attempt were used. */
  trainings_kept: z.int(),
  cpu_seconds: z.number(),
  wall_seconds: z.number(),
});

export type TrainedModel = z.infer<typeof trainedModelSchema>;
export type TrainOutput = z.infer<typeof trainOutputSchema>;

/** The out-of-fold predictions that were kept with a version, in order of date. */
export async function readOutOfFold(
  paths: HomePaths,
  model: TrainedModel,
): Promise<OutOfFoldRow[]> {
  const file = path.join(paths.root, model.folder, model.out_of_fold_file);
  return outOfFoldRowsSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

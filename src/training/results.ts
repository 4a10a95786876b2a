import { z } from "zod";

const seconds = z.number().min(0);

const versionsSchema = z.strictObject({
  python: z.string(),
  lightgbm: z.string(),
  xgboost: z.string(),
  numpy: z.string(),
  pyarrow: z.string(),
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Out-of-fold rows as a worker answers them and as they are kept. */
export const outOfFoldRowsSchema = z
  .array(
    z.strictObject({
      date: z.iso.date(),
      fold: z.int(),
      price: z.number(),
      actual: z.number(),
      predicted: z.number(),
    }),
  )
  .min(1);

export const foldResultSchema = z.strictObject({
  kind: z.literal("fold"),
  id: z.string(),
  fold: z.int(),
  bestRounds: z.int().min(1),
  bestScore: z.number().min(0),
  rounds: z.int().min(1),
  trainRows: z.int().min(1),
  rows: outOfFoldRowsSchema,
  cpuSeconds: seconds,
  wallSeconds: seconds,
});

export const ridgeResultSchema = z.strictObject({
  kind: z.literal("ridge"),
  id: z.string(),
  fold: z.int(),
  penalty: z.number().positive(),
  bestScore: z.number().min(0),
  trainRows: z.int().min(1),
  rows: outOfFoldRowsSchema,
  cpuSeconds: seconds,
  wallSeconds: seconds,
});

export const finalResultSchema = z.strictObject({
  kind: z.literal("final"),
  id: z.string(),
  rounds: z.int().min(1),
  trainRows: z.int().min(1),
  modelHash: sha256,
  fileHash: sha256,
  importance: z.record(z.string(), z.number()),
  versions: versionsSchema,
  cpuSeconds: seconds,
  wallSeconds: seconds,
});

/** What a worker may answer to a training, as training.ts describes it. */
export const trainingResultSchema = z.discriminatedUnion("kind", [
  foldResultSchema,
  finalResultSchema,
  ridgeResultSchema,
]);

export const predictionResultSchema = z.strictObject({
  kind: z.literal("predict"),
  id: z.string(),
  rows: z
    .array(z.strictObject({ date: z.iso.date(), price: z.number(), predicted: z.number() }))
    .min(1),
});

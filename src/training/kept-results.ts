import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { canonicalJson, hashFile, hashText, replaceJson } from "../system/files.ts";
import type { TrainingResult, TrainingTask } from "./training.ts";

const secondsSchema = { cpuSeconds: z.number(), wallSeconds: z.number() };

const resultSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("fold"),
    id: z.string(),
    fold: z.int(),
    bestRounds: z.int(),
    bestScore: z.number(),
    rounds: z.int(),
    trainRows: z.int(),
    rows: z.array(
      z.strictObject({
        date: z.string(),
        fold: z.int(),
        price: z.number(),
        actual: z.number(),
        predicted: z.number(),
      }),
    ),
    ...secondsSchema,
  }),
  z.strictObject({
    kind: z.literal("final"),
    id: z.string(),
    rounds: z.int(),
    trainRows: z.int(),
    modelHash: z.string(),
    fileHash: z.string(),
    importance: z.record(z.string(), z.number()),
    versions: z.strictObject({
      python: z.string(),
      lightgbm: z.string(),
      xgboost: z.string(),
      numpy: z.string(),
      pyarrow: z.string(),
    }),
    ...secondsSchema,
  }),
]);

/**
 * The name under which a training's result is kept: everything that decides it and nothing else, so
 * where its files lie does not count, and the bytes that it reads do.
 */
export function trainingKey(task: TrainingTask, codeHash: string): string {
  const { dataset, ...rest } = task;
  const { file: _file, ...data } = dataset;
  const { modelFile: _modelFile, ...plain } = { modelFile: "", ...rest };
  return hashText(canonicalJson({ ...plain, data, codeHash })).slice(0, 32);
}

/** Where the model file of a kept final fit lies. */
export function keptModelFile(folder: string, key: string): string {
  return path.join(folder, `${key}.model`);
}

/** Keeps a result, so that a night that goes on after a crash does not train it again. */
export async function keepResult(
  folder: string,
  key: string,
  result: TrainingResult,
): Promise<void> {
  await replaceJson(path.join(folder, `${key}.json`), result);
}

/** The kept result of this name; undefined when there is none, or it or its model file is damaged. */
export async function keptResult(folder: string, key: string): Promise<TrainingResult | undefined> {
  try {
    const text = await readFile(path.join(folder, `${key}.json`), "utf8");
    const result = resultSchema.parse(JSON.parse(text));
    if (result.kind === "fold") return result;
    const hash = await hashFile(keptModelFile(folder, key));
    return hash === result.fileHash ? result : undefined;
  } catch {
    return undefined;
  }
}

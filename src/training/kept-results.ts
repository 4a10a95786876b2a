import { readFile } from "node:fs/promises";
import path from "node:path";
import { canonicalJson, hashFile, hashText, replaceJson } from "../system/files.ts";
import { trainingResultSchema } from "./results.ts";
import type { TrainingResult, TrainingTask } from "./training.ts";

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
    const result = trainingResultSchema.parse(JSON.parse(text));
    if (result.kind !== "final") return result;
    const hash = await hashFile(keptModelFile(folder, key));
    return hash === result.fileHash ? result : undefined;
  } catch {
    return undefined;
  }
}

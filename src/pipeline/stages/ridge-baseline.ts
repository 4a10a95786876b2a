import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { OutOfFoldRow } from "../../evaluation/forecast.ts";
import { replaceFile } from "../../system/files.ts";
import { outOfFoldRowsSchema } from "../../training/results.ts";
import { declareOutput, type DeclaredOutput } from "../declared-output.ts";
import type { StageContext } from "../stage.ts";

/** Horizon to what the ridge baseline predicted out of fold, in order of date. */
export type RidgeRows = Record<string, OutOfFoldRow[]>;

const ridgeRowsSchema = z.record(z.string(), outOfFoldRowsSchema);

/** Keeps the baseline's rows with the run, as `ridge.json`. */
export async function keepRidge(rows: RidgeRows, context: StageContext): Promise<DeclaredOutput> {
  const file = path.join(context.runFolder, "ridge.json");
  // On one line: nobody reads it, and a year of nights is kept.
  await replaceFile(file, `${JSON.stringify(rows)}\n`);
  return declareOutput(file, context);
}

/** The rows of `keepRidge`; throws when the file is not in their form. */
export async function readRidge(
  { path: relative }: DeclaredOutput,
  { paths }: Pick<StageContext, "paths">,
): Promise<RidgeRows> {
  const text = await readFile(path.join(paths.root, relative), "utf8");
  return ridgeRowsSchema.parse(JSON.parse(text));
}

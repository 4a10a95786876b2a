import path from "node:path";
import { z } from "zod";
import { hashFile } from "../system/files.ts";
import type { StageContext } from "./stage.ts";

/** A file that a stage says it made, by which its success is judged. */
export const declaredOutputSchema = z.strictObject({
  /** Relative to the home, so that a home can be moved. */
  path: z.string(),
  /** SHA-256 of its bytes. */
  sha256: z.string(),
});

export type DeclaredOutput = z.infer<typeof declaredOutputSchema>;

/** Declares a finished file by its place in the home and the hash of its bytes. */
export async function declareOutput(
  file: string,
  { paths }: Pick<StageContext, "paths">,
): Promise<DeclaredOutput> {
  return { path: path.relative(paths.root, file), sha256: await hashFile(file) };
}

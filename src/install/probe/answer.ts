import { z } from "zod";
import { readTextIfThere, replaceJson } from "../../system/files.ts";
import type { Finding } from "../doctor/check.ts";

const answerSchema = z.strictObject({
  schema: z.literal(1),
  /** Who it ran as, and under what. */
  user: z.string(),
  host: z.string(),
  node: z.string(),
  version: z.string(),
  /** The check that is under way; absent when all are done. */
  at: z.string().optional(),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(["pass", "warn", "fail", "skip"]),
      evidence: z.string(),
      remedy: z.string().optional(),
    }),
  ),
});

/** What a probe has seen from within a scheduler. Written anew with each check, whole each time. */
export type ProbeAnswer = Omit<z.infer<typeof answerSchema>, "checks"> & { checks: Finding[] };

export async function writeAnswer(file: string, answer: ProbeAnswer): Promise<void> {
  await replaceJson(file, answer);
}

/** The answer so far; undefined where there is none yet. */
export async function readAnswer(file: string): Promise<ProbeAnswer | undefined> {
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  const answer = answerSchema.parse(JSON.parse(text));
  const checks = answer.checks.map(({ remedy, ...rest }): Finding => {
    return { ...rest, ...(remedy !== undefined && { remedy }) };
  });
  return { ...answer, checks };
}

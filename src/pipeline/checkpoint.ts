import path from "node:path";
import { finishedStage } from "../ledger/runs.ts";
import { canonicalJson, exists, hashFile, hashText } from "../system/files.ts";
import type { AnyStage, Outputs } from "./chain.ts";
import type { StageContext } from "./stage.ts";

/** A finished stage whose output still verifies. */
export interface Checkpoint {
  run: string;
  output: unknown;
  warnings: readonly string[];
}

/** The name under which a stage's output may be used again: its inputs, its code, its settings. */
export async function fingerprintOf(
  stage: AnyStage,
  inputs: Outputs,
  context: StageContext,
  codeHash: string,
): Promise<string> {
  const facts = await stage.fingerprint(inputs, context);
  return hashText(canonicalJson({ stage: stage.name, version: stage.version, codeHash, facts }));
}

/** The newest checkpoint under this fingerprint that still verifies, or undefined. */
export async function findCheckpoint(
  stage: AnyStage,
  inputs: Outputs,
  context: StageContext,
  fingerprint: string,
): Promise<Checkpoint | undefined> {
  const finished = finishedStage(context.ledger, stage.name, fingerprint);
  if (finished?.output === undefined) return undefined;
  const parsed = stage.output.safeParse(parseJson(finished.output));
  if (!parsed.success) return undefined;
  const problem = await problemWith(stage, parsed.data, inputs, context);
  const { run, warnings } = finished;
  return problem === undefined ? { run, output: parsed.data, warnings } : undefined;
}

/** Why an output does not count: a declared file is missing or changed, or the stage says so. */
export async function problemWith(
  stage: AnyStage,
  output: unknown,
  inputs: Outputs,
  context: StageContext,
): Promise<string | undefined> {
  for (const declared of stage.outputs(output)) {
    const file = path.resolve(context.paths.root, declared.path);
    if (!(await exists(file))) return `${declared.path} does not exist`;
    if ((await hashFile(file)) !== declared.sha256)
      return `${declared.path} is not what was written`;
  }
  return stage.verify?.(output, inputs, context);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { readFile } from "node:fs/promises";
import path from "node:path";
import { evaluationSchema, type Evaluation } from "../evaluation/evaluation.ts";
import { terminalSummary } from "../evaluation/terminal-summary.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { stagesOf } from "../ledger/runs.ts";
import type { HomePaths } from "../system/home.ts";
import { costLine } from "./cost-line.ts";
import { evaluateOutputSchema, type EvaluateOutput } from "./stages/evaluate.ts";

/** What a finished night has to show. */
export interface NightResult {
  evaluation: Evaluation;
  /** Absolute paths. */
  evaluationFile: string;
  reportFile: string;
  /** What the run's queries cost, where they cost anything. */
  cost?: EvaluateOutput["cost"];
}

/** The result of a run; undefined when it did not evaluate, or retention gave its report back. */
export async function nightResult(
  paths: HomePaths,
  ledger: Ledger,
  run: string,
): Promise<NightResult | undefined> {
  const output = evaluateOutput(ledger, run);
  if (!output) return undefined;
  const evaluationFile = path.join(paths.root, output.evaluation.path);
  try {
    const evaluation = evaluationSchema.parse(JSON.parse(await readFile(evaluationFile, "utf8")));
    return {
      evaluation,
      evaluationFile,
      reportFile: path.join(paths.root, output.report.path),
      ...(output.cost && { cost: output.cost }),
    };
  } catch {
    return undefined;
  }
}

/** A finished night for a person at a terminal: how good the models are against a random walk. */
export function nightSummary(result: NightResult): string[] {
  const { evaluation, cost, reportFile } = result;
  const cited = cost ? [costLine(cost)] : [];
  return ["", ...terminalSummary(evaluation), "", ...cited, `report: ${reportFile}`];
}

function evaluateOutput(ledger: Ledger, run: string): EvaluateOutput | undefined {
  const stage = stagesOf(ledger, run).find(({ name }) => name === "evaluate");
  const parsed = evaluateOutputSchema.safeParse(JSON.parse(stage?.output ?? "null"));
  if (!parsed.success) return undefined;
  if (stage?.reusedFrom === undefined) return parsed.data;
  // The run before it paid.
  const { cost: _cost, ...output } = parsed.data;
  return output;
}

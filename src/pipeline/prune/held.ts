import path from "node:path";
import { z } from "zod";
import type { Home } from "../../config/home.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { newestRuns, stagesOf, type RunRecord } from "../../ledger/runs.ts";
import { lastSuccess } from "../../ledger/successes.ts";
import { modelName } from "./model-name.ts";

/** What runs hold that must not be given back. */
export interface Held {
  /** Runs themselves, with the runs whose stages they used again: their reports are its reports. */
  runs: ReadonlySet<string>;
  /** Versions, as `1w/lightgbm_dart/<version>`. */
  models: ReadonlySet<string>;
  /** Exported files, absolute. Only of runs that have not ended: a finished one needs its tables no more. */
  exports: ReadonlySet<string>;
}

const RUNS_MAX = 1_000_000;

/**
 * What is held by the runs under way, by the one that the next run of a job resumes, and by the
 * newest finished run and the last success of each job. A job that cbi.yaml no longer has holds its newest run and
 * no versions.
 */
export function heldByRuns(home: Home, ledger: Ledger, nowMs: number): Held {
  const runs = newestRuns(ledger, { limit: RUNS_MAX });
  const unended = unendedOf(runs);
  const finished = [...Map.groupBy(runs, ({ job }) => job)].flatMap(([job, ofJob]) => {
    const newest = ofJob.find(({ state }) => state === "done");
    return [newest, lastSuccess(ledger, job, { nowMs, pin: home.config.as_of })];
  });
  const kept = [...unended, ...finished].filter((run) => run !== undefined);
  const serving = kept.filter((run) => home.config.jobs[run.job] !== undefined);
  return {
    runs: new Set(kept.flatMap((run) => [run.id, ...usedBy(ledger, run)])),
    models: new Set(serving.flatMap((run) => modelsOf(ledger, run))),
    exports: new Set(unended.flatMap((run) => exportsOf(home, ledger, run))),
  };
}

/** Those under way, and of each job the newest where it ended in mid-run: the next one goes on there. */
function unendedOf(runs: readonly RunRecord[]): RunRecord[] {
  const seen = new Set<string>();
  return runs.filter(({ job, state }) => {
    if (state === "running") return true;
    if (state === "refused" || seen.has(job)) return false;
    seen.add(job);
    return state !== "done";
  });
}

function usedBy(ledger: Ledger, run: RunRecord): string[] {
  return stagesOf(ledger, run.id).flatMap((stage) => stage.reusedFrom ?? []);
}

// Read leniently: an older cbi may have written it.
const trained = z.looseObject({
  models: z.array(
    z.looseObject({ horizon: z.string(), algorithm: z.string(), version: z.string() }),
  ),
});
const exported = z.looseObject({
  datasets: z.array(z.looseObject({ path: z.string(), manifest: z.string() })),
});

function modelsOf(ledger: Ledger, run: RunRecord): string[] {
  return (outputOf(ledger, run, "train", trained)?.models ?? []).map(modelName);
}

function exportsOf(home: Home, ledger: Ledger, run: RunRecord): string[] {
  const datasets = outputOf(ledger, run, "export", exported)?.datasets ?? [];
  return datasets
    .flatMap((dataset) => [dataset.path, dataset.manifest])
    .map((file) => path.resolve(home.paths.root, file));
}

function outputOf<Output>(
  ledger: Ledger,
  run: RunRecord,
  name: string,
  schema: z.ZodType<Output>,
): Output | undefined {
  const text = stagesOf(ledger, run.id).find((stage) => stage.name === name)?.output;
  const parsed = schema.safeParse(JSON.parse(text ?? "null"));
  return parsed.success ? parsed.data : undefined;
}

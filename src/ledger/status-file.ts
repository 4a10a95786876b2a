import path from "node:path";
import { replaceDerived } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import type { Ledger } from "./ledger.ts";
import { findRun, stagesOf, type RunRecord, type StageRecord } from "./runs.ts";
import type { RunStatus } from "./status-schema.ts";

/** Where a job's status file lies: `Logs/nightly/last_run_status.json`. */
export function statusFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, job, "last_run_status.json");
}

/** The status of a run, as the ledger knows it. */
export function runStatus(run: RunRecord, stages: readonly StageRecord[]): RunStatus {
  return {
    schema: 1,
    run: run.id,
    job: run.job,
    slot: run.slot ?? null,
    trigger: run.trigger,
    state: run.state,
    as_of: run.asOf ?? null,
    start_time: new Date(run.startedMs).toISOString(),
    end_time: run.endedMs === undefined ? null : new Date(run.endedMs).toISOString(),
    success: run.state === "running" ? null : run.state === "done",
    exit_code: run.exitCode ?? null,
    pid: run.owner.pid,
    version: run.version,
    warnings: run.warnings,
    error: run.error ?? null,
    stages: stages.map(stageStatus),
  };
}

/** The status of a job that has never run. */
export function neverRunStatus(job: string): RunStatus {
  return {
    schema: 1,
    run: null,
    job,
    slot: null,
    trigger: null,
    state: "never",
    as_of: null,
    start_time: null,
    end_time: null,
    success: null,
    exit_code: null,
    pid: null,
    version: null,
    warnings: [],
    error: null,
    stages: [],
  };
}

/** Replaces the status file by what the ledger says of the run; a projection, never the truth. */
export function projectStatus(ledger: Ledger, paths: HomePaths, id: string): void {
  const run = findRun(ledger, id);
  if (run) writeStatus(paths, run, stagesOf(ledger, id));
}

/** The same of a run that the caller has just recorded. */
export function writeStatus(
  paths: HomePaths,
  run: RunRecord,
  stages: readonly StageRecord[],
): void {
  const status = runStatus(run, stages);
  replaceDerived(statusFile(paths, run.job), `${JSON.stringify(status, undefined, 2)}\n`);
}

function stageStatus(stage: StageRecord): RunStatus["stages"][number] {
  const hasEnded = stage.startedMs !== undefined && stage.endedMs !== undefined;
  return {
    name: stage.name,
    state: stage.state,
    success: stage.state === "pending" || stage.state === "running" ? null : stage.state === "done",
    attempts: stage.attempts,
    reused: stage.reusedFrom !== undefined,
    duration_seconds: hasEnded
      ? Math.max(0, (stage.endedMs ?? 0) - (stage.startedMs ?? 0)) / 1000
      : null,
    summary: stage.summary ?? null,
    error: stage.error ?? null,
  };
}

import path from "node:path";
import { z } from "zod";
import { replaceJson } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import type { Ledger } from "./ledger.ts";
import {
  findRun,
  recordedErrorSchema,
  RUN_STATES,
  STAGE_STATES,
  stagesOf,
  TRIGGERS,
  type RunRecord,
  type StageRecord,
} from "./runs.ts";

/**
 * The shape of `last_run_status.json`. `start_time`, `end_time`, `success`, `stages[].name` and
 * `stages[].success` are what people's scripts have always read; instants are UTC in ISO form.
 */
export const runStatusSchema = z.strictObject({
  schema: z.literal(1),
  run: z.string(),
  job: z.string(),
  slot: z.string().nullable(),
  trigger: z.enum(TRIGGERS),
  state: z.enum(RUN_STATES),
  as_of: z.iso.date().nullable(),
  start_time: z.iso.datetime(),
  /** Null while the run is under way. */
  end_time: z.iso.datetime().nullable(),
  /** Null while the run is under way. */
  success: z.boolean().nullable(),
  exit_code: z.int().nullable(),
  pid: z.int(),
  version: z.string(),
  warnings: z.array(z.string()),
  error: recordedErrorSchema.nullable(),
  stages: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(STAGE_STATES),
      /** Null until the stage has ended. */
      success: z.boolean().nullable(),
      attempts: z.int(),
      reused: z.boolean(),
      duration_seconds: z.number().nullable(),
      summary: z.string().nullable(),
      error: recordedErrorSchema.nullable(),
    }),
  ),
});

export type RunStatus = z.infer<typeof runStatusSchema>;

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

/** Replaces the status file by what the ledger says of the run; a projection, never the truth. */
export async function projectStatus(ledger: Ledger, paths: HomePaths, id: string): Promise<void> {
  const run = findRun(ledger, id);
  if (!run) return;
  await replaceJson(statusFile(paths, run.job), runStatus(run, stagesOf(ledger, id)));
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

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

/** How the home is, as `cbi status` judges it. */
export const healthSchema = z.strictObject({
  verdict: z.enum(["pass", "warn", "fail"]),
  /** A sentence for everything that is not well. */
  reasons: z.array(z.string()),
  /** When the last run succeeded; null when none ever did. */
  last_success: z.iso.datetime().nullable(),
  data: z.strictObject({ newest: z.iso.date(), sessions_behind: z.int() }).nullable(),
  models: z.array(
    z.strictObject({
      horizon: z.string(),
      algorithm: z.string(),
      version: z.string().nullable(),
      as_of: z.iso.date(),
    }),
  ),
});

export type Health = z.infer<typeof healthSchema>;

/**
 * The shape of `last_run_status.json` and of `cbi status --json`. `start_time`, `end_time`, `success`, `stages[].name` and
 * `stages[].success` are what people's scripts have always read; instants are UTC in ISO form.
 */
export const runStatusSchema = z.strictObject({
  schema: z.literal(1),
  /** Null before the first run. */
  run: z.string().nullable(),
  job: z.string(),
  slot: z.string().nullable(),
  trigger: z.enum(TRIGGERS).nullable(),
  state: z.enum([...RUN_STATES, "never"]),
  as_of: z.iso.date().nullable(),
  start_time: z.iso.datetime().nullable(),
  /** Null while the run is under way. */
  end_time: z.iso.datetime().nullable(),
  /** Null while the run is under way. */
  success: z.boolean().nullable(),
  exit_code: z.int().nullable(),
  pid: z.int().nullable(),
  version: z.string().nullable(),
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
  /** Only in the answer of `cbi status`, which also judges; a run's own file does not judge itself. */
  health: healthSchema.optional(),
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

import { z } from "zod";
import { RUN_STATES, STAGE_STATES, TRIGGERS } from "./runs.ts";

const recordedErrorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  class: z.enum(["retryable", "data", "fatal"]),
});

/** How the home is, as `cbi status` judges it. */
const healthSchema = z.strictObject({
  verdict: z.enum(["pass", "warn", "fail"]),
  /** A sentence for everything that is not well. */
  reasons: z.array(z.string()),
  /** When the last run succeeded; null when none ever did. */
  last_success: z.iso.datetime().nullable(),
  /** The watchdog's open incidents, of every job and of the home. */
  alerts: z.array(
    z.strictObject({
      key: z.string(),
      kind: z.string(),
      /** Null for the home as a whole. */
      job: z.string().nullable(),
      severity: z.enum(["warn", "fail"]),
      message: z.string(),
      /** Whether a person is needed. */
      escalated: z.boolean(),
      since: z.iso.datetime(),
    }),
  ),
  /** How the machine met the job's last slot for which it was to be woken; null where nobody knows. */
  wake: z
    .strictObject({
      slot: z.string(),
      due: z.iso.datetime(),
      /** `woke`, `awake`, or why it was not: `off`, `locked`, `lid`, `dark`, … */
      state: z.string(),
      ok: z.boolean(),
      /** When it was awake for programs. */
      awake: z.iso.datetime().nullable(),
      evidence: z.string(),
      remedy: z.string().nullable(),
    })
    .nullable(),
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

/** What a scheduler says that it has of a home. */
const schedulerSchema = z.strictObject({
  host: z.string(),
  scope: z.enum(["system", "user"]),
  /** Why it could not be asked; null when it could. */
  trouble: z.string().nullable(),
  units: z.array(
    z.strictObject({
      name: z.string(),
      loaded: z.boolean(),
      enabled: z.boolean(),
      /** Null where the scheduler does not tell, as the next two. */
      running: z.boolean().nullable(),
      /** `0`, `78: EX_CONFIG`, `Killed: 9`; null before its first end too. */
      last_end: z.string().nullable(),
      /** In the scheduler's own words. */
      next: z.string().nullable(),
      /** In what it has another unit than it was told of: `times`, `arguments`. */
      differs: z.array(z.string()),
    }),
  ),
});

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
  /** Only of `cbi status`, where the home is installed in a scheduler. */
  scheduler: schedulerSchema.optional(),
});

export type RunStatus = z.infer<typeof runStatusSchema>;
export type Health = z.infer<typeof healthSchema>;

import { z } from "zod";
import { processIdentitySchema, type ProcessIdentity } from "../system/process-identity.ts";
import type { Ledger, LedgerRow } from "./ledger.ts";

export const RUN_STATES = ["running", "done", "failed", "interrupted", "refused"] as const;
export const STAGE_STATES = [
  "pending",
  "running",
  "done",
  "failed",
  "interrupted",
  "skipped",
] as const;
export const TRIGGERS = ["person", "schedule", "catch_up", "replay"] as const;

export type RunState = (typeof RUN_STATES)[number];
export type StageState = (typeof STAGE_STATES)[number];
export type Trigger = (typeof TRIGGERS)[number];

/** What is kept of a failure: enough to tell a person, nothing to compute with. */
export const recordedErrorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  class: z.enum(["retryable", "data", "fatal"]),
});

export type RecordedError = z.infer<typeof recordedErrorSchema>;

export interface RunRecord {
  id: string;
  job: string;
  slot: string | undefined;
  trigger: Trigger;
  state: RunState;
  asOf: string | undefined;
  startedMs: number;
  endedMs: number | undefined;
  owner: ProcessIdentity;
  version: string;
  configHash: string;
  exitCode: number | undefined;
  error: RecordedError | undefined;
  warnings: string[];
}

export interface StageRecord {
  run: string;
  name: string;
  position: number;
  state: StageState;
  attempts: number;
  /** The run whose finished stage was verified and used instead of doing it again. */
  reusedFrom: string | undefined;
  fingerprint: string | undefined;
  startedMs: number | undefined;
  endedMs: number | undefined;
  summary: string | undefined;
  /** The stage's output as JSON text; the stage's own schema reads it. */
  output: string | undefined;
  /** What it told a person without stopping; a run that uses the stage again says it again. */
  warnings: string[];
  error: RecordedError | undefined;
}

/** Records a new run with its stages, all pending, as one transaction. */
export function insertRun(ledger: Ledger, run: RunRecord, stageNames: readonly string[]): void {
  ledger.transaction(() => {
    ledger.run(
      `INSERT INTO run (id, job, slot, trigger, state, as_of, started_ms, ended_ms, owner, version, config_hash, exit_code, error, warnings)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      run.id,
      run.job,
      run.slot ?? null,
      run.trigger,
      run.state,
      run.asOf ?? null,
      run.startedMs,
      run.endedMs ?? null,
      JSON.stringify(run.owner),
      run.version,
      run.configHash,
      run.exitCode ?? null,
      run.error ? JSON.stringify(run.error) : null,
      JSON.stringify(run.warnings),
    );
    for (const [position, name] of stageNames.entries()) {
      ledger.run(
        "INSERT INTO stage (run, name, position, state) VALUES (?, ?, ?, 'pending')",
        run.id,
        name,
        position,
      );
    }
  });
}

/** Records how a run ended, and every stage of it that was under way or waiting. */
export function endRun(
  ledger: Ledger,
  id: string,
  end: {
    state: Exclude<RunState, "running">;
    endedMs: number;
    exitCode: number;
    error?: RecordedError;
  },
): void {
  const unfinished = end.state === "interrupted" ? "interrupted" : "failed";
  ledger.transaction(() => {
    ledger.run(
      "UPDATE run SET state = ?, ended_ms = ?, exit_code = ?, error = ? WHERE id = ? AND state = 'running'",
      end.state,
      end.endedMs,
      end.exitCode,
      end.error ? JSON.stringify(end.error) : null,
      id,
    );
    ledger.run(
      "UPDATE stage SET state = ?, ended_ms = ? WHERE run = ? AND state = 'running'",
      unfinished,
      end.endedMs,
      id,
    );
  });
}

/** Adds a warning to a run; kept in order, each text once. */
export function addWarning(ledger: Ledger, id: string, warning: string): void {
  ledger.transaction(() => {
    const run = findRun(ledger, id);
    if (!run || run.warnings.includes(warning)) return;
    const warnings = JSON.stringify([...run.warnings, warning]);
    ledger.run("UPDATE run SET warnings = ? WHERE id = ?", warnings, id);
  });
}

/** Records a stage's new state; keys left out keep their value. */
export function updateStage(
  ledger: Ledger,
  run: string,
  name: string,
  change: Partial<Omit<StageRecord, "run" | "name" | "position">> & { state: StageState },
): void {
  ledger.run(
    `UPDATE stage SET state = ?, attempts = coalesce(?, attempts), reused_from = coalesce(?, reused_from),
       fingerprint = coalesce(?, fingerprint), started_ms = coalesce(?, started_ms), ended_ms = ?,
       summary = coalesce(?, summary), output = coalesce(?, output),
       warnings = coalesce(?, warnings), error = ? WHERE run = ? AND name = ?`,
    change.state,
    change.attempts ?? null,
    change.reusedFrom ?? null,
    change.fingerprint ?? null,
    change.startedMs ?? null,
    change.endedMs ?? null,
    change.summary ?? null,
    change.output ?? null,
    change.warnings ? JSON.stringify(change.warnings) : null,
    change.error ? JSON.stringify(change.error) : null,
    run,
    name,
  );
}

export function findRun(ledger: Ledger, id: string): RunRecord | undefined {
  const row = ledger.get("SELECT * FROM run WHERE id = ?", id);
  return row && toRun(row);
}

/** The newest runs first, of one job or of all, at most `limit`. */
export function newestRuns(
  ledger: Ledger,
  filter: { job?: string; states?: readonly RunState[]; limit: number },
): RunRecord[] {
  const states = filter.states ?? RUN_STATES;
  const marks = states.map(() => "?").join(", ");
  const rows = filter.job
    ? ledger.all(
        `SELECT * FROM run WHERE job = ? AND state IN (${marks}) ORDER BY started_ms DESC, id DESC LIMIT ?`,
        filter.job,
        ...states,
        filter.limit,
      )
    : ledger.all(
        `SELECT * FROM run WHERE state IN (${marks}) ORDER BY started_ms DESC, id DESC LIMIT ?`,
        ...states,
        filter.limit,
      );
  return rows.map(toRun);
}

/** The stages of a run in their order. */
export function stagesOf(ledger: Ledger, run: string): StageRecord[] {
  return ledger.all("SELECT * FROM stage WHERE run = ? ORDER BY position", run).map(toStage);
}

/** The newest finished stage with this fingerprint that was really run, not reused. */
export function finishedStage(
  ledger: Ledger,
  name: string,
  fingerprint: string,
): StageRecord | undefined {
  const row = ledger.get(
    `SELECT * FROM stage WHERE name = ? AND fingerprint = ? AND state = 'done' AND reused_from IS NULL
     ORDER BY ended_ms DESC LIMIT 1`,
    name,
    fingerprint,
  );
  return row && toStage(row);
}

/** Finished stages that were really run as of a day or before it, the newest day first. */
export function finishedStagesUpTo(
  ledger: Ledger,
  name: string,
  asOf: string,
  limit: number,
): (StageRecord & { asOf: string })[] {
  return ledger
    .all(
      `SELECT stage.*, run.as_of AS run_as_of FROM run JOIN stage ON stage.run = run.id
       WHERE stage.name = ? AND stage.state = 'done' AND stage.reused_from IS NULL AND run.as_of <= ?
       ORDER BY run.as_of DESC, stage.ended_ms DESC LIMIT ?`,
      name,
      asOf,
      limit,
    )
    .map((row) => ({ ...toStage(row), asOf: String(row["run_as_of"]) }));
}

/** Forgets a run and its stages. */
export function deleteRun(ledger: Ledger, id: string): void {
  ledger.run("DELETE FROM run WHERE id = ?", id);
}

const jsonOf = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);

const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullable().transform((value) => value ?? undefined);

const runRow = z.object({
  id: z.string(),
  job: z.string(),
  slot: optional(z.string()),
  trigger: z.enum(TRIGGERS),
  state: z.enum(RUN_STATES),
  as_of: optional(z.string()),
  started_ms: z.number(),
  ended_ms: optional(z.number()),
  owner: jsonOf(processIdentitySchema),
  version: z.string(),
  config_hash: z.string(),
  exit_code: optional(z.number()),
  error: optional(jsonOf(recordedErrorSchema)),
  warnings: jsonOf(z.array(z.string())),
});

const stageRow = z.object({
  run: z.string(),
  name: z.string(),
  position: z.number(),
  state: z.enum(STAGE_STATES),
  attempts: z.number(),
  reused_from: optional(z.string()),
  fingerprint: optional(z.string()),
  started_ms: optional(z.number()),
  ended_ms: optional(z.number()),
  summary: optional(z.string()),
  output: optional(z.string()),
  warnings: jsonOf(z.array(z.string())),
  error: optional(jsonOf(recordedErrorSchema)),
});

function toRun(row: LedgerRow): RunRecord {
  const { as_of, started_ms, ended_ms, config_hash, exit_code, ...rest } = runRow.parse(row);
  return {
    ...rest,
    asOf: as_of,
    startedMs: started_ms,
    endedMs: ended_ms,
    configHash: config_hash,
    exitCode: exit_code,
  };
}

function toStage(row: LedgerRow): StageRecord {
  const { reused_from, started_ms, ended_ms, ...rest } = stageRow.parse(row);
  return { ...rest, reusedFrom: reused_from, startedMs: started_ms, endedMs: ended_ms };
}

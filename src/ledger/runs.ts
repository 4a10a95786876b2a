import type { FailureClass } from "../system/failure.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";
import type { Ledger, LedgerRow } from "./ledger.ts";
import { hasFields, Row } from "./row.ts";

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
export interface RecordedError {
  code: string;
  message: string;
  remedy?: string | undefined;
  class: FailureClass;
}

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

/**
 * The runs that were recorded last first, of one job or of all, at most `limit`. By the order of the
 * record and not by their times: a clock that was set back must not bring an older run to the top.
 */
export function newestRuns(
  ledger: Ledger,
  filter: { job?: string; states?: readonly RunState[]; limit: number },
): RunRecord[] {
  const states = filter.states ?? RUN_STATES;
  const marks = states.map(() => "?").join(", ");
  const rows = filter.job
    ? ledger.all(
        `SELECT * FROM run WHERE job = ? AND state IN (${marks}) ORDER BY rowid DESC LIMIT ?`,
        filter.job,
        ...states,
        filter.limit,
      )
    : ledger.all(
        `SELECT * FROM run WHERE state IN (${marks}) ORDER BY rowid DESC LIMIT ?`,
        ...states,
        filter.limit,
      );
  return rows.map(toRun);
}

/** How many runs of a job there are, and when the oldest began. */
export function countRuns(
  ledger: Ledger,
  job: string,
): { count: number; oldestMs: number | undefined } {
  const values = ledger.get(
    "SELECT count(*) AS count, min(started_ms) AS oldest_ms FROM run WHERE job = ?",
    job,
  );
  const row = new Row(values ?? {});
  return { count: row.number("count"), oldestMs: row.numberIfAny("oldest_ms") };
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

function toRun(values: LedgerRow): RunRecord {
  const row = new Row(values);
  return {
    id: row.text("id"),
    job: row.text("job"),
    slot: row.textIfAny("slot"),
    trigger: row.oneOf("trigger", TRIGGERS),
    state: row.oneOf("state", RUN_STATES),
    asOf: row.textIfAny("as_of"),
    startedMs: row.number("started_ms"),
    endedMs: row.numberIfAny("ended_ms"),
    owner: row.json("owner", isIdentity),
    version: row.text("version"),
    configHash: row.text("config_hash"),
    exitCode: row.numberIfAny("exit_code"),
    error: row.jsonIfAny("error", isRecordedError),
    warnings: row.json("warnings", isTexts),
  };
}

function toStage(values: LedgerRow): StageRecord {
  const row = new Row(values);
  return {
    run: row.text("run"),
    name: row.text("name"),
    position: row.number("position"),
    state: row.oneOf("state", STAGE_STATES),
    attempts: row.number("attempts"),
    reusedFrom: row.textIfAny("reused_from"),
    fingerprint: row.textIfAny("fingerprint"),
    startedMs: row.numberIfAny("started_ms"),
    endedMs: row.numberIfAny("ended_ms"),
    summary: row.textIfAny("summary"),
    output: row.textIfAny("output"),
    error: row.jsonIfAny("error", isRecordedError),
    warnings: row.json("warnings", isTexts),
  };
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return hasFields(value, { pid: "number", host: "string", boot: "string", started: "string" });
}

function isRecordedError(value: unknown): value is RecordedError {
  return hasFields(value, { code: "string", message: "string", class: "string" });
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

import assert from "node:assert/strict";
import type { ForecastRow } from "../../src/evaluation/forecast.ts";
import type { CbiEnd } from "./cbi-process.ts";
import type { Rig } from "./rig.ts";

/** What must hold of every home whose last night is done: all there, nothing twice, nobody left. */
export async function assertIntact(rig: Rig, end: CbiEnd): Promise<void> {
  const verdict = end.events.at(-1);
  assert.equal(verdict?.event, "run-finished");
  assert.equal(verdict.state, "done");
  assert.equal(verdict.exit_code, 0);
  const { exitCode, status } = await rig.status();
  assert.equal(status.run, verdict.run);
  assert.equal(status.success, true);
  assert.ok(exitCode === 0 || exitCode === 2, `cbi status ended with ${exitCode}`);
  const { health: _health, ...recorded } = status;
  assert.deepEqual(await rig.statusFile(), recorded);
  const rows = await rig.forecasts();
  assert.deepEqual(
    rows.map((row) => `${row.as_of} ${row.horizon} ${row.model_role} ${row.algorithm}`),
    [
      "2025-12-31 1m baseline random_walk",
      "2025-12-31 1m champion lightgbm_dart",
      "2025-12-31 1w baseline random_walk",
      "2025-12-31 1w champion lightgbm_dart",
    ],
  );
  const { aliases, decisions } = rig.champions();
  assert.equal(aliases.filter((alias) => alias.includes(" champion ")).length, 2);
  assert.equal(new Set(decisions).size, decisions.length);
  assert.deepEqual(rig.processes(), []);
}

/** Forecasts without the run that published them. */
export function withoutRun(rows: readonly ForecastRow[]): Omit<ForecastRow, "run">[] {
  return rows.map(({ run: _run, ...row }) => row);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Home } from "../../src/config/home.ts";
import { configSchema } from "../../src/config/schema.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { endRun, insertRun, updateStage } from "../../src/ledger/runs.ts";
import { homeStatus } from "../../src/pipeline/home-status.ts";
import { homePaths } from "../../src/system/home.ts";
import { ManualClock } from "../rig/manual-clock.ts";

const home: Home = {
  paths: homePaths("/nowhere"),
  config: configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: { kind: "duckdb", sources: { wti: "raw/wti.csv" } },
    price: { table: "wti", date: "date", column: "price" },
    horizons: { "1w": 5 },
  }),
  configHash: "",
  origins: new Map(),
  warnings: [],
  text: "",
};

/** A finished run whose export ends with its as-of day. */
function night(ledger: Ledger, asOf: string, ended: string, evaluate: "done" | "skipped"): void {
  const id = `${ended}-${evaluate}`;
  const endedMs = Date.parse(ended);
  insertRun(
    ledger,
    {
      id,
      job: "nightly",
      slot: undefined,
      trigger: "person",
      state: "running",
      asOf,
      startedMs: endedMs - 1,
      endedMs: undefined,
      owner: { pid: 1, host: "h", boot: "b", started: "s" },
      version: "0",
      configHash: "c",
      exitCode: undefined,
      error: undefined,
      warnings: [],
    },
    ["export", "evaluate"],
  );
  const output = JSON.stringify({ as_of: asOf, datasets: [{ last: asOf }] });
  updateStage(ledger, id, "export", { state: "done", output });
  updateStage(ledger, id, "evaluate", { state: evaluate });
  endRun(ledger, id, { state: "done", endedMs, exitCode: 0 });
}

void test("a night of the past, or a part of one, makes a stale home no fresher and a fresh one no staler", () => {
  using ledger = Ledger.open(":memory:");
  const health = (now: string) =>
    homeStatus(home, "nightly", ledger, new ManualClock(now), undefined).health;

  night(ledger, "2025-12-29", "2025-12-30T05:00:00Z", "done");
  night(ledger, "2025-12-31", "2026-01-02T04:00:00Z", "skipped");
  night(ledger, "2019-06-28", "2026-01-02T04:30:00Z", "done");
  const stale = health("2026-01-02T05:00:00Z");
  assert.equal(stale.last_success, "2025-12-30T05:00:00.000Z");
  assert.deepEqual(stale.data, { newest: "2025-12-29", sessions_behind: 2 });
  assert.equal(stale.verdict, "warn");
  assert.match(stale.reasons.join("; "), /no success within 26h/);

  night(ledger, "2025-12-31", "2026-01-02T05:30:00Z", "done");
  night(ledger, "2018-06-28", "2026-01-02T05:45:00Z", "done");
  const fresh = health("2026-01-02T06:00:00Z");
  assert.deepEqual(fresh.reasons, []);
  assert.deepEqual(fresh.data, { newest: "2025-12-31", sessions_behind: 0 });
});

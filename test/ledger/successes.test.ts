import assert from "node:assert/strict";
import { test } from "node:test";
import { Ledger } from "../../src/ledger/ledger.ts";
import { endRun, insertRun, updateStage } from "../../src/ledger/runs.ts";
import { lastSuccess } from "../../src/ledger/successes.ts";

const NOW_MS = Date.parse("2026-01-02T05:00:00Z");

function record(
  ledger: Ledger,
  id: string,
  asOf: string,
  left: "whole" | "part" | "failed" = "whole",
): void {
  insertRun(
    ledger,
    {
      id,
      job: "nightly",
      slot: undefined,
      trigger: "person",
      state: "running",
      asOf,
      startedMs: 1,
      endedMs: undefined,
      owner: { pid: 1, host: "h", boot: "b", started: "s" },
      version: "0",
      configHash: "c",
      exitCode: undefined,
      error: undefined,
      warnings: [],
    },
    ["export", "audit"],
  );
  updateStage(ledger, id, "export", { state: "done" });
  updateStage(ledger, id, "audit", { state: left === "part" ? "skipped" : "done" });
  endRun(ledger, id, { state: left === "failed" ? "failed" : "done", endedMs: 2, exitCode: 0 });
}

void test("neither a part of a night nor a night of the past is the last success", () => {
  using ledger = Ledger.open(":memory:");
  const success = (pin?: string) => lastSuccess(ledger, "nightly", { nowMs: NOW_MS, pin })?.id;
  assert.equal(success(), undefined);
  record(ledger, "part-first", "2025-12-31", "part");
  assert.equal(success(), undefined);
  record(ledger, "past", "2024-06-28");
  assert.equal(success(), "past");
  record(ledger, "night", "2025-12-31");
  record(ledger, "past-again", "2024-06-28");
  record(ledger, "part", "2025-12-31", "part");
  record(ledger, "failed", "2026-01-02", "failed");
  assert.equal(success(), "night");
  record(ledger, "night-again", "2025-12-31");
  assert.equal(success(), "night-again", "of one day the newest");
  assert.equal(lastSuccess(ledger, "other", { nowMs: NOW_MS }), undefined);
});

void test("a day that has not come, and one after the pinned day, do not count", () => {
  using ledger = Ledger.open(":memory:");
  const success = (pin?: string) => lastSuccess(ledger, "nightly", { nowMs: NOW_MS, pin })?.id;
  record(ledger, "clock-ahead", "2027-03-01");
  record(ledger, "pinned", "2024-06-28");
  record(ledger, "newest", "2026-01-02");
  assert.equal(success(), "newest");
  assert.equal(success("2024-06-30"), "pinned");
});

void test("the last success is found by an index, however long the history", () => {
  using ledger = Ledger.open(":memory:");
  const plan = ledger.all(
    `EXPLAIN QUERY PLAN SELECT id FROM run WHERE job = 'a' AND state = 'done'
     AND coalesce(as_of, '') <= '2026' ORDER BY as_of DESC, rowid DESC LIMIT 1`,
  );
  const steps = plan.map((row) => String(row["detail"]));
  assert.deepEqual(steps, ["SEARCH run USING INDEX run_by_as_of (job=? AND state=?)"]);
});

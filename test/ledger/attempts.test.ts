import assert from "node:assert/strict";
import { test } from "node:test";
import {
  beginAttempt,
  endAttempt,
  newestAttempts,
  noteAttemptProcess,
} from "../../src/ledger/attempts.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { deleteRun, endRun, insertRun } from "../../src/ledger/runs.ts";
import { processIdentity } from "../../src/system/process-identity.ts";

function ledgerWithRun(): Ledger {
  const ledger = Ledger.open(":memory:");
  const run = {
    id: "r",
    job: "loop",
    slot: undefined,
    trigger: "person",
    state: "running",
    asOf: "2026-11-20",
    startedMs: 1,
    endedMs: undefined,
    owner: processIdentity(),
    version: "0",
    configHash: "h",
    exitCode: undefined,
    error: undefined,
    warnings: [],
  } as const;
  insertRun(ledger, { ...run, warnings: [] }, []);
  return ledger;
}

void test("an attempt is kept with its process and how it ended", () => {
  using ledger = ledgerWithRun();
  assert.ok(beginAttempt(ledger, { run: "r", number: 1, startedMs: 5 }));
  noteAttemptProcess(ledger, "r", 1, processIdentity());
  endAttempt(ledger, "r", 1, { endedMs: 9, reason: "it ended with exit code 3" });
  assert.ok(beginAttempt(ledger, { run: "r", number: 2, startedMs: 10 }));
  const [second, first] = newestAttempts(ledger, "r", 5);
  assert.deepEqual(
    [first?.process?.pid, first?.endedMs, first?.reason],
    [process.pid, 9, "it ended with exit code 3"],
  );
  assert.deepEqual([second?.process, second?.endedMs], [undefined, undefined]);
  deleteRun(ledger, "r");
  assert.deepEqual(newestAttempts(ledger, "r", 5), [], "they go with their run");
});

void test("a run that was found dead begins no further attempt", () => {
  using ledger = ledgerWithRun();
  endRun(ledger, "r", { state: "interrupted", endedMs: 2, exitCode: 130 });
  assert.equal(beginAttempt(ledger, { run: "r", number: 1, startedMs: 5 }), false);
  assert.equal(beginAttempt(ledger, { run: "other", number: 1, startedMs: 5 }), false);
  assert.deepEqual(newestAttempts(ledger, "r", 5), []);
});

void test("of years of restarts the newest thousand are kept", () => {
  using ledger = ledgerWithRun();
  for (let number = 1; number <= 1010; number++) {
    beginAttempt(ledger, { run: "r", number, startedMs: number });
  }
  const kept = newestAttempts(ledger, "r", 5000);
  assert.deepEqual([kept.length, kept.at(-1)?.number], [1000, 11]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { believeClock, newestRecordMs } from "../../src/ledger/clock-marks.ts";
import { registeredJob, registerJob } from "../../src/ledger/jobs.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import {
  claimedSlots,
  claimSlot,
  endSlot,
  findSlot,
  keepClaimed,
  lastCaughtUpMs,
  newestSlots,
  reclaimSlot,
  recordCheck,
  releaseSlot,
  reopenSlot,
  slotRanges,
  slotsOfDay,
  type Claim,
} from "../../src/ledger/slots.ts";

const DUE = Date.parse("2026-11-20T05:00:00Z");
const NAME = "2026-11-20T00:00";
const CHECK = { job: "nightly", ends: [], nextDueMs: undefined, nextStamp: "", said: "" };

void test("of two claims of a slot one succeeds, and the slot is claimed until its verdict", () => {
  using ledger = registered();
  assert.equal(claimSlot(ledger, claim("a")), true);
  assert.equal(claimSlot(ledger, claim("b")), false);
  assert.deepEqual(
    claimedSlots(ledger, "nightly").map(({ run, attempts }) => [run, attempts]),
    [["a", 1]],
  );
  assert.equal(endSlot(ledger, { ...end("b"), verdict: "done" }), false, "it is not b's to end");
  assert.equal(endSlot(ledger, { ...end("a"), verdict: "done" }), true);
  assert.equal(
    endSlot(ledger, { ...end("a"), verdict: "failed" }),
    false,
    "there is no second end",
  );
  assert.equal(findSlot(ledger, "nightly", NAME)?.verdict, "done");
  assert.equal(claimSlot(ledger, claim("c")), false);
  assert.equal(reopenSlot(ledger, claim("c")), false, "done is done");
  assert.deepEqual(claimedSlots(ledger), []);
});

void test("a slot of a dead run is taken over by one of those who saw it", () => {
  using ledger = registered();
  claimSlot(ledger, claim("a"));
  const seen = findSlot(ledger, "nightly", NAME);
  assert.ok(seen);
  assert.equal(reclaimSlot(ledger, claim("b"), seen), true);
  assert.equal(reclaimSlot(ledger, claim("c"), seen), false);
  assert.equal(endSlot(ledger, { ...end("a"), verdict: "done" }), false, "a has lost it");
  assert.equal(findSlot(ledger, "nightly", NAME)?.attempts, 2);
});

void test("a claim that is released leaves no trace, or one run less", () => {
  using ledger = registered();
  claimSlot(ledger, claim("a"));
  recordCheck(ledger, { ...CHECK, throughMs: DUE + 5, nowMs: DUE + 5 });
  releaseSlot(ledger, claim("a"));
  assert.equal(findSlot(ledger, "nightly", NAME), undefined);
  assert.ok((registeredJob(ledger, "nightly")?.throughMs ?? DUE) < DUE, "it is found again");
  claimSlot(ledger, claim("b"));
  keepClaimed(ledger, { ...end("b"), hasFailed: true });
  const seen = findSlot(ledger, "nightly", NAME);
  assert.deepEqual([seen?.run, seen?.failures], [undefined, 1]);
  assert.ok(seen && reclaimSlot(ledger, claim("c"), seen));
  releaseSlot(ledger, claim("c"));
  assert.equal(findSlot(ledger, "nightly", NAME)?.attempts, 1);
});

void test("what a check ends is recorded once, and a verdict is not overwritten by it", () => {
  using ledger = registered();
  claimSlot(ledger, claim("a"));
  endSlot(ledger, { ...end("a"), verdict: "done" });
  const missed = {
    name: NAME,
    dueMs: DUE,
    day: "2026-11-20",
    verdict: "missed",
    reason: "x",
  } as const;
  recordCheck(ledger, { ...CHECK, ends: [missed], throughMs: DUE, nowMs: DUE + 1 });
  assert.equal(findSlot(ledger, "nightly", NAME)?.verdict, "done");
  const range = { afterMs: 1, throughMs: 9, verdict: "missed", reason: "long ago" } as const;
  recordCheck(ledger, { ...CHECK, range, throughMs: DUE, nowMs: DUE + 1 });
  recordCheck(ledger, { ...CHECK, range, throughMs: 0, nowMs: DUE + 2 });
  assert.deepEqual(
    slotRanges(ledger, "nightly", 0).map(({ afterMs, throughMs }) => [afterMs, throughMs]),
    [[1, 9]],
  );
  assert.equal(registeredJob(ledger, "nightly")?.throughMs, DUE, "it never goes back by a check");
});

void test("the newest instant only moves forward, until a person believes the clock", () => {
  using ledger = registered();
  claimSlot(ledger, claim("a"));
  recordCheck(ledger, { ...CHECK, throughMs: 0, nowMs: DUE - 1000 });
  assert.equal(newestRecordMs(ledger), DUE);
  believeClock(ledger, DUE - 5000);
  assert.equal(newestRecordMs(ledger), DUE - 5000);
});

void test("slots are found by day, by newness and by whether they were caught up", () => {
  using ledger = registered();
  claimSlot(ledger, claim("a"));
  claimSlot(ledger, {
    ...claim("b"),
    name: "2026-11-21T00:00",
    day: "2026-11-21",
    dueMs: DUE + 1,
    isCatchUp: true,
  });
  assert.deepEqual(
    slotsOfDay(ledger, "nightly", "2026-11-20").map(({ run }) => run),
    ["a"],
  );
  const newest = newestSlots(ledger, { job: "nightly", limit: 5 });
  assert.deepEqual(
    newest.map(({ run }) => run),
    ["b", "a"],
  );
  assert.equal(lastCaughtUpMs(ledger, "nightly"), DUE);
  assert.equal(lastCaughtUpMs(ledger, "other"), undefined);
});

void test("a claim says how far every slot has a record, and one that is given back takes it back", () => {
  using ledger = registered();
  const through = (): number | undefined => registeredJob(ledger, "nightly")?.throughMs;
  const before = through() ?? 0;
  const later = DUE + 86_400_000;
  assert.equal(claimSlot(ledger, { ...claim("a"), dueMs: later, settledMs: later - 1 }), true);
  assert.equal(through(), later - 1);
  assert.equal(claimSlot(ledger, { ...claim("b"), dueMs: later, settledMs: later + 5 }), false);
  assert.equal(through(), later - 1, "who came too late knows nothing");
  releaseSlot(ledger, { job: "nightly", name: NAME, dueMs: later, run: "a" });
  assert.equal(through(), later - 1, "it is found again");
  assert.ok(before < later - 1);
});

void test("every query of slots goes by an index, so that ten years of them cost what a day does", () => {
  using ledger = registered();
  const queries = [
    "SELECT * FROM slot WHERE job = 'a' AND name = 'b'",
    "SELECT * FROM slot INDEXED BY slot_claimed WHERE verdict IS NULL ORDER BY job, due_ms",
    "SELECT * FROM slot WHERE job = 'a' AND verdict IS NULL ORDER BY due_ms",
    "SELECT * FROM slot WHERE job = 'a' AND day = 'b' ORDER BY due_ms",
    "SELECT * FROM slot WHERE job = 'a' AND due_ms > 1 ORDER BY due_ms DESC, name DESC LIMIT 5",
    "SELECT max(claimed_ms) FROM slot WHERE job = 'a' AND is_catch_up = 1",
  ];
  for (const query of queries) {
    const plan = ledger.all(`EXPLAIN QUERY PLAN ${query}`).map(({ detail }) => String(detail));
    // A scan is flat only over the index of the claimed slots, of which there are few.
    const scans = plan.filter((step) => step.startsWith("SCAN") && !step.includes("slot_claimed"));
    assert.deepEqual(scans, [], query);
    assert.ok(
      plan.some((step) => /INDEX|PRIMARY KEY/.test(step)),
      `${query}: ${plan.join("; ")}`,
    );
  }
});

function registered(): Ledger {
  const ledger = Ledger.open(":memory:");
  const job = { name: "nightly", schedule: "{}", isEnabled: true, nowMs: DUE - 100_000 };
  ledger.transaction(() => registerJob(ledger, job));
  return ledger;
}

function claim(run: string): Claim {
  return {
    job: "nightly",
    name: NAME,
    dueMs: DUE,
    day: "2026-11-20",
    run,
    isCatchUp: false,
    nowMs: DUE,
  };
}

function end(run: string): {
  job: string;
  name: string;
  run: string;
  reason: undefined;
  nowMs: number;
} {
  return { job: "nightly", name: NAME, run, reason: undefined, nowMs: DUE };
}

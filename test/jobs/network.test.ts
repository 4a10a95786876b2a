import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunOutcome } from "../../src/jobs/ports.ts";
import { DONE, RoadUnderTest } from "./road-under-test.ts";

const DAILY = "{ scan: { kind: command, argv: [x], schedule: ['30 8 * * *'] } }";
const HOUR = 3_600_000;
/** Noon in New York, after that day's slot. */
const NOON = "2026-11-20T17:00:00Z";

const AWAY: RunOutcome = {
  end: "failed",
  exitCode: 69,
  warnings: [],
  reason: "no answer",
  error: { code: "CBI_NETWORK_UNAVAILABLE", message: "no answer", class: "retryable" },
  mayHeal: true,
};

void test("a run without a network misses its slot, which is caught up when there is one again", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  rig.onRun = () => Promise.resolve(AWAY);
  const first = await rig.scheduled("scan");
  assert.equal(first.exitCode, 69);
  assert.deepEqual(first.slots.at(-1)?.verdict, "missed");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 missed"]);
  assert.deepEqual(rig.reasons("scan"), ["network: no answer"]);
  assert.equal((await rig.scheduled("scan")).slots.length, 0, "not before its time");
  for (let hour = 0; hour < 6; hour++) {
    rig.clock.advance(HOUR);
    await rig.scheduled("scan");
  }
  assert.equal(rig.ran.length, 7, "every hour, and no failure counts");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 missed"]);
  rig.onRun = () => Promise.resolve(DONE);
  rig.clock.advance(HOUR);
  await rig.scheduled("scan");
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 done"]);
  assert.equal(rig.ran.length, 8);
});

void test("what was missed for want of a network ends with the next slot, and late slots are not caught up where none are", async () => {
  for (const catchUp of ["latest", "none"]) {
    const jobs = DAILY.replace("argv:", `catch_up: { policy: ${catchUp} }, argv:`);
    using rig = new RoadUnderTest(jobs, NOON);
    await rig.scheduled("scan");
    rig.clock.advance(Date.parse("2026-11-21T13:31:00Z") - rig.clock.now());
    rig.onRun = () => Promise.resolve(AWAY);
    await rig.scheduled("scan");
    rig.onRun = () => Promise.resolve(DONE);
    rig.clock.advance(catchUp === "none" ? HOUR : 24 * HOUR);
    await rig.scheduled("scan");
    const next = catchUp === "none" ? [] : ["2026-11-22T08:30 done"];
    assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 missed", ...next], catchUp);
  }
});

void test("a job that comes after one without a network waits for it", async () => {
  const jobs = `{ first: { kind: command, schedule: ['30 8 * * *'], argv: [x] }, second: { kind: command, schedule: ['30 8 * * *'], after: [first], argv: [x] } }`;
  using rig = new RoadUnderTest(jobs, NOON);
  for (const job of ["first", "second"]) await rig.scheduled(job);
  rig.clock.advance(24 * HOUR);
  rig.onRun = () => Promise.resolve(AWAY);
  for (const job of ["first", "second"]) await rig.scheduled(job);
  assert.deepEqual([rig.slots("first").length, rig.slots("second").length], [1, 0]);
  rig.onRun = () => Promise.resolve(DONE);
  rig.clock.advance(HOUR);
  for (const job of ["first", "second"]) await rig.scheduled(job);
  assert.deepEqual(rig.slots("second"), ["2026-11-21T08:30 done"]);
});

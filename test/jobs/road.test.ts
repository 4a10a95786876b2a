import assert from "node:assert/strict";
import { test } from "node:test";
import { RunLock } from "../../src/guard/run-lock.ts";
import { overrideEnabled } from "../../src/ledger/jobs.ts";
import { findRun, newestRuns } from "../../src/ledger/runs.ts";
import { claimSlot } from "../../src/ledger/slots.ts";
import { jobLockFile } from "../../src/jobs/job-locks.ts";
import { runByPerson } from "../../src/jobs/person.ts";
import { Failure } from "../../src/system/failure.ts";
import { DONE, RoadUnderTest } from "./road-under-test.ts";

const DAILY = "{ scan: { kind: command, argv: [x], schedule: ['30 8 * * *'] } }";
const HOUR = 3_600_000;
/** Noon in New York, on a Friday. */
const NOON = "2026-11-20T17:00:00Z";

void test("a new job counts from its registration, and its first slot runs with its days", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  const first = await rig.scheduled("scan");
  assert.deepEqual([first.exitCode, first.slots, rig.ran.length], [0, [], 0]);
  assert.equal(
    first.next.step === "wait" && first.next.untilMs,
    Date.parse("2026-11-21T13:30:00Z"),
  );
  rig.clock.advance(21 * HOUR);
  const second = await rig.scheduled("scan");
  assert.deepEqual(
    second.slots.map(({ slot, verdict }) => [slot, verdict]),
    [["2026-11-21T08:30", "done"]],
  );
  const [run] = rig.ran;
  assert.deepEqual(
    [run?.slot?.name, run?.asOf, run?.tradingDate, run?.isCatchUp, run?.slotAttempt, run?.trigger],
    ["2026-11-21T08:30", "2026-11-20", "2026-11-23", true, 1, "catch_up"],
  );
  const record = findRun(rig.ledger, run?.run ?? "");
  assert.deepEqual(
    [record?.state, record?.slot, record?.asOf],
    ["done", "2026-11-21T08:30", "2026-11-20"],
  );
  assert.deepEqual((await rig.scheduled("scan")).slots, [], "nothing is due a second time");
});

void test("a job that is always in time is asked about its newest slots alone", async (t) => {
  using rig = new RoadUnderTest("{ scan: { kind: command, argv: [x], every: 15m } }", NOON);
  await rig.scheduled("scan");
  for (let quarter = 0; quarter < 40; quarter++) {
    rig.clock.advance(HOUR / 4);
    await rig.scheduled("scan");
  }
  assert.equal(rig.slots("scan").length, 40);
  rig.clock.advance(HOUR / 4);
  const get = t.mock.method(rig.ledger, "get");
  await rig.scheduled("scan");
  const asked = get.mock.calls.filter(({ arguments: [sql] }) =>
    sql.startsWith("SELECT * FROM slot WHERE job = ? AND name = ?"),
  );
  assert.ok(asked.length < 15, `${asked.length} slots were looked up`);
  assert.equal(rig.slots("scan").at(-1)?.split(" ")[1], "done");
});

void test("nights that were slept through end as superseded, the latest runs", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(72 * HOUR);
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), [
    "2026-11-21T08:30 superseded",
    "2026-11-22T08:30 superseded",
    "2026-11-23T08:30 done",
  ]);
});

void test("an edit of the schedule ends what the old one left, and the new one counts from then", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  rig.edit("{ scan: { kind: command, argv: [x], schedule: ['0 9 * * *'] } }");
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 missed"]);
  assert.match(rig.reasons("scan")[0] ?? "", /schedule was edited/);
  assert.equal(rig.ran.length, 0);
  rig.clock.advance(22 * HOUR);
  await rig.scheduled("scan");
  assert.equal(rig.slots("scan").at(-1), "2026-11-22T09:00 done");
});

void test("a job that leaves cbi.yaml and comes back counts anew", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.edit("{ other: { kind: command, argv: [x], every: 1d } }");
  rig.clock.advance(24 * HOUR);
  await rig.scheduled("other");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 missed"]);
  rig.edit(DAILY);
  rig.clock.advance(24 * HOUR);
  await rig.scheduled("scan");
  assert.equal(rig.ran.filter(({ job }) => job === "scan").length, 0);
});

void test("what is due while a job is disabled is skipped, and enabling starts none of it", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  overrideEnabled(rig.ledger, "scan", { value: "disabled", who: "ann", reason: "audit", atMs: 1 });
  rig.clock.advance(24 * HOUR);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  overrideEnabled(rig.ledger, "scan", undefined);
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 skipped", "2026-11-22T08:30 skipped"]);
  assert.equal(rig.reasons("scan")[0], "disabled by ann: audit");
  assert.equal(rig.ran.length, 0);
});

void test("the kill switch skips the slot with its reason, and no run is made of it", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  rig.killed = { blocked: true, reason: "paused by ann: no data" };
  const end = await rig.scheduled("scan");
  assert.equal(end.exitCode, 77);
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 skipped"]);
  assert.deepEqual(rig.reasons("scan"), ["paused by ann: no data"]);
  assert.equal(newestRuns(rig.ledger, { limit: 9 }).length, 0);
});

void test("what was begun before the kill switch came on is resumed when it is off", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  rig.onRun = () => Promise.resolve({ end: "interrupted", exitCode: 77, warnings: [] });
  await rig.scheduled("scan");
  rig.killed = { blocked: true, reason: "paused by ann: no data" };
  for (let count = 0; count < 9; count++) {
    assert.equal((await rig.scheduled("scan")).exitCode, 77);
  }
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 claimed"]);
  rig.killed = { blocked: false };
  rig.onRun = () => Promise.resolve(DONE);
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 done"]);
  assert.equal(rig.ran.length, 2);
});

void test("an interrupted run leaves its slot claimed, and the next start resumes it", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  rig.onRun = () => Promise.resolve({ end: "interrupted", exitCode: 130, warnings: [] });
  assert.equal((await rig.scheduled("scan")).exitCode, 130);
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 claimed"]);
  rig.onRun = () => Promise.resolve(DONE);
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 done"]);
  assert.deepEqual(
    rig.ran.map(({ slotAttempt }) => slotAttempt),
    [1, 2],
  );
});

void test("a failure that may heal is tried once more after ten minutes, and then fails", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  rig.onRun = () =>
    Promise.resolve({ end: "failed", exitCode: 69, warnings: [], reason: "no net", mayHeal: true });
  assert.equal((await rig.scheduled("scan")).exitCode, 69);
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 claimed"]);
  assert.equal((await rig.scheduled("scan")).slots.length, 0, "not before its time");
  rig.clock.advance(HOUR / 6);
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 failed"]);
  assert.equal(rig.ran.length, 2);
});

void test("a process that died after its run was done leaves a slot that is not run again", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  const nowMs = rig.clock.now();
  const slot = {
    name: "2026-11-21T08:30",
    dueMs: Date.parse("2026-11-21T13:30:00Z"),
    day: "2026-11-21",
  };
  claimSlot(rig.ledger, { ...slot, job: "scan", run: "r1", isCatchUp: false, nowMs });
  rig.ledger.run(
    `INSERT INTO run (id, job, slot, trigger, state, started_ms, ended_ms, owner, version, config_hash)
     VALUES ('r1', 'scan', ?, 'schedule', 'done', ?, ?, '{"pid":1,"host":"h","boot":"b","started":"s"}', '0', 'h')`,
    slot.name,
    nowMs,
    nowMs,
  );
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 done"]);
  assert.equal(rig.ran.length, 0);
});

void test("a bug in a runner fails the slot and says so", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  rig.onRun = () => Promise.reject(new TypeError("x is undefined"));
  const end = await rig.scheduled("scan");
  assert.equal(end.exitCode, 70);
  assert.match(end.slots[0]?.reason ?? "", /bug in cbi: x is undefined/);
});

void test("while another process has the job's lock a start leaves the slot, and takes it later", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  const lock = RunLock.tryTake(jobLockFile(rig.road.home.paths, "scan"));
  assert.equal((await rig.scheduled("scan")).exitCode, 75);
  assert.deepEqual(rig.slots("scan"), []);
  lock?.[Symbol.dispose]();
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 done"]);
});

void test("what comes due during a run is started after it, in the same pass", async () => {
  using rig = new RoadUnderTest("{ scan: { kind: command, argv: [x], every: 1h } }", NOON);
  await rig.scheduled("scan");
  rig.clock.advance(HOUR);
  rig.onRun = () => {
    if (rig.ran.length === 1) rig.clock.advance(2.5 * HOUR);
    return Promise.resolve(DONE);
  };
  await rig.scheduled("scan");
  assert.deepEqual(rig.slots("scan"), [
    "2026-11-20T18:00Z done",
    "2026-11-20T19:00Z superseded",
    "2026-11-20T20:00Z done",
  ]);
});

void test("a clock behind the ledger starts nothing, and exits as held", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  await rig.scheduled("scan");
  rig.clock.advance(-3 * HOUR);
  const end = await rig.scheduled("scan");
  assert.deepEqual([end.exitCode, end.next.step], [77, "hold"]);
  rig.clock.advance(3 * HOUR);
  assert.equal((await rig.scheduled("scan")).exitCode, 0);
  assert.equal(rig.ran.length, 1);
});

void test("a job that comes after another waits for its done, and is skipped when that fails", async () => {
  const jobs = `{ scan: { kind: command, argv: [x], schedule: ['30 8 * * *'] },
    trade: { kind: command, argv: [x], schedule: ['40 8 * * *'], after: [scan] },
    sums: { kind: command, argv: [x], after: [scan] } }`;
  using rig = new RoadUnderTest(jobs, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  const waiting = await rig.scheduled("trade");
  assert.match(waiting.next.reason, /scan@2026-11-21T08:30 is not done yet/);
  await rig.scheduled("scan");
  await rig.scheduled("trade");
  await rig.scheduled("sums");
  assert.deepEqual(rig.slots("trade"), ["2026-11-21T08:40 done"]);
  assert.deepEqual(
    rig.slots("sums"),
    ["2026-11-21T08:30 done"],
    "without a schedule, scan's counts",
  );
  rig.clock.advance(24 * HOUR);
  rig.onRun = () => Promise.resolve({ end: "failed", exitCode: 1, warnings: [], reason: "no" });
  await rig.scheduled("scan");
  await rig.scheduled("trade");
  assert.equal(rig.slots("trade").at(-1), "2026-11-22T08:40 skipped");
  assert.match(rig.reasons("trade").at(-1) ?? "", /scan@2026-11-22T08:30 ended as failed/);
});

void test("a start that may wait looks again until the job before it is done", async () => {
  const jobs = `{ scan: { kind: command, argv: [x], schedule: ['30 8 * * *'] },
    trade: { kind: command, argv: [x], schedule: ['40 8 * * *'], after: [scan] } }`;
  using rig = new RoadUnderTest(jobs, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  const sleep = rig.clock.sleep.bind(rig.clock);
  rig.clock.sleep = async (ms, signal) => {
    await sleep(ms, signal);
    if (rig.clock.slept.length === 3) await rig.scheduled("scan");
  };
  await rig.scheduled("trade", true);
  assert.deepEqual(rig.slots("trade"), ["2026-11-21T08:40 done"]);
  assert.deepEqual(rig.clock.slept, [10_000, 10_000, 10_000]);
});

void test("the job's lock is held through its run, and free after it", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  const file = jobLockFile(rig.road.home.paths, "scan");
  const during: boolean[] = [];
  rig.onRun = async () => {
    await Promise.resolve();
    using lock = RunLock.tryTake(file);
    during.push(lock === undefined);
    return DONE;
  };
  await rig.scheduled("scan");
  assert.deepEqual(during, [true]);
  using lock = RunLock.tryTake(file);
  assert.ok(lock);
});

void test("jobs of one group do not run beside each other", async () => {
  const jobs = `{ a: { kind: command, argv: [x], every: 1h, group: broker }, b: { kind: command, argv: [x], every: 1h, group: broker } }`;
  using rig = new RoadUnderTest(jobs, NOON);
  await rig.scheduled("a");
  rig.clock.advance(HOUR);
  const during: number[] = [];
  rig.onRun = async ({ job }) => {
    if (job === "a") during.push((await rig.scheduled("b")).exitCode);
    return DONE;
  };
  await rig.scheduled("a");
  assert.deepEqual(during, [75]);
  assert.deepEqual(rig.slots("b"), []);
  await rig.scheduled("b");
  assert.deepEqual(rig.slots("b"), ["2026-11-20T18:00Z done"]);
});

void test("a person's run takes no slot, and a named slot only when it is due and not done", async () => {
  using rig = new RoadUnderTest(DAILY, NOON);
  await rig.scheduled("scan");
  const job = rig.road.jobs.find("scan");
  assert.ok(job);
  await runByPerson(rig.road, job, {});
  assert.deepEqual(rig.slots("scan"), []);
  assert.equal(rig.ran[0]?.slot, undefined);
  await assert.rejects(
    runByPerson(rig.road, job, { slot: "2026-11-22T08:30" }),
    isFailure(64, /not due yet/),
  );
  await assert.rejects(
    runByPerson(rig.road, job, { slot: "2026-11-20T08:31" }),
    isFailure(64, /has no slot/),
  );
  rig.clock.advance(24 * HOUR);
  await runByPerson(rig.road, job, { slot: "scan@2026-11-21T08:30" });
  assert.deepEqual(rig.slots("scan"), ["2026-11-21T08:30 done"]);
  await assert.rejects(
    runByPerson(rig.road, job, { slot: "2026-11-21T08:30" }),
    isFailure(64, /is done, by run/),
  );
  assert.deepEqual((await rig.scheduled("scan")).slots, [], "the schedule does not run it again");
});

void test("a slot that the calendar leaves out runs by a person's word, who and why on record", async () => {
  using rig = new RoadUnderTest(
    "{ scan: { kind: command, argv: [x], schedule: ['30 8 * * *'], days: session } }",
    NOON,
  );
  await rig.scheduled("scan");
  rig.clock.advance(24 * HOUR);
  const job = rig.road.jobs.find("scan");
  assert.ok(job);
  const slot = "2026-11-21T08:30";
  await assert.rejects(
    runByPerson(rig.road, job, { slot }),
    isFailure(64, /does not run: a weekend/),
  );
  await runByPerson(rig.road, job, { slot, ignoreCalendar: { who: "ann", reason: "audit" } });
  assert.deepEqual(rig.slots("scan"), [`${slot} done`]);
  assert.deepEqual(rig.reasons("scan"), ["the calendar was ignored by ann: audit"]);
  assert.deepEqual(findRun(rig.ledger, rig.ran[0]?.run ?? "")?.warnings, [
    "the calendar was ignored by ann: audit",
  ]);
});

function isFailure(exit: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exit, exit);
    assert.match(error.message, message);
    return true;
  };
}

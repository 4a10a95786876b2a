import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dueCheck,
  type ClaimedSlot,
  type DueDecision,
  type DueFacts,
} from "../../src/schedule/due.ts";
import { parseSchedule, type Schedule } from "../../src/schedule/schedule.ts";

const HOUR = 3_600_000;
const MIDNIGHT = scheduleOf("0 0 * * *");
const SINCE = at("2026-11-16T12:00");

void test("nothing is due before the first slot after the registration, so an install sets off nothing", () => {
  const { ends, next, throughMs } = decide({ nowMs: at("2026-11-16T23:59") });
  assert.deepEqual(ends, []);
  assert.deepEqual(next, {
    step: "wait",
    untilMs: at("2026-11-17T00:00"),
    reason: "nothing is due",
  });
  assert.equal(throughMs, at("2026-11-16T23:59"));
});

void test("a slot starts at its due time, and is no catch-up within five minutes of it", () => {
  for (const [time, isCatchUp] of [
    ["00:00", false],
    ["00:05", false],
    ["00:06", true],
  ] as const) {
    const { next } = decide({ nowMs: at(`2026-11-17T${time}`) });
    assert.equal(next.step, "start");
    assert.equal(next.step === "start" && next.isCatchUp, isCatchUp, time);
  }
});

void test("of three nights that were slept through the latest starts, and the others are superseded", () => {
  const decision = decide({ nowMs: at("2026-11-19T08:00") });
  assert.deepEqual(verdicts(decision), [
    "2026-11-17T00:00 superseded",
    "2026-11-18T00:00 superseded",
  ]);
  assert.equal(started(decision), "2026-11-19T00:00");
  assert.match(decision.ends[0]?.reason ?? "", /2026-11-19T00:00 came after it/);
});

void test("a slot older than the policy's age is missed, with its reason", () => {
  const catchUp = { policy: "latest", maxCount: 10, maxAgeMs: 6 * HOUR } as const;
  const decision = decide({ nowMs: at("2026-11-17T08:00"), catchUp });
  assert.deepEqual(verdicts(decision), ["2026-11-17T00:00 missed"]);
  assert.equal(decision.ends[0]?.reason, "due for longer than 6 h");
  assert.equal(decision.next.step, "wait");
});

void test("without catch-up only a slot that is in time starts", () => {
  const catchUp = { policy: "none", maxCount: 10 } as const;
  assert.equal(started(decide({ nowMs: at("2026-11-17T00:04"), catchUp })), "2026-11-17T00:00");
  const late = decide({ nowMs: at("2026-11-18T00:30"), catchUp });
  assert.deepEqual(verdicts(late), ["2026-11-17T00:00 missed", "2026-11-18T00:00 missed"]);
});

void test("all start in order, the newest so many, with the spacing between them", () => {
  const catchUp = { policy: "all", maxCount: 2, spacingMs: HOUR } as const;
  const facts = { nowMs: at("2026-11-19T08:00"), catchUp };
  const first = decide(facts);
  assert.deepEqual(verdicts(first), ["2026-11-17T00:00 missed"]);
  assert.equal(started(first), "2026-11-18T00:00");
  const recorded = new Set(["2026-11-17T00:00", "2026-11-18T00:00"]);
  const isRecorded = (name: string): boolean => recorded.has(name);
  const spaced = decide({ ...facts, isRecorded, caughtUpMs: at("2026-11-19T07:30") });
  assert.equal(spaced.next.step, "wait");
  assert.equal(spaced.next.step === "wait" && spaced.next.untilMs, at("2026-11-19T08:30"));
  const free = decide({ ...facts, isRecorded, caughtUpMs: at("2026-11-19T06:30") });
  assert.equal(started(free), "2026-11-19T00:00");
});

void test("a disabled job's slots are skipped with who and why, and it starts nothing", () => {
  const decision = decide({ nowMs: at("2026-11-18T08:00"), disabled: "disabled by ann: holidays" });
  assert.deepEqual(verdicts(decision), ["2026-11-17T00:00 skipped", "2026-11-18T00:00 skipped"]);
  assert.equal(decision.ends[0]?.reason, "disabled by ann: holidays");
  assert.equal(decision.next.step, "wait");
});

void test("a clock more than five minutes behind the ledger holds, and records nothing", () => {
  const nowMs = at("2026-11-17T08:00");
  const held = decide({ nowMs, newestRecordMs: nowMs + 6 * 60_000 });
  assert.equal(held.next.step, "hold");
  assert.match(held.next.reason, /6 min behind/);
  assert.deepEqual([held.ends, held.throughMs], [[], SINCE]);
  assert.equal(decide({ nowMs, newestRecordMs: nowMs + 5 * 60_000 }).next.step, "start");
});

void test("an interrupted slot is resumed, unless a newer one takes its place", () => {
  const claimed = [claim("2026-11-17T00:00")];
  const isRecorded = (name: string): boolean => name === "2026-11-17T00:00";
  const same = decide({ nowMs: at("2026-11-17T06:00"), claimed, isRecorded });
  assert.equal(same.next.step === "resume" && same.next.slot.name, "2026-11-17T00:00");
  const next = decide({ nowMs: at("2026-11-18T06:00"), claimed, isRecorded });
  assert.deepEqual(verdicts(next), ["2026-11-17T00:00 superseded"]);
  assert.equal(started(next), "2026-11-18T00:00");
  const all = { policy: "all", maxCount: 10 } as const;
  const inOrder = decide({ nowMs: at("2026-11-18T06:00"), claimed, isRecorded, catchUp: all });
  assert.equal(inOrder.next.step === "resume" && inOrder.next.slot.name, "2026-11-17T00:00");
});

void test("a slot whose run is alive is left alone, and nothing starts beside it", () => {
  const claimed = [{ ...claim("2026-11-17T00:00"), isRunning: true }];
  const isRecorded = (name: string): boolean => name === "2026-11-17T00:00";
  const { next, throughMs } = decide({ nowMs: at("2026-11-18T00:01"), claimed, isRecorded });
  assert.equal(next.step, "wait");
  assert.ok(throughMs < at("2026-11-18T00:00"), "what waits is found again");
});

void test("a failure that time may heal is tried again after ten minutes", () => {
  const endedMs = at("2026-11-17T00:30");
  const claimed = [{ ...claim("2026-11-17T00:00"), failures: 1, endedMs }];
  const isRecorded = (name: string): boolean => name === "2026-11-17T00:00";
  const early = decide({ nowMs: at("2026-11-17T00:35"), claimed, isRecorded });
  assert.equal(early.next.step === "wait" && early.next.untilMs, at("2026-11-17T00:40"));
  const later = decide({ nowMs: at("2026-11-17T00:40"), claimed, isRecorded });
  assert.equal(later.next.step, "resume");
});

void test("a service's slot goes on however late, until a newer one takes its place", () => {
  const claimed = [claim("2026-11-17T00:00")];
  const isRecorded = (name: string): boolean => name === "2026-11-17T00:00";
  for (const catchUp of [
    { policy: "none", maxCount: 10 },
    { policy: "latest", maxCount: 10, maxAgeMs: HOUR },
    { policy: "all", maxCount: 10, maxAgeMs: HOUR },
  ] as const) {
    const facts = { catchUp, claimed, isRecorded, isKeptAlive: true };
    const late = decide({ ...facts, nowMs: at("2026-11-17T15:00") });
    assert.deepEqual([verdicts(late), late.next.step], [[], "resume"], catchUp.policy);
    const newer = decide({ ...facts, nowMs: at("2026-11-18T00:01") });
    assert.deepEqual(verdicts(newer), ["2026-11-17T00:00 superseded"], catchUp.policy);
    assert.equal(started(newer), "2026-11-18T00:00", catchUp.policy);
  }
});

void test("a slot that was interrupted in five runs fails", () => {
  const claimed = [{ ...claim("2026-11-17T00:00"), attempts: 5 }];
  const isRecorded = (name: string): boolean => name === "2026-11-17T00:00";
  const decision = decide({ nowMs: at("2026-11-17T06:00"), claimed, isRecorded });
  assert.deepEqual(verdicts(decision), ["2026-11-17T00:00 failed"]);
  assert.equal(decision.next.step, "wait");
});

void test("a slot waits for the jobs that it comes after, and is in time from their end", () => {
  const nowMs = at("2026-11-17T03:00");
  const catchUp = { policy: "none", maxCount: 10 } as const;
  const waiting = decide({ nowMs, catchUp, after: () => ({ state: "waiting", reason: "scan" }) });
  assert.deepEqual([waiting.next.step, waiting.ends], ["wait", []]);
  const ready = decide({ nowMs, catchUp, after: () => ({ state: "ready", sinceMs: nowMs - 1 }) });
  assert.equal(started(ready), "2026-11-17T00:00");
  const never = decide({
    nowMs,
    catchUp,
    after: () => ({ state: "never", reason: "scan failed" }),
  });
  assert.deepEqual(verdicts(never), ["2026-11-17T00:00 skipped"]);
});

void test("years of absence cost bounded work, and the stretch that is not listed has one verdict", () => {
  const schedule = scheduleOf("*/5 * * * *");
  const decision = decide({
    schedule,
    sinceMs: at("2016-01-01T00:00"),
    throughMs: 0,
    nowMs: at("2026-11-17T00:01"),
  });
  assert.ok(decision.ends.length < 5000, String(decision.ends.length));
  assert.equal(decision.range?.verdict, "superseded");
  assert.equal(decision.range?.afterMs, at("2016-01-01T00:00"));
  assert.equal(started(decision), "2026-11-17T00:00");
});

void test("an edited schedule counts from its edit", () => {
  const decision = decide({ sinceMs: at("2026-11-17T06:00"), nowMs: at("2026-11-17T07:00") });
  assert.deepEqual([decision.ends, decision.next.step], [[], "wait"]);
});

function decide(facts: Partial<DueFacts> & { nowMs: number }): DueDecision {
  return dueCheck({
    newestRecordMs: undefined,
    schedule: MIDNIGHT,
    sinceMs: SINCE,
    throughMs: SINCE,
    catchUp: { policy: "latest", maxCount: 10 },
    claimed: [],
    isRecorded: () => false,
    ...facts,
  });
}

function claim(name: string): ClaimedSlot {
  const slot = { name, dueMs: at(name), day: name.slice(0, 10) };
  return { ...slot, attempts: 1, failures: 0, isRunning: false };
}

function verdicts({ ends }: DueDecision): string[] {
  return ends.map(({ name, verdict }) => `${name} ${verdict}`);
}

function started({ next }: DueDecision): string | undefined {
  return next.step === "start" ? next.slot.name : undefined;
}

/** Of a clock in UTC. */
function at(text: string): number {
  return Date.parse(`${text}:00Z`);
}

function scheduleOf(text: string): Schedule {
  const parsed = parseSchedule({ schedule: [text], zone: "UTC" });
  assert.ok(parsed.ok);
  return parsed.schedule;
}

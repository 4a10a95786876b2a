import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndedSlot, HomeFacts, JobFacts, RunningFacts } from "../../src/watchdog/facts.ts";
import { judgeHome } from "../../src/watchdog/judge-home.ts";
import { judgeJob } from "../../src/watchdog/judge-job.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-20T12:00:00Z");

const well: JobFacts = {
  job: "nightly",
  isEnabled: true,
  late: undefined,
  clockHold: undefined,
  ended: [ended("done")],
  running: [],
  sinceMs: NOW - 100 * HOUR,
  lastSuccessMs: NOW - 7 * HOUR,
  staleAfterMs: 26 * HOUR,
  owedMs: NOW + 17 * HOUR,
};

const homeWell: HomeFacts = {
  nowMs: NOW,
  freeBytes: 50e9,
  calendars: [{ name: "XNYS", announcedThrough: "2028-12-31", daysLeft: 770 }],
  host: { name: "cbi daemon", isInUse: false, jobs: [], wakes: [], met: [] },
};

const cases: [string, Partial<JobFacts>, string[]][] = [
  ["a job that is well", {}, []],
  ["a slot a minute late", { late: { slot: "x", dueMs: NOW - 60_000 } }, []],
  [
    "a slot an hour late",
    { late: { slot: "x", dueMs: NOW - HOUR } },
    ["warn missed:nightly healing"],
  ],
  ["a missed slot", { ended: [ended("missed"), ended("done")] }, ["warn missed:nightly"]],
  [
    "a missed slot before one that is about to start",
    { late: { slot: "x", dueMs: NOW - 60_000 }, ended: [ended("missed"), ended("done")] },
    ["warn missed:nightly healing"],
  ],
  ["a missed slot before a success", { ended: [ended("done"), ended("missed")] }, []],
  ["a missed slot of a disabled job", { isEnabled: false, ended: [ended("missed")] }, []],
  ["a skipped slot", { ended: [ended("skipped"), ended("superseded")] }, []],
  ["a failed slot", { ended: [ended("failed")] }, ["fail failed:nightly"]],
  [
    "a slot that failed before the job counted anew",
    { ended: [{ ...ended("failed"), recordedMs: NOW - 80 * HOUR }], sinceMs: NOW - 79 * HOUR },
    ["fail failed:nightly healing"],
  ],
  ["a slot that failed twice", { ended: [ended("failed", 2)] }, ["fail failed:nightly person"]],
  [
    "three failures among ten with successes between",
    {
      ended: ["done", "failed", "done", "failed", "done", "failed"].map((one) =>
        ended(one as "done"),
      ),
    },
    ["fail failed:nightly person"],
  ],
  [
    "two failures among ten, over now",
    { ended: [ended("done"), ended("failed"), ended("failed")] },
    [],
  ],
  ["a dead run", { running: [running({ isDead: true })] }, ["fail dead:r1 healing"]],
  ["a slow run that makes progress", { running: [running({ quietMs: 0 })] }, []],
  ["a run within its silence", { running: [running({ quietMs: 2 * HOUR })] }, []],
  ["a run that hangs", { running: [running({ quietMs: 3 * HOUR })] }, ["fail stuck:r1 person"]],
  [
    "a run whose silence says nothing",
    { running: [running({ quietMs: 99 * HOUR, quietMaxMs: undefined })] },
    [],
  ],
  [
    "no success for long, with a slot owed",
    { lastSuccessMs: NOW - 30 * HOUR, owedMs: NOW - 12 * HOUR },
    ["warn stale:nightly"],
  ],
  ["no success over a weekend", { lastSuccessMs: NOW - 60 * HOUR, owedMs: NOW + HOUR }, []],
  ["a slot owed for an hour", { lastSuccessMs: NOW - 60 * HOUR, owedMs: NOW - HOUR }, []],
  [
    "a run under way",
    { lastSuccessMs: NOW - 60 * HOUR, owedMs: NOW - 12 * HOUR, running: [running({})] },
    ["warn stale:nightly healing"],
  ],
  ["a job that is new", { lastSuccessMs: undefined, sinceMs: NOW - HOUR, owedMs: NOW - HOUR }, []],
  ["a clock behind the ledger", { clockHold: "it is", ended: [ended("failed")] }, ["fail clock"]],
];

for (const [name, facts, expected] of cases) {
  void test(`${name} is judged`, () => {
    const found = judgeJob({ ...well, ...facts }, NOW).map(
      ({ severity, key, needsPerson, isBeingHealed }) =>
        `${severity} ${key}${needsPerson ? " person" : ""}${isBeingHealed ? " healing" : ""}`,
    );
    assert.deepEqual(found, expected);
  });
}

const homeCases: [string, Partial<HomeFacts>, string[]][] = [
  ["a home that is well", {}, []],
  ["a disk that says nothing", { freeBytes: undefined }, []],
  ["a disk that fills", { freeBytes: 1e9 }, ["warn disk"]],
  ["a disk that is full", { freeBytes: 1e8 }, ["fail disk"]],
  [
    "a calendar that ends soon",
    { calendars: [{ name: "XNYS", announcedThrough: "2026-12-01", daysLeft: 11 }] },
    ["warn calendar:XNYS"],
  ],
  ["a host that was never set up", { host: host({ isInUse: false }) }, []],
  [
    "a job unloaded and one disabled",
    { host: host({}) },
    ["fail host:a", "fail host:b", "warn wake:c"],
  ],
  [
    "a machine that did not wake, and one that did",
    { host: host({ jobs: [], wakes: [], met: [met("b", false), met("c", true)] }) },
    ["warn woken:b"],
  ],
];

for (const [name, facts, expected] of homeCases) {
  void test(`${name} is judged`, () => {
    const found = judgeHome({ ...homeWell, ...facts });
    assert.deepEqual(
      found.map(({ severity, key }) => `${severity} ${key}`),
      expected,
    );
  });
}

void test("a wake that is missing and one that was missed are told with why, and what helps", () => {
  const facts = host({ jobs: [], met: [met("b", false)], wakeRefusal: "line 3 is no instant" });
  const messages = judgeHome({ ...homeWell, host: facts }).map(({ message }) => message);
  assert.match(messages[0] ?? "", /^no wake is set for c, due .+Z \(line 3 is no instant\): /);
  assert.equal(
    messages[1],
    "the machine was not woken for b@2026-11-20T00:00: the Mac was off. Let it sleep",
  );
});

function met(job: string, isWell: boolean): HomeFacts["host"]["met"][number] {
  return {
    job,
    slot: "2026-11-20T00:00",
    due: "2026-11-20T05:00:00.000Z",
    state: isWell ? "woke" : "off",
    is_well: isWell,
    awake: null,
    evidence: "the Mac was off",
    remedy: isWell ? null : "Let it sleep",
  };
}

function host(rest: Partial<HomeFacts["host"]>): HomeFacts["host"] {
  return {
    name: "the host",
    isInUse: true,
    jobs: [
      { job: "a", isLoaded: false, isEnabled: true },
      { job: "b", isLoaded: true, isEnabled: false },
      { job: "c", isLoaded: true, isEnabled: true },
    ],
    wakes: [
      { job: "b", dueMs: NOW + HOUR, wakeMs: NOW + HOUR - 60_000 },
      { job: "c", dueMs: NOW + HOUR, wakeMs: undefined },
    ],
    met: [],
    ...rest,
  };
}

function ended(verdict: EndedSlot["verdict"], failures = 1): EndedSlot {
  return { name: "2026-11-20T00:00", verdict, reason: "for a reason", failures, recordedMs: NOW };
}

function running(rest: Partial<RunningFacts>): RunningFacts {
  return { run: "r1", pid: 7, isDead: false, quietMs: 0, quietMaxMs: 2 * HOUR, ...rest };
}

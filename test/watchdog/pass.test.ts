import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "../../src/host/host.ts";
import { alertsOf } from "../../src/ledger/incidents.ts";
import { insertRun } from "../../src/ledger/runs.ts";
import { believeClock } from "../../src/ledger/clock-marks.ts";
import { claimSlot } from "../../src/ledger/slots.ts";
import { processIdentity } from "../../src/system/process-identity.ts";
import type { Edge } from "../../src/watchdog/alert-edges.ts";
import { watchdogPass, type PassReport } from "../../src/watchdog/pass.ts";
import { DONE, RoadUnderTest } from "../jobs/road-under-test.ts";

const HOUR = 3_600_000;
const DAILY = `{ scan: { kind: command, schedule: ['30 8 * * *'], argv: [x], stale_after: 26h } }`;

const noHost: Host = {
  name: "no host",
  state: () => Promise.resolve({ isInUse: false, jobs: new Map(), canWake: false, wakesMs: [] }),
};

async function pass(
  under: RoadUnderTest,
  rest: { host?: Host; isDryRun?: boolean; told?: Edge[] } = {},
): Promise<PassReport> {
  const world = {
    // The test's ledger is in memory and outlives the roads.
    openRoad: () => under.road,
    host: rest.host ?? noHost,
    uptime: () => ({ boot: "b", uptimeMs: under.clock.now() }),
    tell: (edge: Edge) => void rest.told?.push(edge),
  };
  return watchdogPass(world, { isDryRun: rest.isDryRun ?? false });
}

void test("a slot that nothing started is caught up, and people hear nothing of it", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  await pass(under);
  under.clock.advance(3 * HOUR);
  const planned = await pass(under, { isDryRun: true });
  assert.match(planned.acts[0]?.message ?? "", /would start 2026-11-19T08:30/);
  assert.equal(planned.findings[0]?.key, "missed:scan");
  assert.deepEqual(under.slots("scan"), []);
  const { told, open } = await pass(under);
  assert.deepEqual(under.slots("scan"), ["2026-11-19T08:30 done"]);
  assert.deepEqual([told, open], [[], []]);
});

void test("a host that starts jobs by itself is asked to, and what it leaves unheard is run here", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const answers = ["asked", undefined];
  const host: Host = { ...noHost, start: () => Promise.resolve(answers.shift()) };
  await pass(under, { host });
  under.clock.advance(3 * HOUR);
  const first = await pass(under, { host });
  assert.deepEqual(
    first.acts.map(({ message }) => message),
    ["asked"],
  );
  assert.deepEqual([under.slots("scan"), first.open], [[], []]);
  await pass(under, { host });
  assert.deepEqual(under.slots("scan"), ["2026-11-19T08:30 done"]);
});

void test("a host that was told of other times than there are now is an open warning", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const state = { isInUse: true, jobs: new Map(), canWake: false, wakesMs: [] };
  const known = new Map([["scan", { isLoaded: true, isEnabled: true }]]);
  const host: Host = {
    name: "systemd",
    state: () => Promise.resolve({ ...state, jobs: known, stale: "told of other times" }),
  };
  const { open } = await pass(under, { host });
  assert.deepEqual(
    open.map(({ key, severity }) => `${key} ${severity}`),
    ["host:stale warn"],
  );
});

void test("a failure is told once, a person is called after more, and a success ends it", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-01T12:00:00Z");
  const told: Edge[] = [];
  under.onRun = () =>
    Promise.resolve({ end: "failed", exitCode: 1, reason: "it broke", warnings: [] });
  for (let hour = 0; hour < 73; hour++) {
    await pass(under, { told });
    under.clock.advance(HOUR);
  }
  assert.equal(under.ran.length, 3);
  const failed = told.filter(({ key }) => key === "failed:scan").map(({ edge }) => edge);
  assert.deepEqual(failed, ["opened", "reminded", "reminded", "escalated"]);
  under.onRun = () => Promise.resolve(DONE);
  for (let hour = 0; hour < 24 * 8; hour++) {
    await pass(under, { told });
    under.clock.advance(HOUR);
  }
  assert.equal(alertsOf(under.ledger, "failed:scan").at(-1), "recovered");
  assert.equal(alertsOf(under.ledger, "stale:scan").at(-1) ?? "recovered", "recovered");
});

void test("a run that died is buried and its slot goes on", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  await pass(under);
  under.clock.advance(2 * HOUR);
  const nowMs = under.clock.now();
  const dueMs = Date.parse("2026-11-19T13:30:00Z");
  const owner = { ...processIdentity(), boot: "another boot" };
  claimSlot(under.ledger, {
    job: "scan",
    name: "2026-11-19T08:30",
    dueMs,
    day: "2026-11-19",
    run: "dead-run",
    isCatchUp: false,
    nowMs,
  });
  insertRun(
    under.ledger,
    {
      id: "dead-run",
      job: "scan",
      slot: "2026-11-19T08:30",
      trigger: "schedule",
      state: "running",
      asOf: "2026-11-18",
      startedMs: nowMs,
      endedMs: undefined,
      owner,
      version: "0",
      configHash: "h",
      exitCode: undefined,
      error: undefined,
      warnings: [],
    },
    [],
  );
  const { acts, told } = await pass(under);
  assert.deepEqual(
    acts.map(({ act, message }) => `${act} ${message}`),
    ["bury run dead-run died in mid-run", "catch-up 2026-11-19T08:30 done"],
  );
  assert.deepEqual(told, []);
  assert.equal(under.ran[0]?.slotAttempt, 2);
});

void test("a run that throws does not keep the other jobs from being caught up", async () => {
  const two = `{ bad: { kind: command, every: 1h, argv: [x] }, good: { kind: command, every: 1h, argv: [x] } }`;
  using under = new RoadUnderTest(two, "2026-11-19T12:10:00Z");
  await pass(under);
  under.clock.advance(HOUR);
  const { killSwitch } = under.road.services;
  under.road.services.killSwitch = {
    ...killSwitch,
    verdict: async (target, nowMs) => {
      if (target.job === "bad") throw new Error("a bug");
      return killSwitch.verdict(target, nowMs);
    },
  };
  const { acts } = await pass(under);
  const said = acts.map(({ job, message }) => `${job}: ${message}`).join("\n");
  assert.match(said, /bad: failed: a bug/);
  assert.match(said, /good: .*done/);
});

void test("a job that its host lost is told, and found again is recovered", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T14:00:00Z");
  let isLoaded = false;
  const host: Host = {
    name: "the host",
    state: () =>
      Promise.resolve({
        isInUse: true,
        jobs: new Map([["scan", { isLoaded, isEnabled: true }]]),
        canWake: false,
        wakesMs: [],
      }),
  };
  await pass(under, { host });
  isLoaded = true;
  await pass(under, { host });
  assert.deepEqual(alertsOf(under.ledger, "host:scan"), ["opened", "recovered"]);
});

void test("a job that comes after another is caught up in the same pass, and nobody hears of it", async () => {
  const chain = `{ report: { kind: command, after: [scan], argv: [x] }, scan: { kind: command, schedule: ['30 8 * * *'], argv: [x], stale_after: 26h } }`;
  using under = new RoadUnderTest(chain, "2026-11-19T12:00:00Z");
  await pass(under);
  under.clock.advance(30 * HOUR);
  const { told } = await pass(under);
  assert.deepEqual(under.slots("scan").slice(-1), ["2026-11-20T08:30 done"]);
  assert.deepEqual(under.slots("report").slice(-1), ["2026-11-20T08:30 done"]);
  assert.deepEqual(told, []);
});

void test("what a clock that was ahead brought early is told once, and hides nothing that comes later", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const failed = async (): Promise<void> => {
    under.onRun = () =>
      Promise.resolve({ end: "failed", exitCode: 1, reason: "it broke", warnings: [] });
    await pass(under);
    under.onRun = () => Promise.resolve(DONE);
  };
  await pass(under);
  under.clock.advance(50 * HOUR);
  await failed();
  assert.deepEqual(under.slots("scan").at(-1), "2026-11-21T08:30 failed");
  under.clock.advance(-49 * HOUR);
  believeClock(under.ledger, under.clock.now());
  for (let hour = 0; hour < 80; hour++) {
    under.clock.advance(HOUR);
    await pass(under);
  }
  const told = alertsOf(under.ledger, "failed:scan").filter((edge) => edge !== "reminded");
  assert.deepEqual(told, ["opened", "recovered"]);
});

void test("a job that comes back to cbi.yaml is not told anew of what it left, nor is one whose times are edited", async () => {
  const other = `{ sweep: { kind: command, every: 1d, argv: [x] } }`;
  const edited = DAILY.replace("30 8", "45 8");
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  await pass(under);
  under.clock.advance(2 * HOUR);
  under.onRun = () =>
    Promise.resolve({ end: "failed", exitCode: 1, reason: "it broke", warnings: [] });
  await pass(under);
  under.onRun = () => Promise.resolve(DONE);
  under.edit(edited);
  await pass(under);
  assert.deepEqual(alertsOf(under.ledger, "failed:scan"), ["opened"]);
  under.edit(other);
  await pass(under);
  under.clock.advance(HOUR);
  under.edit(DAILY);
  await pass(under);
  under.clock.advance(HOUR);
  await pass(under);
  assert.deepEqual(alertsOf(under.ledger, "failed:scan"), ["opened", "recovered"]);
});

void test("a slot that is done early by a clock that was ahead does not hide a later failure", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  await pass(under);
  under.clock.advance(50 * HOUR);
  await pass(under);
  assert.deepEqual(under.slots("scan").at(-1), "2026-11-21T08:30 done");
  under.clock.advance(-49 * HOUR);
  believeClock(under.ledger, under.clock.now());
  under.ledger.run("DELETE FROM slot WHERE name < '2026-11-21'");
  under.onRun = () =>
    Promise.resolve({ end: "failed", exitCode: 1, reason: "it broke", warnings: [] });
  under.clock.advance(25 * HOUR);
  const { told } = await pass(under);
  assert.deepEqual(under.slots("scan").slice(-2), [
    "2026-11-20T08:30 failed",
    "2026-11-21T08:30 done",
  ]);
  assert.deepEqual(
    told.map(({ edge, key }) => `${edge} ${key}`),
    ["opened failed:scan"],
  );
});

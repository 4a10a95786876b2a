import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Host, WakeAsked, WakeMet } from "../../src/host/host.ts";
import { readWakeBook, wakeBookFile } from "../../src/watchdog/wake-book.ts";
import { watchdogPass, type PassReport } from "../../src/watchdog/pass.ts";
import { RoadUnderTest } from "../jobs/road-under-test.ts";

const HOUR = 3_600_000;
const DAILY = `{ scan: { kind: command, schedule: ['30 8 * * *'], argv: [x], power: { wake: true } }, other: { kind: command, schedule: ['0 9 * * *'], argv: [x] } }`;

/** A host whose machine can be woken, which does as it is asked. */
class WakingHost implements Host {
  readonly name = "a Mac";
  wakesMs: number[] = [];
  asked: WakeAsked[] = [];
  met: WakeMet = well();
  isBroken = false;

  state(jobs: readonly string[]): ReturnType<Host["state"]> {
    const known = jobs.map((job) => [job, { isLoaded: true, isEnabled: true }] as const);
    const { wakesMs } = this;
    return Promise.resolve({ isInUse: true, jobs: new Map(known), canWake: true, wakesMs });
  }

  setWakes(duesMs: Iterable<number>): Promise<void> {
    if (this.isBroken) return Promise.reject(new Error("pmset is gone"));
    this.wakesMs = [...duesMs];
    return Promise.resolve();
  }

  judgeWakes(asked: readonly WakeAsked[]): Promise<WakeMet[]> {
    this.asked.push(...asked);
    return Promise.resolve(asked.map(() => this.met));
  }
}

function well(): WakeMet {
  const awakeMs = Date.parse("2026-11-20T13:30:03Z");
  return { state: "woke", isWell: true, awakeMs, evidence: "woke", remedy: undefined };
}

async function pass(
  under: RoadUnderTest,
  host: Host,
  rest: { isDryRun?: boolean; boot?: string; uptimeMs?: number } = {},
): Promise<PassReport> {
  const world = {
    openRoad: () => under.road,
    host,
    uptime: () => ({ boot: rest.boot ?? "b", uptimeMs: rest.uptimeMs ?? HOUR }),
    tell: () => undefined,
  };
  return watchdogPass(world, { isDryRun: rest.isDryRun ?? false });
}

void test("a pass asks for the wakes of the jobs that are to be woken for, as they are now", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const host = new WakingHost();
  const { findings } = await pass(under, host);
  assert.equal(host.wakesMs.length, 14, "two weeks of one job, and none of the other");
  assert.equal(host.wakesMs[0], Date.parse("2026-11-19T13:30:00Z"));
  assert.deepEqual(findings, []);
});

void test("what cannot be asked for is found missing, and the pass goes on", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const host = new WakingHost();
  host.isBroken = true;
  const { open } = await pass(under, host);
  assert.deepEqual(
    open.map(({ key }) => key),
    ["wake:scan"],
  );
});

void test("a wake that comes ten minutes early does not serve: the machine may sleep again", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const host = new WakingHost();
  host.isBroken = true;
  host.wakesMs = [Date.parse("2026-11-19T13:20:00Z")];
  assert.equal((await pass(under, host)).open[0]?.key, "wake:scan");
});

void test("each slot is judged once, when it has settled, and a bad night is told until a good one", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const host = new WakingHost();
  await pass(under, host);
  under.clock.advance(1.6 * HOUR);
  await pass(under, host);
  assert.equal(host.asked.length, 0, "six minutes after it, the log may not have it yet");
  under.clock.advance(HOUR);
  host.met = { ...well(), state: "off", isWell: false, awakeMs: undefined, remedy: "Let it sleep" };
  const bad = await pass(under, host);
  await pass(under, host);
  assert.equal(host.asked.length, 1);
  assert.equal(host.asked[0]?.job, "scan");
  assert.equal(host.asked[0]?.firstRunMs, Date.parse("2026-11-19T12:00:00Z"));
  assert.deepEqual(
    bad.open.map(({ key, severity }) => `${key} ${severity}`),
    ["woken:scan warn"],
  );
  under.clock.advance(24 * HOUR);
  host.met = well();
  const good = await pass(under, host);
  assert.ok(good.open.every(({ kind }) => kind !== "wake"));
  const book = await readWakeBook(under.road.home.paths);
  assert.deepEqual(
    book?.judged.map(({ slot, state, awake }) => [slot, state, awake]),
    [
      ["2026-11-19T08:30", "off", null],
      ["2026-11-20T08:30", "woke", "2026-11-20T13:30:03.000Z"],
    ],
  );
});

void test("a slot that was started in time says so, and a new boot has a first run of its own", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T13:29:00Z");
  const host = new WakingHost();
  await pass(under, host);
  under.clock.advance(70_000);
  await pass(under, host);
  assert.deepEqual(under.slots("scan"), ["2026-11-19T08:30 done"]);
  under.clock.advance(HOUR);
  await pass(under, host, { boot: "another" });
  assert.equal(host.asked[0]?.handledMs, Date.parse("2026-11-19T13:30:10Z"));
  assert.equal(host.asked[0]?.firstRunMs, under.clock.now());
  assert.equal(host.asked[0]?.bootMs, under.clock.now() - HOUR);
});

void test("a boot that is called otherwise since the clock was set is the same", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const host = new WakingHost();
  await pass(under, host, { boot: "boot-29726640", uptimeMs: 48 * HOUR });
  under.clock.advance(3 * HOUR);
  await pass(under, host, { boot: "boot-29726641", uptimeMs: 51 * HOUR });
  assert.equal(host.asked[0]?.firstRunMs, Date.parse("2026-11-19T12:00:00Z"));
});

void test("a book that cannot be read is begun anew, and a dry run writes none", async () => {
  using under = new RoadUnderTest(DAILY, "2026-11-19T12:00:00Z");
  const host = new WakingHost();
  await pass(under, host);
  const file = wakeBookFile(under.road.home.paths);
  writeFileSync(file, "{");
  await pass(under, host, { isDryRun: true });
  assert.equal(readFileSync(file, "utf8"), "{");
  await pass(under, host);
  assert.equal((await readWakeBook(under.road.home.paths))?.boot, "b");
});

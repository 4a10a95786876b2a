import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { heartbeatFile, watchdogSilence, type Heartbeat } from "../../src/guard/heartbeat.ts";
import { alertsOf } from "../../src/ledger/incidents.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { replaceJson } from "../../src/system/files.ts";
import { processIdentity } from "../../src/system/process-identity.ts";
import type { Edge } from "../../src/watchdog/alert-edges.ts";
import { watchTheWatchdog } from "../../src/watchdog/watch-the-watchdog.ts";
import { RoadUnderTest } from "../jobs/road-under-test.ts";
import { Rig } from "../rig/rig.ts";

const HOUR = 3_600_000;
const DAILY = `{ scan: { kind: command, schedule: ['0 0 1 1 *'], argv: ['true'] } }`;
const NOW = "2026-11-20T12:00:00Z";
const THIS_BOOT = processIdentity().boot;

void test("the watchdog is silent after three hours that the machine was awake, not before", () => {
  const nowMs = Date.parse(NOW);
  const dead = { ...processIdentity(), started: "long ago" };
  const beatAgo = (hours: number, rest: Partial<Heartbeat> = {}): Heartbeat => ({
    atMs: nowMs - hours * HOUR,
    state: "ended",
    process: dead,
    uptimeMs: (100 - hours) * HOUR,
    ...rest,
  });
  const up = { boot: THIS_BOOT, uptimeMs: 100 * HOUR };
  const table: [string, Heartbeat | undefined, typeof up, boolean][] = [
    ["never at work here", undefined, up, false],
    ["an hour ago", beatAgo(1), up, false],
    ["four hours ago", beatAgo(4), up, true],
    [
      "in a pass that goes on",
      beatAgo(4, { state: "alive", process: processIdentity() }),
      up,
      false,
    ],
    ["in a pass that died", beatAgo(4, { state: "alive" }), up, true],
    ["before a sleep of eight hours", beatAgo(9, { uptimeMs: 99 * HOUR }), up, false],
    ["before a boot an hour ago", beatAgo(30), { boot: "another", uptimeMs: HOUR }, false],
    ["before a boot four hours ago", beatAgo(30), { boot: "another", uptimeMs: 4 * HOUR }, true],
    ["by a version that kept no uptime", beatAgo(4, { uptimeMs: undefined }), up, true],
    ["in the time to come", beatAgo(-9), up, false],
  ];
  for (const [what, beat, machine, isSilent] of table) {
    assert.equal(watchdogSilence(beat, nowMs, machine) !== undefined, isSilent, what);
  }
});

void test("a scheduled start tells of a silent watchdog once, and of nothing else", async () => {
  using under = new RoadUnderTest(DAILY, NOW);
  const process = { ...processIdentity(), started: "long ago" };
  const beat = { at: "2026-11-20T07:00:00.000Z", state: "ended", process };
  await replaceJson(heartbeatFile(under.road.home.paths, "watchdog"), beat);
  under.ledger.run(
    `INSERT INTO incident (key, kind, severity, message, opened_ms, told_ms) VALUES ('disk', 'disk', 'warn', 'm', 1, 1)`,
  );
  const machine = { uptime: { boot: THIS_BOOT, uptimeMs: 100 * HOUR }, countsSleep: false };
  const told: Edge[] = [];
  for (let start = 0; start < 20; start++) {
    told.push(...(await watchTheWatchdog(under.road, machine)));
    under.clock.advance(HOUR);
  }
  assert.deepEqual(
    told.map(({ edge, key }) => `${edge} ${key}`),
    ["opened watchdog"],
  );
  assert.deepEqual(alertsOf(under.ledger, "disk"), []);
});

void test("where sleep cannot be told from silence, a second start an hour later decides", async () => {
  using under = new RoadUnderTest(DAILY, NOW);
  const file = heartbeatFile(under.road.home.paths, "watchdog");
  const process = { ...processIdentity(), started: "long ago" };
  const beatAt = (at: string): Promise<void> => replaceJson(file, { at, state: "ended", process });
  const machine = { uptime: { boot: THIS_BOOT, uptimeMs: 100 * HOUR }, countsSleep: true };
  const look = async (): Promise<number> => (await watchTheWatchdog(under.road, machine)).length;
  await beatAt("2026-11-20T04:00:00.000Z");
  assert.equal(await look(), 0, "it has just woken up");
  under.clock.advance(HOUR / 2);
  assert.equal(await look(), 0);
  await beatAt("2026-11-20T12:31:00.000Z");
  under.clock.advance(24 * HOUR);
  assert.equal(await look(), 0, "it has looked meanwhile, and slept again");
  under.clock.advance(HOUR);
  assert.equal(await look(), 1);
});

const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs: ${DAILY}
`;
const openSchema = z.looseObject({
  open: z.array(z.looseObject({ key: z.string(), severity: z.string(), message: z.string() })),
});

void test("cbi run --scheduled opens the incident, cbi status shows it, and the next pass ends it", async (t) => {
  await using rig = await Rig.make(t, CONFIG);
  await rig.cbi(["watchdog"]);
  const fresh = await rig.cbi(["run", "scan", "--scheduled"]);
  assert.deepEqual([fresh.exitCode, fresh.stderr], [0, ""]);
  const old = { at: "2020-01-01T00:00:00.000Z", state: "ended" };
  const process = { ...processIdentity(), started: "long ago" };
  await replaceJson(heartbeatFile(rig.paths, "watchdog"), { ...old, process });
  for (let start = 0; start < 2; start++) {
    const { exitCode } = await rig.cbi(["run", "scan", "--scheduled"]);
    assert.equal(exitCode, 0, "the job runs all the same");
    // On a system whose clock counts sleep the second look comes an hour later.
    await replaceJson(`${rig.paths.logs}/watchdog.silence.json`, { beat: old.at, seen: old.at });
  }
  assert.match((await rig.cbi(["status"])).stdout, /has not looked since 2020-01-01/);
  await rig.cbi(["watchdog"]);
  using ledger = Ledger.open(rig.paths.ledger);
  assert.deepEqual(alertsOf(ledger, "watchdog"), ["opened", "recovered"]);
});

void test("a clock behind the ledger is told by the watchdog, and nothing starts until it is right", async (t) => {
  await using rig = await Rig.make(t, CONFIG);
  await rig.cbi(["watchdog"]);
  const setMark = (ms: number): void => {
    using ledger = Ledger.open(rig.paths.ledger);
    ledger.run("UPDATE clock_mark SET newest_ms = ?", ms);
  };
  setMark(Date.now() + 5 * HOUR);
  const held = await rig.cbi(["watchdog", "--json"]);
  const [clock, ...others] = openSchema.parse(JSON.parse(held.stdout)).open;
  assert.deepEqual([held.exitCode, clock?.key, clock?.severity, others], [1, "clock", "fail", []]);
  assert.match(clock?.message ?? "", /nothing starts: the clock is .* behind the newest record/);
  assert.equal((await rig.cbi(["run", "scan", "--scheduled"])).exitCode, 77);
  assert.equal((await rig.cbi(["watchdog"])).exitCode, 1);
  setMark(Date.now());
  assert.equal((await rig.cbi(["watchdog"])).exitCode, 0);
  using ledger = Ledger.open(rig.paths.ledger);
  assert.deepEqual(alertsOf(ledger, "clock"), ["opened", "recovered"]);
});

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import {
  changeOrders,
  killSwitchFile,
  readKillState,
  stopFile,
} from "../../src/guard/kill-switch-file.ts";
import { killSwitchText, parseKillSwitch } from "../../src/guard/kill-switch-text.ts";
import {
  isKilled,
  KILL_MODES,
  KILL_SCOPES,
  type KillOrder,
  type KillState,
} from "../../src/guard/kill-switch.ts";
import { assertNotKilled, openKillSwitch } from "../../src/guard/open-kill-switch.ts";
import { Failure } from "../../src/system/failure.ts";
import { homePaths, type HomePaths } from "../../src/system/home.ts";
import { SkippingClock } from "../rig/skipping-clock.ts";
import { pollUntil } from "../rig/processes.ts";

const NOW_MS = Date.parse("2026-11-20T14:30:00Z");
const ORDER: KillOrder = {
  scope: "all",
  name: "",
  mode: "drain",
  reason: "moving house",
  who: "ann",
  sinceMs: NOW_MS - 60_000,
  untilMs: undefined,
};
const NOTHING: KillState = { orders: [], stopFile: undefined, damage: undefined };
const SCAN = { job: "scan", tags: ["broker"] };

void test("an order concerns everything, a tag or a job, until it ends by itself", () => {
  const table: [Partial<KillOrder>, boolean][] = [
    [{}, true],
    [{ scope: "tag", name: "broker" }, true],
    [{ scope: "tag", name: "scan" }, false],
    [{ scope: "job", name: "scan" }, true],
    [{ scope: "job", name: "broker" }, false],
    [{ untilMs: NOW_MS + 1 }, true],
    [{ untilMs: NOW_MS }, false],
  ];
  for (const [change, isHeld] of table) {
    const killed = isKilled({ ...NOTHING, orders: [{ ...ORDER, ...change }] }, SCAN, NOW_MS);
    assert.equal(killed !== undefined, isHeld, JSON.stringify(change));
  }
});

void test("the reason says who, since when, until when and why", () => {
  const orders = [{ ...ORDER, scope: "tag" as const, name: "broker", untilMs: NOW_MS + 3_600_000 }];
  assert.equal(
    isKilled({ ...NOTHING, orders }, SCAN, NOW_MS)?.reason,
    "jobs tagged broker are paused by ann since 2026-11-20T14:29:00Z until 2026-11-20T15:30:00Z: moving house",
  );
});

void test("damage holds every start back and ends nothing; the file STOP ends all", () => {
  const damaged = isKilled({ ...NOTHING, damage: "it is no JSON" }, SCAN, NOW_MS);
  assert.equal(damaged?.mode, "drain");
  const stopped = isKilled({ ...NOTHING, damage: "it is no JSON", stopFile: "fire" }, SCAN, NOW_MS);
  assert.deepEqual(stopped, { mode: "stop", reason: "the file STOP is in the home: fire" });
});

const order = fc
  .record({
    scope: fc.constantFrom(...KILL_SCOPES),
    mode: fc.constantFrom(...KILL_MODES),
    name: fc.constantFrom("scan", "broker", "other"),
    reason: fc.string(),
    who: fc.string(),
    sinceMs: fc.integer({ min: 0, max: 4e12 }),
    untilMs: fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined }),
  })
  .map((one) => ({ ...one, name: one.scope === "all" ? "" : one.name }));

void test("a job is held exactly when an order in force concerns it, and a stop outweighs", () => {
  fc.assert(
    fc.property(fc.array(order), fc.integer({ min: 0, max: 4e12 }), (orders, nowMs) => {
      const inForce = orders.filter(
        (one) =>
          (one.untilMs === undefined || one.untilMs > nowMs) &&
          (one.scope === "all" || one.name === (one.scope === "job" ? "scan" : "broker")),
      );
      const killed = isKilled({ ...NOTHING, orders }, SCAN, nowMs);
      assert.equal(killed !== undefined, inForce.length > 0);
      assert.equal(
        killed?.mode === "stop",
        inForce.some(({ mode }) => mode === "stop"),
      );
    }),
  );
});

void test("orders survive the file, and no cut or changed file is read as fewer orders", () => {
  fc.assert(
    fc.property(fc.array(order, { minLength: 1 }), fc.nat(), (orders, at) => {
      const text = killSwitchText(orders);
      assert.deepEqual(parseKillSwitch(text), { orders });
      const cut = text.slice(0, at % (text.length - 2));
      assert.ok("damage" in parseKillSwitch(cut), cut);
    }),
  );
  const offences = [
    `{}`,
    `[]`,
    `null`,
    `{"schema":2,"orders":[]}`,
    `{"schema":1,"orders":{}}`,
    `{"schema":1,"orders":[{}]}`,
    killSwitchText([ORDER]).replace("drain", "halt"),
    killSwitchText([ORDER]).replace('"all"', '"job"'),
    killSwitchText([{ ...ORDER, untilMs: NOW_MS }]).replace(/"until": ".*?"/, '"until": "noon"'),
    killSwitchText([{ ...ORDER, untilMs: NOW_MS }]).replace(/("until": ".*?)Z"/, '$1"'),
  ];
  for (const text of offences) assert.ok("damage" in parseKillSwitch(text), text);
});

void test("a file that cannot be read holds back, and a STOP of any kind stops", async (t) => {
  const paths = await emptyHome(t);
  assert.deepEqual(await readKillState(paths), NOTHING);
  await mkdir(killSwitchFile(paths), { recursive: true });
  assert.match((await readKillState(paths)).damage ?? "", /no file that can be read/);
  await symlink(killSwitchFile(paths), stopFile(paths));
  assert.equal((await readKillState(paths)).stopFile, "");
  await rm(stopFile(paths));
  await mkdir(stopFile(paths));
  assert.equal((await readKillState(paths)).stopFile, "");
  await rm(stopFile(paths), { recursive: true });
  await writeFile(stopFile(paths), "\u001b[31mfire\nin the cellar\n");
  assert.equal((await readKillState(paths)).stopFile, "fire in the cellar");
});

void test("a change drops orders that are over, and lets go of damage only when told", async (t) => {
  const paths = await emptyHome(t);
  const change = (orders: readonly KillOrder[]) => [...orders, ORDER];
  const over = { ...ORDER, untilMs: NOW_MS - 1 };
  await changeOrders(paths, NOW_MS, () => [over, ORDER], { fromDamage: false });
  await changeOrders(paths, NOW_MS, change, { fromDamage: false });
  assert.deepEqual((await readKillState(paths)).orders, [ORDER, ORDER]);
  await writeFile(killSwitchFile(paths), "{");
  await assert.rejects(
    changeOrders(paths, NOW_MS, change, { fromDamage: false }),
    (error: unknown) => error instanceof Failure && error.code === "CBI_KILL_SWITCH_DAMAGED",
  );
  assert.ok((await readKillState(paths)).damage !== undefined);
  await changeOrders(paths, NOW_MS, change, { fromDamage: true });
  assert.deepEqual((await readKillState(paths)).orders, [ORDER]);
});

void test("a run hears of an order to stop, and not of one to drain", async (t) => {
  const paths = await emptyHome(t);
  const clock = new SkippingClock(undefined, "2026-11-20T14:30:00Z");
  const parent = new AbortController();
  const kill = openKillSwitch(paths);
  let looks = 0;
  clock.sleep = async (ms, signal) => {
    looks += 1;
    await new SkippingClock((one) => one === ms).sleep(ms, signal);
  };
  using watched = kill.watch(SCAN, { clock, signal: parent.signal });
  await changeOrders(paths, NOW_MS, () => [ORDER], { fromDamage: false });
  const before = looks;
  await pollUntil("it has looked", () => looks > before + 2);
  assert.equal(watched.signal.aborted, false);
  assert.deepEqual((await kill.verdict(SCAN, NOW_MS)).blocked, true);
  await assert.rejects(
    assertNotKilled(paths, SCAN, NOW_MS),
    (error: unknown) => error instanceof Failure && error.exit === 77,
  );
  await writeFile(stopFile(paths), "");
  await pollUntil("the run is stopped", () => watched.signal.aborted);
  assert.ok(watched.signal.reason instanceof Failure && watched.signal.reason.exit === 77);
});

void test("a watch follows its parent, and looks no more when it is disposed of", async (t) => {
  const paths = await emptyHome(t);
  const parent = new AbortController();
  let looks = 0;
  const clock = new SkippingClock();
  clock.sleep = async (ms, signal) => {
    looks += 1;
    await new SkippingClock((one) => one === ms).sleep(ms, signal);
  };
  const watched = openKillSwitch(paths).watch(SCAN, { clock, signal: parent.signal });
  parent.abort(new Error("Ctrl-C"));
  assert.match(String(watched.signal.reason), /Ctrl-C/);
  watched[Symbol.dispose]();
  const settled = looks;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(looks <= settled + 1);
});

void test("an order to stop is not forgotten when memory is cleaned up", async (t) => {
  const paths = await emptyHome(t);
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  assert.ok(typeof collect === "function");
  const parent = new AbortController();
  const clock = new SkippingClock((ms) => ms === 2_000);
  using watched = openKillSwitch(paths).watch(SCAN, { clock, signal: parent.signal });
  await writeFile(stopFile(paths), "");
  // Nobody looks at the signal itself: a command is told by one that follows it.
  const told = AbortSignal.any([watched.signal, parent.signal]);
  await new Promise((resolve) => told.addEventListener("abort", resolve));
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  assert.equal(watched.signal.aborted, true);
});

async function emptyHome(t: { after: (f: () => Promise<void>) => void }): Promise<HomePaths> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-kill-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const paths = homePaths(folder);
  await mkdir(paths.logs);
  return paths;
}

import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Host } from "../../../../src/host/host.ts";
import { MAC_TOOLS } from "../../../../src/host/launchd/pmset/pmset.ts";
import {
  chooseInstants,
  instantsText,
  parseInstants,
} from "../../../../src/host/launchd/wake/instants.ts";
import { wakingHost } from "../../../../src/host/launchd/wake/waking-host.ts";
import {
  askForWakes,
  canAskForWakes,
  wakesSet,
  type WakingMac,
} from "../../../../src/host/launchd/wake/waking.ts";
import { systemClock } from "../../../../src/system/clock.ts";
import { logLine } from "../../../rig/mac/pmset-print.ts";
import { knownZone } from "../../hosted-home.ts";
import { DaemonUnderTest } from "./daemon-under-test.ts";

const { signal } = new AbortController();
const DAY_MS = 86_400_000;
const NOW = Math.floor(Date.now() / 1000) * 1000;

function macOf(daemon: DaemonUnderTest): WakingMac {
  const tools = {
    ...MAC_TOOLS,
    pmset: path.join(daemon.folder, "pmset"),
    autoWakeFiles: [path.join(daemon.folder, "AutoWake.plist")],
    fdesetup: "/bin/false",
  };
  return { paths: daemon, tools, zone: knownZone(daemon.power.zone) };
}

void test("the next 32 instants of two weeks are taken, each once, and none that is about to pass", () => {
  const hours = Array.from({ length: 500 }, (_, index) => NOW + index * 3_600_000);
  const chosen = chooseInstants([...hours, ...hours, NOW + 30_000, NOW + 15 * DAY_MS], NOW);
  assert.deepEqual(chosen, hours.slice(1, 33));
  assert.deepEqual(
    chooseInstants([NOW + 14 * DAY_MS], NOW),
    [],
    "the daemon would refuse the list",
  );
  assert.deepEqual(parseInstants(instantsText(chosen)), chosen);
  for (const text of ["", "wakes\n", "wakes\nend", "wakes\nx\nend\n", instantsText(hours)]) {
    assert.equal(parseInstants(text), undefined);
  }
});

void test("what is asked for is set by the daemon, and pmset says so with all else that wakes", async () => {
  const alarm = { type: "wake", atMs: NOW + DAY_MS, owner: "com.apple.alarm" } as const;
  const off = { type: "poweron", atMs: NOW + DAY_MS, owner: "x" } as const;
  const daemon = new DaemonUnderTest({ events: [alarm, off] });
  const mac = macOf(daemon);
  assert.equal(await canAskForWakes(mac), false, "there is no list");
  writeFileSync(daemon.list, instantsText([]));
  assert.equal(await canAskForWakes(mac), true);
  const { ino } = statSync(daemon.list);
  await askForWakes(mac, [NOW + 2 * DAY_MS, NOW + 3 * DAY_MS], NOW);
  assert.equal(statSync(daemon.list).ino, ino, "another file could not be put there");
  const wakes = [NOW + DAY_MS, NOW + 2 * DAY_MS, NOW + 3 * DAY_MS];
  assert.deepEqual(await wakesSet(mac, NOW, signal), { wakesMs: wakes });
  assert.deepEqual(
    (await wakesSet(mac, NOW + 1_000_000, signal)).wakesMs,
    [NOW + DAY_MS],
    "what lies unheard for longer is not set",
  );
  assert.equal(daemon.run().said, "set 2");
  assert.deepEqual((await wakesSet(mac, NOW + 1_000_000, signal)).wakesMs, wakes);
  // A shorter list leaves nothing of the longer one behind.
  await askForWakes(mac, [], NOW);
  assert.equal(readFileSync(daemon.list, "utf8"), "wakes\nend\n");
});

void test("a wake that is set and about to come is not cancelled at the last moment", async () => {
  const daemon = new DaemonUnderTest();
  const mac = macOf(daemon);
  writeFileSync(daemon.list, instantsText([]));
  const dues = [NOW + 2 * DAY_MS, NOW + 3 * DAY_MS];
  await askForWakes(mac, dues, NOW);
  const shortBeforeMs = NOW + 2 * DAY_MS - 30_000;
  await askForWakes(mac, dues, shortBeforeMs);
  assert.deepEqual(parseInstants(readFileSync(daemon.list, "utf8")), dues);
  // What nobody has asked for before would come too late.
  await askForWakes(mac, [...dues, shortBeforeMs + 20_000], shortBeforeMs);
  assert.deepEqual(parseInstants(readFileSync(daemon.list, "utf8")), dues);
  await askForWakes(mac, dues.slice(1), shortBeforeMs);
  assert.deepEqual(parseInstants(readFileSync(daemon.list, "utf8")), dues.slice(1));
});

void test("a pmset that does not answer keeps nobody from what else a host knows", async () => {
  const daemon = new DaemonUnderTest();
  writeFileSync(daemon.list, instantsText([]));
  const jobs = new Map([["nightly", { isLoaded: true, isEnabled: true }]]);
  const bare: Host = {
    name: "launchd",
    state: () => Promise.resolve({ isInUse: true, jobs, canWake: false, wakesMs: [] }),
  };
  const mac = macOf(daemon);
  const broken = { ...mac, tools: { ...mac.tools, pmset: "/bin/false" } };
  const state = await wakingHost(bare, broken, { clock: systemClock, signal }).state(["nightly"]);
  assert.deepEqual([state.jobs, state.canWake, state.wakesMs], [jobs, true, []]);
  assert.match(state.wakeRefusal ?? "", /is not known: pmset -g sched ended with 1/);
});

void test("a list that says the same is left alone, and a link in its place is not followed", async () => {
  const daemon = new DaemonUnderTest();
  const mac = macOf(daemon);
  writeFileSync(daemon.list, instantsText([NOW + DAY_MS]));
  utimesSync(daemon.list, 1, 1);
  await askForWakes(mac, [NOW + DAY_MS], NOW);
  assert.equal(statSync(daemon.list).mtimeMs, 1000);
  rmSync(daemon.list);
  const other = path.join(daemon.folder, "other");
  writeFileSync(other, "");
  symlinkSync(other, daemon.list);
  await assert.rejects(askForWakes(mac, [NOW + DAY_MS], NOW), /ELOOP/);
  assert.equal(readFileSync(other, "utf8"), "");
});

void test("repeating wakes count on their own days, which powerd's file knows", async () => {
  const everyDay = { type: "wakepoweron", minuteOfDay: 5, days: 0x7f } as const;
  const daemon = new DaemonUnderTest({ on: everyDay });
  const mac = macOf(daemon);
  writeFileSync(daemon.list, instantsText([]));
  const all = (await wakesSet(mac, NOW, signal)).wakesMs;
  assert.ok(all.length >= 13 && all.length <= 15, `${all.length}`);
  for (const atMs of all) assert.equal(mac.zone.wallAt(atMs) % DAY_MS, 5 * 60_000);
  daemon.power = { ...daemon.power, on: { ...everyDay, days: 0b101 } };
  assert.deepEqual((await wakesSet(mac, NOW, signal)).wakesMs, [], "Some days: nobody knows which");
  const plist = (minute: number) =>
    `<plist version="1.0"><dict><key>RepeatingPowerOn</key><dict><key>eventtype</key><string>wakepoweron</string><key>time</key><integer>${minute}</integer><key>weekdays</key><integer>5</integer></dict></dict></plist>`;
  const file = path.join(daemon.folder, "AutoWake.plist");
  writeFileSync(file, plist(5));
  const some = (await wakesSet(mac, NOW, signal)).wakesMs;
  assert.equal(some.length, 4, "Mondays and Wednesdays of two weeks");
  for (const atMs of some) assert.match(weekdayAt(mac, atMs), /Mon|Wed/);
  writeFileSync(file, plist(6));
  assert.deepEqual((await wakesSet(mac, NOW, signal)).wakesMs, [], "the file is of another event");
});

function weekdayAt({ zone }: WakingMac, atMs: number): string {
  return new Date(zone.wallAt(atMs)).toUTCString().slice(0, 3);
}

void test("a host with wakes tells them, why they were refused, and how the Mac met those that were", async () => {
  const dueMs = NOW - 3_600_000;
  const moment = { reason: undefined, source: "ac" } as const;
  const slept = logLine({
    ...moment,
    atMs: dueMs - 3_600_000,
    kind: "sleep",
    reason: "Idle Sleep",
  });
  const woke = logLine({ ...moment, atMs: dueMs + 2000, kind: "wake" });
  const daemon = new DaemonUnderTest({ log: `UUID: x\n${slept}\n${woke}\n\n` });
  writeFileSync(daemon.list, "nonsense\n");
  daemon.run();
  const bare: Host = {
    name: "launchd",
    state: () => Promise.resolve({ isInUse: true, jobs: new Map(), canWake: false, wakesMs: [] }),
  };
  const host = wakingHost(bare, macOf(daemon), { clock: systemClock, signal });
  const { canWake, wakeRefusal, isInUse } = await host.state([]);
  assert.deepEqual([canWake, isInUse], [true, true]);
  assert.match(wakeRefusal ?? "", /is no instant/);
  const times = { bootMs: 0, firstRunMs: 0, handledMs: dueMs + 3000 };
  const met = await host.judgeWakes?.([{ job: "nightly", dueMs, ...times }]);
  assert.deepEqual(
    met?.map(({ state, isWell, evidence }) => [state, isWell, evidence]),
    [["woke", true, "the Mac woke 2 s after it"]],
  );
});

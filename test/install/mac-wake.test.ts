import assert from "node:assert/strict";
import { test } from "node:test";
import { WAKE_OWNER } from "../../src/host/launchd/wake/script.ts";
import type { Fault } from "../rig/mac/faults.ts";
import { MacBox, type CallEnd } from "../rig/mac/box.ts";
import { logLine } from "../rig/mac/pmset-print.ts";
import { CALM, type PowerState } from "../rig/mac/powerd.ts";
import { pollUntil } from "../rig/processes.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 600_000 };
const HOME = "/Users/you/oil";
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  scan: { kind: command, schedule: ['30 8 * * *'], argv: ['true'], power: { wake: true } }
`;
const INSTALL = ["install", "--yes", "--no-setup", "--no-probe", "--home", HOME];
const UNINSTALL = ["uninstall", "--yes"];
const FOLDER = "/Library/Application Support/cbi";
const DAY_MS = 86_400_000;

/** What the user has set before: an alarm, a wake of their own, a wake and a shutdown of every week. */
function theirs(): PowerState {
  const atMs = Math.floor(Date.now() / 1000) * 1000 + DAY_MS;
  return {
    ...CALM,
    on: { type: "wakepoweron", minuteOfDay: 7 * 60, days: 0b10101 },
    off: { type: "shutdown", minuteOfDay: 23 * 60 + 30, days: 0b1010 },
    events: [
      { type: "wake", atMs, owner: "com.apple.alarm.user-visible-x", isVisible: true },
      { type: "wakepoweron", atMs, owner: "pmset" },
    ],
  };
}

async function macWith(power: PowerState): Promise<MacBox> {
  const mac = await MacBox.boot();
  mac.write(`${HOME}/cbi.yaml`, CONFIG);
  mac.setState("pmset", power);
  // The watchdog does not look at its start: who asks for wakes here is the test's to say.
  mac.changeLaunchd({ isQuiet: true });
  return mac;
}

/** Lets the daemon look, as every five minutes, until it is so. */
async function untilDaemon(mac: MacBox, what: string, isSo: () => boolean): Promise<void> {
  await pollUntil(what, async () => {
    await mac.run(["/bin/launchctl", "kickstart", `system/${WAKE_OWNER}`], { as: "root" });
    return isSo();
  });
}

async function must(mac: MacBox, words: readonly string[]): Promise<CallEnd> {
  const end = await mac.cbi(words, { environment: { CBI_CALL_SECONDS: "3" } });
  assert.equal(end.status, 0, `cbi ${words.join(" ")}: ${end.stdout}${end.stderr}`);
  return end;
}

function powerOf(mac: MacBox): PowerState {
  return mac.stateOf("pmset", CALM);
}

function oursOf(mac: MacBox): number[] {
  const { events } = powerOf(mac);
  return events.filter(({ owner }) => owner === WAKE_OWNER).map(({ atMs }) => atMs);
}

/** Everything but ours, which must be as it was to the letter. */
function othersOf(mac: MacBox): PowerState {
  const power = powerOf(mac);
  return { ...power, events: power.events.filter(({ owner }) => owner !== WAKE_OWNER) };
}

void test(
  "an installation sets the next wakes, tells of what would end a run, and takes ours away alone",
  OPTIONS,
  async () => {
    const before = theirs();
    await using mac = await macWith(before);
    const dry = await must(mac, [...INSTALL, "--dry-run", "--json"]);
    const plan = JSON.parse(dry.stdout) as { power: object; wakes: object[]; remarks: string[] };
    assert.deepEqual(plan.power, {
      repeating: [
        { type: "wakepoweron", at: "07:00", days: null },
        { type: "shutdown", at: "23:30", days: null },
      ],
      events: before.events.map(({ type, atMs, owner }) => ({
        type,
        at: new Date(atMs + 3_600_000).toISOString().slice(0, 19),
        owner,
      })),
    });
    assert.equal(plan.wakes.length, 14);
    assert.deepEqual(powerOf(mac), before, "a look changes nothing");

    const { stdout, stderr } = await must(mac, INSTALL);
    assert.match(`${stdout}${stderr}`, /pmset has 14 wakes of com\.cbi\.wake/);
    assert.equal(oursOf(mac).length, 14);
    assert.deepEqual(othersOf(mac), before);
    const tree = mac.tree();
    assert.match(tree[`${FOLDER.slice(1)}/set-wakes`] ?? "", /^755 0 /);
    assert.match(tree[`${FOLDER.slice(1)}/wakes`] ?? "", /^644 501 /);
    assert.match(tree[FOLDER.slice(1)] ?? "", /^755 0 folder/);
    mac.forgetCalls();
    await must(mac, INSTALL);
    const changes = mac.calls.filter(
      ({ program, args }) => program.endsWith("/pmset") && args[0] !== "-g",
    );
    assert.deepEqual(changes, [], "a second installation changes nothing");

    await must(mac, UNINSTALL);
    assert.deepEqual(powerOf(mac), before, "theirs are what they were, and ours are gone");
    assert.ok(!mac.exists(FOLDER));
    const verbs = mac.calls
      .filter(({ program }) => program.endsWith("/pmset"))
      .map(({ args }) => args.slice(0, 2).join(" "));
    assert.ok(!verbs.some((verb) => /cancelall|^repeat/.test(verb)), "nothing that hits others");
  },
);

void test("a repeating shutdown in the middle of a run is told of", OPTIONS, async () => {
  // New York's half past eight is at half past two in the afternoon there.
  const off = { type: "shutdown", minuteOfDay: 15 * 60, days: 0x7f } as const;
  await using mac = await macWith({ ...CALM, off });
  const { stdout, stderr } = await must(mac, [...INSTALL, "--dry-run"]);
  assert.match(stdout + stderr, /pmset has a shutdown at .+Z, when scan may be at work/);
});

void test("each pass of the watchdog sets anew what somebody has cancelled", OPTIONS, async () => {
  await using mac = await macWith(CALM);
  await must(mac, INSTALL);
  const before = oursOf(mac);
  mac.setState("pmset", CALM);
  await untilDaemon(mac, "they are set again", () => oursOf(mac).length === before.length);
  // A job that is no longer to be woken for: the next pass says so to the daemon.
  mac.write(`${HOME}/cbi.yaml`, CONFIG.replace("30 8", "45 8"));
  assert.equal((await mac.ring("com.cbi.watchdog")).status, 0);
  await pollUntil(
    "the pass has ended",
    () => mac.services["com.cbi.watchdog"]?.state !== "running",
  );
  await untilDaemon(mac, "the others have gone", () =>
    oursOf(mac).every((atMs) => !before.includes(atMs)),
  );
  assert.equal(oursOf(mac).length, 14);
});

void test("a home that wakes no more takes its wakes along", OPTIONS, async () => {
  const before = theirs();
  await using mac = await macWith(before);
  await must(mac, INSTALL);
  mac.write(`${HOME}/cbi.yaml`, CONFIG.replace("wake: true", "wake: false"));
  await must(mac, INSTALL);
  assert.deepEqual(powerOf(mac), before);
  assert.ok(!mac.exists(`${FOLDER}/set-wakes`));
  assert.ok(mac.services[WAKE_OWNER] === undefined);
});

const NOT_SET = /wakes (?:not yet|are set is not known)/;
const FAULTS: [string, Omit<Fault, "program">, RegExp][] = [
  [
    "what is asked fails",
    { words: "-g sched", does: "exit", code: 1, stderr: "no\n", always: true },
    NOT_SET,
  ],
  ["what is set fails", { words: "^schedule", does: "exit", code: 70, always: true }, NOT_SET],
  // The daemon is asked a second time before that is said.
  [
    "the first that is set fails",
    { words: "^schedule", does: "exit", code: 1 },
    /pmset has 14 wakes/,
  ],
];

for (const [name, fault, said] of FAULTS) {
  void test(`pmset, ${name}: the jobs are installed, and it is said`, OPTIONS, async () => {
    const before = theirs();
    await using mac = await macWith(before);
    mac.plant({ program: "pmset", ...fault });
    const { stdout, stderr } = await must(mac, INSTALL);
    assert.match(`${stdout}${stderr}`, said);
    mac.plant();
    await untilDaemon(mac, "the daemon has healed it", () => oursOf(mac).length === 14);
    await must(mac, UNINSTALL);
    assert.deepEqual(powerOf(mac), before);
  });
}

void test("an installation that is killed at a call of pmset goes on", OPTIONS, async () => {
  const before = theirs();
  await using mac = await macWith(before);
  for (const does of ["killed-before", "killed-after"] as const) {
    // The first is the look before anything is touched, the later ones read back what was set.
    for (const spared of [0, 1, 2]) {
      const later: Fault[] = Array.from({ length: spared }, () => ({
        program: "pmset",
        words: "-g sched",
        does: "exit",
        code: 1,
      }));
      mac.plant(...later, { program: "pmset", words: "-g sched", does });
      await mac.cbi(INSTALL, { environment: { CBI_CALL_SECONDS: "3" } });
      mac.plant();
      assert.deepEqual(othersOf(mac), before, `${does} after ${spared}`);
    }
  }
  await must(mac, INSTALL);
  await untilDaemon(mac, "all are set", () => oursOf(mac).length === 14);
  await must(mac, UNINSTALL);
  assert.deepEqual(powerOf(mac), before);
});

void test("an uninstallation that is stopped at any call of pmset goes on", OPTIONS, async () => {
  const before = theirs();
  const kinds: Fault["does"][] = ["exit", "killed-before", "killed-after"];
  for (const does of kinds) {
    await using mac = await macWith(before);
    await must(mac, INSTALL);
    // One of the wakes no daemon knows any more, so that it is cancelled by root's own call.
    for (const words of ["-g sched", "^-n -- /usr/bin/pmset schedule cancel"]) {
      mac.plant({ program: words.startsWith("^-n") ? "sudo" : "pmset", words, does, code: 1 });
      const stopped = await mac.cbi(UNINSTALL, { environment: { CBI_CALL_SECONDS: "3" } });
      if (stopped.status === 0) break;
    }
    mac.plant();
    const last = await mac.cbi(UNINSTALL);
    assert.ok(last.status === 0 || /no installation/i.test(last.stdout + last.stderr), last.stderr);
    assert.deepEqual(powerOf(mac), before, does);
    assert.ok(!mac.exists(FOLDER), does);
  }
});

void test(
  "a night that a shut lid kept from its wake is told by watchdog and status",
  OPTIONS,
  async () => {
    await using mac = await macWith(CALM);
    await must(mac, INSTALL);
    const look = async (words: string[]) => {
      const { stdout, stderr } = await mac.cbi([...words, "--home", HOME]);
      return stdout + stderr;
    };
    await look(["watchdog"]);
    const [dueMs = 0] = oursOf(mac);
    // Two hours after the slot, with a log of a lid that was shut in the evening.
    mac.shiftClock(dueMs + 2 * 3_600_000 - Date.now());
    const sleep = { kind: "sleep", reason: "Clamshell Sleep", source: "battery" } as const;
    const wake = { kind: "wake", reason: undefined, source: "ac" } as const;
    const moments = [
      { ...sleep, atMs: dueMs - 3 * 3_600_000 },
      { ...wake, atMs: dueMs + 3_600_000 },
    ];
    mac.setState("pmset", {
      ...powerOf(mac),
      log: moments.map((one) => `${logLine(one)}\n`).join(""),
    });
    assert.match(
      await look(["watchdog"]),
      /the machine was not woken for scan@.+: the Mac slept with its lid shut, on battery/,
    );
    assert.match(
      await look(["status", "scan"]),
      /wake .+ the Mac slept with its lid shut, on battery/,
    );
    mac.changeLaunchd({ isQuiet: false });
    assert.match(await look(["doctor", "--offline"]), /^pass {2}power events/m);
  },
);

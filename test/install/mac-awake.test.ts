import assert from "node:assert/strict";
import { test } from "node:test";
import { MacBox } from "../rig/mac/box.ts";
import { CALM } from "../rig/mac/powerd.ts";
import { pollUntil } from "../rig/processes.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 300_000 };
const HOME = "/Users/you/oil";
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  scan: { kind: command, schedule: ['30 8 * * *'], argv: [sleep, '6'] }
`;
const INSTALL = ["install", "--yes", "--no-setup", "--no-probe", "--home", HOME];
const LOG = "/Users/you/Library/Logs/cbi/com.cbi.scan.log";

/** A Mac on which the scan has just come to be due and is started by launchd; gives its log when it has ended. */
async function scanned(mac: MacBox): Promise<string> {
  mac.write(`${HOME}/cbi.yaml`, CONFIG);
  mac.changeLaunchd({ isQuiet: true });
  const installed = await mac.cbi(INSTALL);
  assert.equal(installed.status, 0, installed.stdout + installed.stderr);
  assert.equal((await mac.cbi(["watchdog", "--home", HOME])).status, 0);
  const next = await mac.cbi(["next", "--json", "--home", HOME]);
  const at = /"(?:due|at)": ?"([^"]+)"/.exec(next.stdout)?.[1];
  assert.ok(at !== undefined, next.stdout);
  mac.shiftClock(Date.parse(at) + 2_000 - Date.now());
  mac.forgetCalls();
  assert.equal((await mac.ring("com.cbi.scan")).status, 0);
  await pollUntil("the run has ended", () => mac.services["com.cbi.scan"]?.state !== "running");
  const log = mac.read(LOG);
  assert.match(log, /done/, log);
  return log;
}

function fallbacks(mac: MacBox): string[] {
  const calls = mac.calls.filter(({ program }) => program.endsWith("/caffeinate"));
  return calls.map(({ args }) => args.join(" ")).filter((words) => words.includes("-w"));
}

void test("a run that caffeinate holds awake is left as it is", OPTIONS, async () => {
  await using mac = await MacBox.boot();
  const log = await scanned(mac);
  assert.doesNotMatch(log, /awake|caffeinate/);
  assert.deepEqual(fallbacks(mac), []);
});

void test(
  "a run that powerd does not list is held by another caffeinate, and says so",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    mac.setState("caffeinate", { isDeaf: true, served: {} });
    const log = await scanned(mac);
    assert.match(log, /powerd listed no caffeinate for this run, so another one was started/);
    assert.match(fallbacks(mac)[0] ?? "", /^-ims -w \d+$/);
    assert.equal(fallbacks(mac).length, 1);
  },
);

void test("a run on battery lets the Mac sleep, as power.awake: ac says", OPTIONS, async () => {
  await using mac = await MacBox.boot();
  mac.setState("pmset", { ...CALM, source: "Battery Power" });
  const log = await scanned(mac);
  assert.match(log, /draws from Battery Power, and power\.awake is ac/);
  assert.deepEqual(fallbacks(mac), []);
});

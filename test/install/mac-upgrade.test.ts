import assert from "node:assert/strict";
import { test } from "node:test";
import { MacBox } from "../rig/mac/box.ts";
import { pollUntil } from "../rig/processes.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 300_000 };
const HOME = "/Users/you/oil";
const APP = "/Users/you/Library/Application Support/cbi";
const LABEL = "com.cbi.long";
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  long: { kind: command, every: 1m, argv: [sleep, '600'], grace: 1s }
`;

void test(
  "an upgrade never ends a run that is under way, unless it is told to",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    mac.write(`${HOME}/cbi.yaml`, CONFIG);
    const installed = await mac.cbi(["install", "--yes", "--home", HOME]);
    assert.equal(installed.status, 0, installed.stdout + installed.stderr);
    // A home's first look decides from when on its slots count.
    await mac.ring(LABEL);
    await pollUntil(
      "the first look is over",
      () => mac.services[LABEL]?.state === "not running" && mac.services[LABEL].runs > 0,
    );
    mac.shiftClock(5 * 60_000);
    await mac.ring(LABEL);
    await pollUntil("the job is at work", async () => {
      const { stdout } = await mac.run(["sh", "-c", "ps -A -o args= | grep -c '^sleep 600'"]);
      return Number(stdout) > 0;
    });
    const pid = mac.services[LABEL]?.pid;
    const before = mac.tree();

    const manifest = "/opt/mac/package/package.json";
    const text = mac.read(manifest).replace(/"version":"[^"]+"/, '"version":"0.2.0"');
    mac.write(manifest, text, { as: "root" });
    mac.forgetCalls();
    const refused = await mac.cbi(["upgrade", "--yes"]);
    assert.equal(refused.status, 75, refused.stdout + refused.stderr);
    assert.match(refused.stderr, /com\.cbi\.long is running.*\n.*cbi upgrade --force/);
    assert.equal(mac.services[LABEL]?.pid, pid, "it goes on");
    const changing = mac.calls.filter(({ program, args }) => {
      return program === "/bin/launchctl" && !args[0]?.startsWith("print");
    });
    assert.deepEqual(changing, []);
    const isOfRun = (file: string): boolean => file.startsWith("Users/you/oil/Logs");
    const kept = (tree: Record<string, string>): Record<string, string> =>
      Object.fromEntries(Object.entries(tree).filter(([file]) => !isOfRun(file)));
    assert.deepEqual(kept(mac.tree()), kept(before), "nothing was touched");

    const forced = await mac.cbi(["upgrade", "--yes", "--force"]);
    assert.equal(forced.status, 0, forced.stdout + forced.stderr);
    assert.match(forced.stdout, /^installed cbi 0\.2\.0/m);
    assert.match(forced.stdout, /^pass {2}inside/m);
    assert.notEqual(mac.services[LABEL]?.pid, pid);
    const { stdout } = await mac.run(["ls", `${APP}/versions`]);
    assert.equal(stdout, "0.2.0\n", "the older goes with what ran from it");
    assert.match((await mac.cbi(["upgrade", "--yes"])).stdout, /nothing was changed/);
  },
);

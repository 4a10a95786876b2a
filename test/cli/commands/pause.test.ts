import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { catalog } from "../../../src/cli/catalog.ts";
import { dispatch } from "../../../src/cli/dispatch.ts";
import { killSwitchFile, readKillState, stopFile } from "../../../src/guard/kill-switch-file.ts";
import { exists } from "../../../src/system/files.ts";
import { homePaths, type HomePaths } from "../../../src/system/home.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { keptContext } from "../support.ts";

const NOW = "2026-11-20T14:30:00.000Z";
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  nightly: { kind: pipeline }
  scan: { kind: command, argv: ['true'], tags: [broker] }
`;

void test("a pause is one small file that says who, why and until when", async (t) => {
  const home = await homeFor(t);
  const said = await home.cbi(
    "pause",
    "--tag",
    "broker",
    "--why",
    "gateway is down",
    "--until",
    "2h",
  );
  assert.match(
    said,
    /^jobs tagged broker are paused by ann since 2026-11-20T14:30:00Z until 2026-11-20T16:30:00Z: gateway is down$/m,
  );
  assert.deepEqual(JSON.parse(await readFile(killSwitchFile(home.paths), "utf8")), {
    schema: 1,
    orders: [
      {
        scope: "tag",
        name: "broker",
        mode: "drain",
        reason: "gateway is down",
        who: "ann",
        since: NOW,
        until: "2026-11-20T16:30:00.000Z",
      },
    ],
  });
});

void test("until is a time on the home's clock, the next one, or an instant", async (t) => {
  const home = await homeFor(t);
  const table: [string, string][] = [
    ["16:00", "2026-11-20T21:00:00.000Z"],
    ["09:00", "2026-11-21T14:00:00.000Z"],
    ["2026-12-31", "2026-12-31T05:00:00.000Z"],
    ["2026-11-20T10:00-05:00", "2026-11-20T15:00:00.000Z"],
    ["90s", "2026-11-20T14:31:30.000Z"],
  ];
  for (const [text, until] of table) {
    const said = await home.cbi("pause", "--why", "x", "--json", "--until", text);
    assert.equal((JSON.parse(said) as { until: string }).until, until, text);
  }
  assert.equal((await readKillState(home.paths)).orders.length, 1, "a new order replaces the old");
});

void test("what is misspelt or missing is refused, and pauses nothing", async (t) => {
  const home = await homeFor(t);
  const table: [string[], RegExp][] = [
    [["pause"], /--why is missing/],
    [["pause", "--why", " "], /--why is missing/],
    [["pause", "--why", "x", "--job", "skan"], /there is no job 'skan'/],
    [["pause", "--why", "x", "--tag", "brokr"], /there is no tag 'brokr'/],
    [["pause", "--why", "x", "--job", "scan", "--tag", "broker"], /exclude each other/],
    [["pause", "--why", "x", "--until", "soon"], /expected a time such as 2h/],
    [["pause", "--why", "x", "--until", "2026-11-20"], /has passed/],
  ];
  for (const [words, says] of table) {
    await assert.rejects(home.cbi(...words), says, words.join(" "));
  }
  assert.equal(await exists(killSwitchFile(home.paths)), false);
});

void test("it works while cbi.yaml is invalid", async (t) => {
  const home = await homeFor(t);
  await writeFile(home.paths.config, "jobs: [");
  await home.cbi("pause", "--tag", "anything", "--why", "x", "--stop");
  assert.equal((await readKillState(home.paths)).orders[0]?.mode, "stop");
  assert.match(await home.cbi("resume", "--all"), /^over: jobs tagged anything/m);
});

void test("resume ends its own scope, shows what is left, and deletes STOP", async (t) => {
  const home = await homeFor(t);
  await home.cbi("pause", "--why", "one");
  await home.cbi("pause", "--job", "scan", "--why", "two");
  await writeFile(stopFile(home.paths), "fire");
  const said = await home.cbi("resume");
  assert.match(
    said,
    /^the file STOP is deleted\nover: everything is .*one\nstill: job scan is .*two$/m,
  );
  assert.equal(await exists(stopFile(home.paths)), false);
  assert.match(await home.cbi("resume", "--tag", "broker"), /there was no such pause\nstill:/);
  const answer = JSON.parse(await home.cbi("resume", "--all", "--json")) as { left: unknown[] };
  assert.deepEqual(answer.left, []);
});

void test("the morning's status tells of everything that is held back", async (t) => {
  const home = await homeFor(t);
  await home.cbi("pause", "--tag", "broker", "--why", "gateway is down");
  await writeFile(stopFile(home.paths), "");
  const context = keptContext({
    workingDirectory: home.paths.root,
    clock: new ManualClock(NOW),
  });
  assert.equal(await dispatch(["status"], context, catalog), 2);
  assert.match(context.written(), /! jobs tagged broker are paused by ann .*: gateway is down$/m);
  assert.match(context.written(), /! the file STOP is in the home$/m);
});

void test("a damaged switch is started anew by resuming everything alone", async (t) => {
  const home = await homeFor(t);
  await mkdir(home.paths.logs, { recursive: true });
  await writeFile(killSwitchFile(home.paths), "{");
  await assert.rejects(home.cbi("pause", "--why", "x"), /damaged, and nothing starts/);
  await home.cbi("resume", "--job", "scan");
  assert.ok((await readKillState(home.paths)).damage !== undefined);
  assert.match(await home.cbi("resume"), /written anew/);
  assert.equal((await readKillState(home.paths)).damage, undefined);
});

async function homeFor(
  t: TestContext,
): Promise<{ paths: HomePaths; cbi: (...words: string[]) => Promise<string> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-pause-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const paths = homePaths(folder);
  await writeFile(paths.config, CONFIG);
  const cbi = async (...words: string[]): Promise<string> => {
    const clock = new ManualClock(NOW);
    const context = keptContext({ workingDirectory: folder, clock, environment: { USER: "ann" } });
    assert.equal(await dispatch(words, context, catalog), 0);
    return context.written();
  };
  return { paths, cbi };
}

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { registeredJob } from "../../../src/ledger/jobs.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { pollUntil } from "../../rig/processes.ts";
import type { Rig } from "../../rig/rig.ts";
import { wantService } from "../../../src/jobs/service/wanted.ts";
import {
  loops,
  midnightCounts,
  newestSlotOf,
  rigWithLoop,
  runsOf,
  shownLoop,
  untilLife,
} from "./rig-with-loop.ts";

const KEEPER = ["run", "loop", "--scheduled"];
/** As launchd starts it. */
const KEPT = { environment: { CBI_KEPT: "loop" } };
const WANTED = "Logs/loop/service-wanted.json";

async function killKeeper(rig: Rig): Promise<void> {
  const { keeper_pid: keeper } = await shownLoop(rig);
  process.kill(keeper ?? 0, "SIGKILL");
  await pollUntil("it is dead", async () => (await shownLoop(rig)).state === "dead");
}

void test("every end in order is 0 for a host that starts again what ends otherwise", async (t) => {
  await using rig = await rigWithLoop(t);
  const idle = await rig.cbi(KEEPER, KEPT);
  assert.equal(idle.exitCode, 0, "nothing is due");

  await midnightCounts(rig);
  const kept = rig.start(KEEPER, KEPT);
  await untilLife(rig, 1);
  kept.kill("SIGTERM");
  assert.equal((await kept.ended).exitCode, 0, "told to end");
  const bare = rig.start(KEEPER);
  await untilLife(rig, 2);
  bare.kill("SIGTERM");
  assert.equal((await bare.ended).exitCode, 130, "nobody starts this one again");

  await rig.cbi(["pause", "--why", "gateway"]);
  assert.deepEqual(
    [(await rig.cbi(KEEPER)).exitCode, (await rig.cbi(KEEPER, KEPT)).exitCode],
    [77, 0],
    "paused",
  );
  await rig.cbi(["resume"]);

  const again = rig.start(KEEPER, KEPT);
  await untilLife(rig, 3);
  again.kill("SIGKILL");
  const { exitCode, signal } = await again.ended;
  assert.deepEqual([exitCode, signal], [null, "SIGKILL"], "a crash is one");

  const yaml = await rig.read("cbi.yaml");
  await rig.write("cbi.yaml", yaml.replace("kind: service", "kind: servant"));
  assert.equal(
    (await rig.cbi(KEEPER, KEPT)).exitCode,
    0,
    "starting it again mends no configuration",
  );
  const other = await rig.cbi(["run", "other", "--scheduled"], KEPT);
  assert.equal(other.exitCode, 78, "another job's end is its own");
});

void test("an exception that nobody catches is a crash for every host", async (t) => {
  await using rig = await rigWithLoop(t);
  await midnightCounts(rig);
  const bomb = `import { existsSync } from "node:fs";
    setInterval(() => { if (existsSync("${rig.file("boom")}")) throw new Error("boom"); }, 100);`;
  const keeper = rig.start(KEEPER, {
    environment: {
      ...KEPT.environment,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bomb)}`,
    },
  });
  await untilLife(rig, 1);
  await rig.write("boom", "");
  const { exitCode, stderr } = await keeper.ended;
  assert.deepEqual([exitCode, /this is a bug in cbi .*boom/.test(stderr)], [70, true], stderr);
  await rig.cbi(["service", "stop", "loop"]);
  assert.deepEqual(loops(rig), []);
});

void test("a host that starts it again after every crash ends with the fifth", async (t) => {
  await using rig = await rigWithLoop(t);
  await midnightCounts(rig);
  for (let life = 1; life <= 5; life++) {
    const keeper = rig.start(KEEPER, KEPT);
    await untilLife(rig, life);
    assert.equal(loops(rig).length, 1, "what was left of the life before is gone");
    keeper.kill("SIGKILL");
    await keeper.ended;
  }
  assert.equal((await rig.cbi(KEEPER, KEPT)).exitCode, 0);
  assert.deepEqual([loops(rig), newestSlotOf(rig)], [[], "failed: interrupted in 5 runs"]);
});

void test("what a person has started goes on after a crash, and not after an end", async (t) => {
  await using rig = await rigWithLoop(t);
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  await killKeeper(rig);
  const next = rig.start(KEEPER);
  await untilLife(rig, 2);
  const twin = await rig.cbi(KEEPER);
  assert.deepEqual([twin.exitCode, loops(rig).length], [0, 1], "another has nothing to do");
  next.kill("SIGTERM");
  assert.equal((await next.ended).exitCode, 130);
  assert.equal((await rig.cbi(KEEPER)).exitCode, 0);
  assert.deepEqual([loops(rig), existsSync(rig.file(WANTED))], [[], false]);
  assert.deepEqual(
    runsOf(rig).map(({ state }) => state),
    ["interrupted", "interrupted"],
    "nobody was refused",
  );
});

void test("a person's stop ends what no keeper keeps, for good", async (t) => {
  await using rig = await rigWithLoop(t);
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  await killKeeper(rig);
  await rig.cbi(["service", "stop", "loop"]);
  assert.equal((await rig.cbi(KEEPER)).exitCode, 0);
  assert.deepEqual([loops(rig), (await shownLoop(rig)).state], [[], "stopped"]);
});

void test("what a person has started and kills its keeper again and again is given up", async (t) => {
  await using rig = await rigWithLoop(t);
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  // Five keepers within the hour, each dead without a word.
  using ledger = Ledger.open(rig.paths.ledger);
  await killKeeper(rig);
  for (let copy = 1; copy <= 4; copy++) {
    ledger.run(
      `INSERT INTO run SELECT id || ?, job, slot, trigger, state, as_of, started_ms, ended_ms, owner, version,
         config_hash, exit_code, error, warnings FROM run WHERE id NOT LIKE '%-copy%'`,
      `-copy${copy}`,
    );
  }
  const given = await rig.cbi([...KEEPER, "--json"], KEPT);
  assert.match(given.stdout, /its keeper died too often within an hour/);
  assert.deepEqual([given.exitCode, existsSync(rig.file(WANTED))], [0, false]);
  assert.deepEqual(loops(rig), [], "what the last keeper has left is ended too");
});

void test("the resident mode brings back what a person has started", async (t) => {
  await using rig = await rigWithLoop(t);
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  assert.equal((await shownLoop(rig)).supervisor, null);
  await killKeeper(rig);
  const daemon = rig.start(["daemon"]);
  await untilLife(rig, 2);
  const { supervisor, keeper_pid: keeper } = await shownLoop(rig);
  assert.deepEqual([supervisor, keeper], ["cbi daemon", daemon.pid]);
  daemon.kill("SIGTERM");
  await daemon.ended;
});

void test("a person does not wait for the job that a slot waits for", async (t) => {
  await using rig = await rigWithLoop(t, ", after: [first]");
  const yaml = await rig.read("cbi.yaml");
  const first = "  first: { kind: command, schedule: ['0 0 * * *'], zone: UTC, argv: ['false'] }\n";
  await rig.write("cbi.yaml", `${yaml}${first}`);
  await midnightCounts(rig);
  const waiting = rig.start([...KEEPER, "--json"]);
  using ledger = Ledger.open(rig.paths.ledger);
  await pollUntil("it waits for the other", () =>
    /first/.test(registeredJob(ledger, "loop")?.checked ?? ""),
  );
  // A host whose keeper is there already starts no other.
  await wantService(rig.paths, "loop", Date.now());
  await untilLife(rig, 1);
  const { keeper_pid: keeper, slot } = await shownLoop(rig);
  assert.deepEqual([keeper, slot], [waiting.pid, null]);
  assert.equal((await rig.cbi(["service", "stop", "loop"])).exitCode, 0);
  assert.equal((await waiting.ended).exitCode, 0);
});

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { pollUntil } from "../../rig/processes.ts";
import { systemClock } from "../../../src/system/clock.ts";
import {
  loops,
  midnightCounts,
  newestSlotOf,
  rigWithLoop,
  runsOf,
  shownLoop,
  untilLife,
} from "./rig-with-loop.ts";

void test("a service is started beside us, listed, restarted on request, read and stopped", async (t) => {
  await using rig = await rigWithLoop(t);
  const started = await rig.cbi(["service", "start", "loop"]);
  assert.equal(started.exitCode, 0, started.stderr);
  await untilLife(rig, 1);
  const first = await shownLoop(rig);
  assert.deepEqual([first.state, first.pid, first.restarts], ["running", loops(rig)[0], 0]);
  assert.notEqual(first.ends, null, "its next slot ends it");
  assert.equal((await rig.cbi(["service", "start", "loop"])).exitCode, 0);
  const refused = await rig.cbi(["run", "loop", "--json"]);
  assert.equal(refused.exitCode, 75, "a second keeper has no place");

  const again = await rig.cbi(["service", "restart", "loop", "--who", "ann", "--why", "new list"]);
  assert.equal(again.exitCode, 0, again.stderr);
  await untilLife(rig, 2);
  const second = await shownLoop(rig);
  assert.deepEqual([second.state, second.run, second.restarts], ["running", first.run, 1]);
  assert.notEqual(second.pid, first.pid);

  const logs = await rig.cbi(["service", "logs", "loop", "--lines", "3"]);
  assert.deepEqual([logs.exitCode, logs.stdout.split("\n").length], [0, 4]);

  await rig.write("no-start", "");
  const held = await rig.cbi(["service", "restart", "loop", "--json"]);
  assert.equal(held.exitCode, 77);
  assert.match(held.stderr, /not restarted, and it goes on: gate command/);
  assert.deepEqual(loops(rig), [second.pid]);

  const stopped = await rig.cbi(["service", "stop", "loop", "--who", "ann", "--why", "enough"]);
  assert.equal(stopped.exitCode, 0, stopped.stderr);
  assert.deepEqual([loops(rig), (await shownLoop(rig)).state], [[], "stopped"]);
  assert.equal((await rig.cbi(["service", "stop", "loop"])).exitCode, 0, "twice is well");
  assert.deepEqual(
    runsOf(rig).filter(({ state }) => state !== "refused"),
    [{ state: "done", lives: ["restarted by ann: new list", "stopped by ann: enough"] }],
  );
  const blocked = await rig.cbi(["service", "start", "loop"]);
  assert.deepEqual([blocked.exitCode, loops(rig)], [77, []]);
  assert.match(blocked.stderr, /loop is not running: gate command/);
});

void test("a keeper that was killed leaves nothing that the next start does not end first", async (t) => {
  await using rig = await rigWithLoop(t);
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  for (let round = 2; round <= 4; round++) {
    const { keeper_pid: keeper, pid } = await shownLoop(rig);
    process.kill(keeper ?? 0, "SIGKILL");
    await pollUntil("it is dead", async () => (await shownLoop(rig)).state === "dead");
    assert.deepEqual(loops(rig), [pid], "the service outlives its keeper");
    // The ledger knows it as well as the note in the folder of the job does.
    if (round === 3) await rm(rig.file("Logs/loop/running.json"));
    const started = await rig.cbi(["service", "start", "loop"]);
    assert.equal(started.exitCode, 0, started.stderr);
    await untilLife(rig, round);
    assert.notEqual((await shownLoop(rig)).pid, pid);
  }
  const { keeper_pid: keeper } = await shownLoop(rig);
  process.kill(keeper ?? 0, "SIGKILL");
  await pollUntil("it is dead", async () => (await shownLoop(rig)).state === "dead");
  const stopped = await rig.cbi(["service", "stop", "loop"]);
  assert.deepEqual([stopped.exitCode, loops(rig)], [0, []], "stopping ends what was left, too");
});

void test("of many starters at once one keeps it", async (t) => {
  await using rig = await rigWithLoop(t);
  await midnightCounts(rig);
  const words = (index: number): string[] =>
    index % 2 === 0 ? ["run", "loop", "--scheduled"] : ["run", "loop"];
  const starters = Array.from({ length: 8 }, (_, index) => rig.start(words(index)));
  await untilLife(rig, 1);
  const seen = new Set<number>();
  await pollUntil("all others have gone or wait", async () => {
    for (const pid of loops(rig)) seen.add(pid);
    return rig.processes().length <= 3;
  });
  assert.equal(seen.size, 1);
  assert.equal((await rig.read("lives")).split("\n").length - 1, 1);
  for (const starter of starters) starter.kill("SIGTERM");
  await Promise.all(starters.map(({ ended }) => ended));
  assert.deepEqual(loops(rig), []);
});

void test("a service that is killed comes back, and one that is stopped hangs and comes back", async (t) => {
  await using rig = await rigWithLoop(t, ", silence: 2s");
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  process.kill(loops(rig)[0] ?? 0, "SIGKILL");
  await untilLife(rig, 2);
  process.kill(loops(rig)[0] ?? 0, "SIGSTOP");
  await untilLife(rig, 3);
  assert.deepEqual(runsOf(rig)[0]?.lives, [
    "it died of SIGKILL",
    "it hung: it printed nothing for 2 s",
    "lives",
  ]);
  await rig.cbi(["service", "stop", "loop"]);
});

void test("keeper and service that are stopped together only slept", async (t) => {
  await using rig = await rigWithLoop(t, ", silence: 3s");
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  const { pid, keeper_pid: keeper } = await shownLoop(rig);
  const both = [keeper ?? 0, pid ?? 0];
  for (const one of both) process.kill(one, "SIGSTOP");
  // A sleep of the machine takes real time; this is the shortest that would be a hang.
  await systemClock.sleep(4_000);
  for (const one of both) process.kill(one, "SIGCONT");
  await systemClock.sleep(1_500);
  assert.deepEqual([loops(rig), runsOf(rig)[0]?.lives], [[pid], ["lives"]]);
  await rig.cbi(["service", "stop", "loop"]);
});

void test("the kill switch ends a running service, and it goes on when resumed", async (t) => {
  await using rig = await rigWithLoop(t);
  await midnightCounts(rig);
  await rig.cbi(["service", "start", "loop"]);
  await untilLife(rig, 1);
  await rig.cbi(["pause", "--job", "loop", "--stop", "--why", "gateway"]);
  await pollUntil("it has ended", async () => (await shownLoop(rig)).state === "interrupted");
  assert.deepEqual(loops(rig), []);
  assert.equal((await rig.cbi(["service", "start", "loop"])).exitCode, 77);
  await rig.cbi(["resume", "--job", "loop"]);
  assert.equal((await rig.cbi(["service", "start", "loop"])).exitCode, 0);
  await untilLife(rig, 2);
  assert.notEqual((await shownLoop(rig)).slot, null, "its slot goes on");
  await rig.cbi(["service", "stop", "loop", "--who", "ann"]);
  assert.equal(newestSlotOf(rig), "skipped: stopped by ann before its end");
});

void test("the watchdog finds a dead keeper, and starts another beside it by the same road", async (t) => {
  await using rig = await rigWithLoop(t);
  await midnightCounts(rig);
  const first = rig.start(["run", "loop", "--scheduled"]);
  await untilLife(rig, 1);
  first.kill("SIGKILL");
  await first.ended;
  const healed = await rig.cbi(["watchdog", "--json"]);
  assert.match(healed.stdout, /started beside this, as process \d+/);
  assert.match(healed.stdout, /"open":\[\]/, healed.stdout);
  await untilLife(rig, 2);
  await pollUntil("it runs", async () => (await shownLoop(rig)).state === "running");
  const quiet = await rig.cbi(["watchdog", "--json"]);
  assert.match(quiet.stdout, /"acts":\[\]/);
  assert.deepEqual(
    runsOf(rig).map(({ state }) => state),
    ["interrupted", "running"],
  );
  await rig.cbi(["service", "stop", "loop"]);
});

void test("the resident mode keeps a service, and ends it with itself at once", async (t) => {
  await using rig = await rigWithLoop(t);
  await midnightCounts(rig);
  const daemon = rig.start(["daemon"]);
  await untilLife(rig, 1);
  const startedMs = systemClock.monotonic();
  daemon.kill("SIGTERM");
  assert.equal((await daemon.ended).exitCode, 0);
  assert.ok(systemClock.monotonic() - startedMs < 20_000, "it is not waited for");
  assert.deepEqual([loops(rig), newestSlotOf(rig)], [[], "claimed: interrupted"]);
  const next = rig.start(["daemon"]);
  await untilLife(rig, 2);
  next.kill("SIGTERM");
  await next.ended;
});

void test("a name that is no service is told with the nearest, or with what it is", async (t) => {
  await using rig = await rigWithLoop(t);
  for (const verb of ["start", "stop", "restart", "logs"]) {
    const near = await rig.cbi(["service", verb, "lop"]);
    assert.deepEqual([near.exitCode, /'loop'/.test(near.stderr)], [64, true], near.stderr);
  }
  const command = await rig.cbi(["service", "start", "other"]);
  assert.deepEqual([command.exitCode, /is a command/.test(command.stderr)], [64, true]);
  const idle = await rig.cbi(["service", "restart", "loop"]);
  assert.deepEqual([idle.exitCode, /cbi service start loop/.test(idle.stderr)], [1, true]);
  assert.equal((await rig.cbi(["service", "logs", "loop"])).exitCode, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CbiProcess, SeenEvent } from "../rig/cbi-process.ts";
import { assertIntact } from "../rig/intact.ts";
import { Rig } from "../rig/rig.ts";

const SIGNALS: readonly { name: string; send: (running: CbiProcess) => void; says: string }[] = [
  { name: "SIGTERM", send: (running) => running.kill("SIGTERM"), says: "SIGTERM" },
  { name: "Ctrl-C", send: (running) => running.interruptGroup(), says: "Ctrl-C" },
  { name: "a closed terminal", send: (running) => running.kill("SIGHUP"), says: "SIGHUP" },
];

void test("SIGTERM, Ctrl-C and a closed terminal end the workers, record an interrupted run, and the next run resumes it", async (t) => {
  await using rig = await Rig.make(t);
  for (const { name, send, says } of SIGNALS) {
    const running = rig.start(["run", "nightly", "--json", "--from", "train"]);
    await running.until("a training is under way", isTraining);
    assert.ok(rig.processes().length > 1, "there are workers");
    send(running);
    const end = await running.ended;
    assert.deepEqual(rig.processes(), [], `${name}: everyone is gone when cbi is`);
    assert.equal(end.exitCode, 130, name);
    const verdict = end.events.at(-1);
    assert.equal(verdict?.event, "run-finished", name);
    assert.equal(verdict.state, "interrupted", name);
    assert.equal(verdict.exit_code, 130, name);
    assert.equal(verdict.error?.message, `stopped by ${says}`, name);
    const { exitCode, status } = await rig.status();
    assert.equal(exitCode, 2, name);
    assert.equal(status.state, "interrupted", name);
    assert.equal(status.exit_code, 130, name);
    assert.deepEqual(
      status.stages.map((stage) => stage.state),
      ["done", "done", "interrupted", "pending", "pending", "pending"],
      name,
    );
    assert.match(
      status.health?.reasons.join() ?? "",
      /interrupted; resume it with: cbi run nightly/,
    );
  }
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  const reused = end.events.filter(({ reused }) => reused === true).map(({ stage }) => stage);
  assert.deepEqual(reused, ["export", "audit"]);
  await assertIntact(rig, end);
});

void test("an interrupted run says to a person that it was stopped, and nothing of a bug", async (t) => {
  await using rig = await Rig.make(t);
  const running = rig.start(["run", "nightly"]);
  await running.untilSaid("export: started");
  running.kill("SIGTERM");
  const end = await running.ended;
  assert.equal(end.exitCode, 130);
  assert.match(end.stderr, /^cbi: stopped by SIGTERM\n/);
  assert.doesNotMatch(end.stdout + end.stderr, /bug|Error:|\n {4}at /);
  assert.deepEqual(rig.processes(), []);
});

void test("a second Ctrl-C ends a night at once, and its workers with it", async (t) => {
  await using rig = await Rig.make(t);
  const running = rig.start(["run", "nightly", "--json"]);
  await running.until("a training is under way", isTraining);
  running.interruptGroup();
  running.interruptGroup();
  const end = await running.ended;
  assert.ok(end.signal === "SIGINT" || end.exitCode === 130);
  await rig.untilNoProcess();
  const { status } = await rig.status();
  assert.ok(status.state === "running" || status.state === "interrupted");
});

void test("a worker that is killed in the middle of a training costs the night nothing but time", async (t) => {
  await using rig = await Rig.make(t);
  const running = rig.start(["run", "nightly", "--json"]);
  await running.until("a training is under way", isTraining);
  const workers = rig.processes().filter((pid) => pid !== running.pid);
  assert.ok(workers.length > 0);
  for (const pid of workers) process.kill(pid, "SIGKILL");
  const end = await running.ended;
  assert.equal(end.exitCode, 0);
  const failed = end.events.find(({ progress }) => progress?.type === "failed");
  assert.match(String(failed?.progress?.["message"]), /SIGKILL/);
  await assertIntact(rig, end);
});

function isTraining(event: SeenEvent): boolean {
  return event.event === "training" && event.progress?.type === "round";
}

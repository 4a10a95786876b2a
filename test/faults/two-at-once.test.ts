import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assertIntact } from "../rig/intact.ts";
import { Rig } from "../rig/rig.ts";

void test("while a night runs another is refused with 75, says who runs, and disturbs nothing", async (t) => {
  await using rig = await Rig.make(t);
  const first = rig.start(["run", "nightly", "--json"]);
  await first.until("it has begun", ({ event }) => event === "stage-started");
  const { run = "" } = first.events.find(({ event }) => event === "run-started") ?? {};
  // Stopped, so that it cannot end before the others have asked.
  first.kill("SIGSTOP");
  const before = await rig.statusFile();
  const second = await rig.night();
  assert.equal(second.exitCode, 75);
  assert.deepEqual(
    second.events.map(({ event, state, exit_code }) => ({ event, state, exit_code })),
    [{ event: "run-finished", state: "refused", exit_code: 75 }],
  );
  const third = await rig.cbi(["run", "nightly"]);
  assert.equal(third.exitCode, 75);
  assert.equal(
    third.stderr,
    `cbi: run ${run} (process ${first.pid}) is running in this home; only one may\n     See it with: cbi status\n`,
  );
  assert.equal((await rig.cbi(["prune"])).exitCode, 75);
  assert.deepEqual(await rig.statusFile(), before, "the refused ones leave the status file alone");
  const { status } = await rig.status();
  assert.equal(status.run, run);
  assert.equal(status.state, "running");
  assert.equal(status.success, null);
  first.kill("SIGCONT");
  const end = await first.ended;
  assert.equal(end.exitCode, 0);
  await assertIntact(rig, end);
  assert.deepEqual(
    rig.runs().map(({ state }) => state),
    ["done", "refused", "refused"],
  );
});

void test("a refused night says 75 even when the ledger is locked by a process that stands still", async (t) => {
  await using rig = await Rig.make(t);
  const first = rig.start(["run", "nightly", "--json"]);
  await first.until("it has begun", ({ event }) => event === "stage-started");
  first.kill("SIGSTOP");
  const writer = new DatabaseSync(rig.paths.ledger);
  writer.exec("BEGIN IMMEDIATE");
  const second = await rig.night();
  writer.close();
  assert.equal(second.exitCode, 75);
  assert.match(second.events.at(0)?.message ?? "", /could not be recorded: .*locked/);
  assert.equal(second.events.at(-1)?.state, "refused");
  first.kill("SIGCONT");
  first.kill("SIGTERM");
  assert.equal((await first.ended).exitCode, 130);
});

void test("of forty nights started at once one runs, thirty-nine are refused, each on record", async (t) => {
  await using rig = await Rig.make(t);
  const all = Array.from({ length: 40 }, () => rig.start(["run", "nightly", "--json"]));
  // Whoever gets the lock is stopped in its first stage, until the others have had their answer.
  const winner = await Promise.any(
    all.map(async (one) => {
      await one.until("it has begun", ({ event }) => event === "stage-started");
      one.kill("SIGSTOP");
      return one;
    }),
  );
  const refused = await Promise.all(
    all.filter((one) => one !== winner).map(async (one) => one.ended),
  );
  assert.deepEqual(new Set(refused.map(({ exitCode }) => exitCode)), new Set([75]));
  winner.kill("SIGCONT");
  const end = await winner.ended;
  assert.equal(end.exitCode, 0);
  await assertIntact(rig, end);
  const states = rig.runs().map(({ state }) => state);
  assert.equal(states.filter((state) => state === "done").length, 1);
  assert.equal(states.filter((state) => state === "refused").length, 39);
});

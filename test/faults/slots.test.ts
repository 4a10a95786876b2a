import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Ledger } from "../../src/ledger/ledger.ts";
import { newestSlots, type SlotRecord } from "../../src/ledger/slots.ts";
import { pollUntil } from "../rig/processes.ts";
import { QUICK_CONFIG, Rig } from "../rig/rig.ts";

const HOUR_MS = 3_600_000;
const KILLS = 12;

/** A job that leaves a line at its start and one at its end. */
function configOf(script: string): string {
  return `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  beat: { kind: command, argv: [sh, -c, '${script}'], every: 7d, grace: 1s }
`;
}

void test("forty scheduled starts at once make one run of the slot", async (t) => {
  await using rig = await Rig.make(
    t,
    configOf("echo started >> starts; sleep 0.3; echo ended >> ends"),
  );
  await makeDue(rig);
  const starts = Array.from({ length: 40 }, () =>
    rig.cbi(["run", "beat", "--scheduled", "--json"]),
  );
  const ends = await Promise.all(starts);
  for (const { exitCode, stderr } of ends) assert.ok(exitCode === 0 || exitCode === 75, stderr);
  assert.equal(await linesOf(rig, "starts"), 1);
  assert.deepEqual(
    slots(rig).map(({ verdict, attempts }) => [verdict, attempts]),
    [["done", 1]],
  );
  assert.equal(rig.runs().length, 1);
});

void test("a start that is killed at any instant leaves a slot that the next one brings to its end", async (t) => {
  await using rig = await Rig.make(
    t,
    configOf("echo started >> starts; sleep 0.2; echo ended >> ends"),
  );
  for (let kill = 0; kill < KILLS; kill++) {
    await rig.write("starts", "");
    await makeDue(rig);
    const started = rig.start(["run", "beat", "--scheduled", "--json"]);
    // From before the claim to after the verdict, in steps. Real time: a kill hits another process.
    await new Promise((resolve) => setTimeout(resolve, 120 + kill * 60));
    started.kill("SIGKILL");
    await started.ended;
    const after = await rig.cbi(["run", "beat", "--scheduled", "--json"]);
    assert.equal(after.exitCode, 0, after.stderr);
    const [slot] = slots(rig);
    assert.equal(slot?.verdict, "done", `kill ${kill}: ${JSON.stringify(slot)}`);
    assert.ok((await linesOf(rig, "starts")) <= 2);
    const open = rig.runs().filter(({ state }) => state === "running");
    assert.deepEqual(open, [], `kill ${kill} leaves no run that is called running`);
  }
});

void test("a scheduled start ends its command when it is stopped, and the next one resumes the slot", async (t) => {
  await using rig = await Rig.make(t, configOf("echo started >> starts; test -f go || sleep 60"));
  await makeDue(rig);
  const started = rig.start(["run", "beat", "--scheduled", "--json"]);
  await pollUntil("the command has started", async () => (await linesOf(rig, "starts")) === 1);
  started.kill("SIGTERM");
  assert.equal((await started.ended).exitCode, 130);
  await rig.untilNoProcess();
  assert.deepEqual(
    slots(rig).map(({ verdict, attempts }) => [verdict, attempts]),
    [[undefined, 1]],
  );
  await rig.write("go", "");
  assert.equal((await rig.cbi(["run", "beat", "--scheduled"])).exitCode, 0);
  assert.deepEqual(
    slots(rig).map(({ verdict, attempts }) => [verdict, attempts]),
    [["done", 2]],
  );
  const states = rig.runs().map(({ state, slot }) => [state, slot === slots(rig)[0]?.name]);
  assert.deepEqual(states, [
    ["interrupted", true],
    ["done", true],
  ]);
});

void test("what a killed start left running is ended before its slot is resumed", async (t) => {
  await using rig = await Rig.make(
    t,
    configOf("echo started >> starts; test -f go || exec sleep 60"),
  );
  await makeDue(rig);
  const started = rig.start(["run", "beat", "--scheduled", "--json"]);
  await pollUntil("the command has started", async () => (await linesOf(rig, "starts")) === 1);
  started.kill("SIGKILL");
  await started.ended;
  assert.equal(rig.processes().length, 1, "the command outlives the one who started it");
  await rig.write("go", "");
  assert.equal((await rig.cbi(["run", "beat", "--scheduled"])).exitCode, 0);
  assert.deepEqual(rig.processes(), []);
  assert.deepEqual(
    slots(rig).map(({ verdict, attempts }) => [verdict, attempts]),
    [["done", 2]],
  );
});

void test("a start that waited for another takes what came due meanwhile", async (t) => {
  await using rig = await Rig.make(
    t,
    configOf("echo started >> starts; while ! test -f go; do sleep 0.05; done"),
  );
  await makeDue(rig);
  // A person's run has the job; it takes no slot.
  const person = rig.start(["run", "beat", "--json"]);
  await pollUntil("the person's run has started", async () => (await linesOf(rig, "starts")) === 1);
  const scheduled = rig.start(["run", "beat", "--scheduled", "--json"]);
  await rig.write("go", "");
  assert.equal((await person.ended).exitCode, 0);
  assert.equal((await scheduled.ended).exitCode, 0);
  assert.equal(await linesOf(rig, "starts"), 2);
  assert.deepEqual(
    slots(rig).map(({ verdict }) => verdict),
    ["done"],
  );
});

void test("a scheduled night that is killed in mid-run is finished by the next start, in the same slot", async (t) => {
  await using rig = await Rig.make(
    t,
    QUICK_CONFIG.replace("{ kind: pipeline }", "{ kind: pipeline, every: 7d }"),
  );
  await makeDue(rig, "nightly");
  const killed = rig.start(["run", "nightly", "--scheduled", "--json"]);
  await killed.until(
    "train began",
    ({ event, stage }) => event === "stage-started" && stage === "train",
  );
  killed.kill("SIGKILL");
  await killed.ended;
  await rig.untilNoProcess();
  assert.deepEqual(
    slots(rig, "nightly").map(({ verdict }) => verdict),
    [undefined],
  );
  const next = await rig.cbi(["run", "nightly", "--scheduled", "--json"]);
  assert.equal(next.exitCode, 0, next.stderr);
  const [slot] = slots(rig, "nightly");
  assert.deepEqual([slot?.verdict, slot?.attempts], ["done", 2]);
  const runs = rig.runs();
  assert.deepEqual(
    runs.map(({ state, slot: name }) => [state, name]),
    [
      ["interrupted", slot?.name],
      ["done", slot?.name],
    ],
  );
  const reused = runs.at(-1)?.stages.filter(({ reusedFrom }) => reusedFrom !== undefined);
  assert.deepEqual(
    reused?.map(({ name }) => name),
    ["export", "audit"],
    "what was done is not repeated",
  );
  assert.equal((await rig.statusFile()).slot, slot?.name);
});

/** Registers the job as if a week and a bit ago and forgets its slots: one slot is due. */
async function makeDue(rig: Rig, job = "beat"): Promise<void> {
  await rig.cbi(["jobs", "enable", job]);
  using ledger = Ledger.open(rig.paths.ledger);
  ledger.run("DELETE FROM slot");
  ledger.run("DELETE FROM run");
  const ms = Date.now() - 7 * 24 * HOUR_MS;
  ledger.run("UPDATE job SET since_ms = ?, through_ms = ?, next_due_ms = NULL", ms, ms);
}

function slots(rig: Rig, job = "beat"): SlotRecord[] {
  using ledger = Ledger.open(rig.paths.ledger);
  return newestSlots(ledger, { job, limit: 10 });
}

async function linesOf(rig: Rig, name: string): Promise<number> {
  const text = await readFile(rig.file(name), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

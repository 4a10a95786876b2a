import assert from "node:assert/strict";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import type { CbiEnd } from "../rig/cbi-process.ts";
import { assertIntact } from "../rig/intact.ts";
import { withDuckdb } from "../../src/system/duckdb.ts";
import { QUICK_CONFIG, Rig } from "../rig/rig.ts";

let night: Rig;
before(async () => {
  night = await Rig.make(undefined);
  assert.equal((await night.night()).exitCode, 0);
});
after(async () => night[Symbol.asyncDispose]());

/** Damages a file in some way that disks and people have. */
const DAMAGES: readonly { how: string; harm: (file: string) => Promise<void> }[] = [
  { how: "cut in half", harm: async (file) => truncate(file, (await readFile(file)).length >> 1) },
  { how: "emptied", harm: async (file) => truncate(file, 0) },
  { how: "changed in one byte", harm: flipByte },
  { how: "overwritten", harm: async (file) => writeFile(file, "not what it was\n".repeat(400)) },
  { how: "deleted", harm: async (file) => rm(file) },
];

void test("a finished night run again on a copy of its home elsewhere does nothing again", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  const end = await rig.night();
  assert.deepEqual(doneAgain(end), []);
  await assertIntact(rig, end);
  const warned = (events: CbiEnd) => events.events.at(-1)?.warnings;
  assert.match(warned(end)?.join() ?? "", /-36\.98 on 2020-04-20/, "a reused audit warns again");
});

void test("a damaged export is noticed and made again, and what follows from it stands", async (t) => {
  for (const { how, harm } of DAMAGES.slice(0, 3)) {
    await using rig = await Rig.copyOf(t, night);
    await harm(rig.file("TrainingData/exports/1w.parquet"));
    const end = await rig.night();
    assert.equal(end.exitCode, 0, how);
    assert.deepEqual(doneAgain(end), ["export"], how);
    await assertIntact(rig, end);
  }
});

void test("a damaged model is noticed, and put back from the kept trainings without training", async (t) => {
  for (const { how, harm } of DAMAGES.slice(2, 4)) {
    await using rig = await Rig.copyOf(t, night);
    const [model = ""] = await rig.models();
    const [horizon, algorithm, version] = model.split("/");
    const folder = path.join(rig.paths.models, `horizon_${horizon}`, `${algorithm}`, `${version}`);
    await harm(path.join(folder, "model.txt"));
    const shown = await rig.cbi(["models", "show", `${horizon}`]);
    assert.match(shown.stdout, /model\.txt is not what was written/, how);
    const end = await rig.night();
    assert.equal(end.exitCode, 0, how);
    assert.deepEqual(doneAgain(end).slice(0, 1), ["train"], how);
    assert.deepEqual(trainedAgain(end), [], how);
    assert.deepEqual(await rig.models(), await night.models(), how);
    await assertIntact(rig, end);
  }
});

void test("a damaged manifest and a damaged kept training cost that training alone", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  const [model = ""] = await rig.models();
  const [horizon, ...rest] = model.split("/");
  await rm(path.join(rig.paths.models, `horizon_${horizon}`, ...rest, "manifest.json"));
  const kept = (await readdir(rig.paths.trainings)).sort();
  const result = kept.find((name) => name.endsWith(".json")) ?? "";
  await truncate(path.join(rig.paths.trainings, result), 20);
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  assert.equal(trainedAgain(end).length, 1);
  assert.deepEqual(await rig.models(), await night.models());
  await assertIntact(rig, end);
});

void test("damaged rows of the ridge baseline are noticed, and put back from what was kept", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  const file = rig.file(`Logs/nightly/${rig.runs()[0]?.id}/ridge.json`);
  const whole = await readFile(file, "utf8");
  await flipByte(file);
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  assert.deepEqual(doneAgain(end), ["train"]);
  assert.deepEqual(trainedAgain(end), []);
  assert.equal(await rig.read(`Logs/nightly/${end.events.at(-1)?.run}/ridge.json`), whole);
  await assertIntact(rig, end);
});

void test("a damaged kept model file costs its final fit alone", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  await rm(rig.paths.models, { recursive: true });
  const kept = (await readdir(rig.paths.trainings)).find((name) => name.endsWith(".model")) ?? "";
  await flipByte(path.join(rig.paths.trainings, kept));
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  assert.match(trainedAgain(end).join(), /^[^,]+-final$/);
  assert.deepEqual(await rig.models(), await night.models());
  await assertIntact(rig, end);
});

void test("a damaged ledger is set aside and restored from its copy, and the next night says so", async (t) => {
  for (const { how, harm } of DAMAGES.filter(({ how }) => /half|overwritten/.test(how))) {
    await using rig = await Rig.copyOf(t, night);
    const champions = rig.champions();
    await harm(rig.paths.ledger);
    const asked = await rig.cbi(["status", "--json"]);
    assert.equal(asked.exitCode, 1, how);
    assert.match(asked.stderr, /CBI_LEDGER_DAMAGED/, how);
    assert.match(asked.stderr, /cbi run nightly/, how);
    const end = await rig.night();
    assert.equal(end.exitCode, 0, how);
    const warning = end.events.at(-1)?.warnings?.find((one) => /ledger was damaged/.test(one));
    assert.match(
      warning ?? "",
      /set aside as .*ledger\.db\.damaged-\d+; the copy of the last/,
      how,
    );
    assert.deepEqual(doneAgain(end), [], how);
    assert.deepEqual(rig.champions(), champions, how);
    assert.equal(rig.runs().length, 2, how);
    const { exitCode, status } = await rig.status();
    assert.equal(exitCode, 2, how);
    assert.ok(
      status.warnings.some((one) => /ledger was damaged/.test(one)),
      how,
    );
    await assertIntact(rig, end);
  }
});

void test("a damaged ledger without a copy starts anew, and doubles no forecast", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  await writeFile(rig.paths.ledger, "no database at all\n".repeat(300));
  await rm(rig.file("Logs/ledger.backup.db"));
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  assert.match(end.events.at(-1)?.warnings?.join() ?? "", /there was no copy/);
  assert.deepEqual(trainedAgain(end), []);
  assert.deepEqual(await rig.models(), await night.models());
  await assertIntact(rig, end);
});

void test("a damaged or deleted status file is a projection: status answers, the next night writes it anew", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  const file = "Logs/nightly/last_run_status.json";
  const { status: known } = await rig.status();
  for (const { harm } of DAMAGES) {
    await rig.write(file, "{}");
    await harm(rig.file(file));
    const { exitCode, status } = await rig.status();
    assert.equal(exitCode, 2);
    assert.equal(status.run, known.run);
  }
  const end = await rig.night();
  assert.deepEqual(doneAgain(end), []);
  await assertIntact(rig, end);
});

void test("a damaged warehouse is named, with what is lost in it and how to go on, and moving it away helps", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  await writeFile(rig.paths.warehouse, "no database at all\n".repeat(3000));
  const end = await rig.night();
  assert.equal(end.exitCode, 69);
  const verdict = end.events.at(-1);
  assert.equal(verdict?.error?.code, "CBI_WAREHOUSE_CORRUPT");
  assert.match(verdict.error.remedy ?? "", /backup|move it/);
  const { exitCode, status } = await rig.status();
  assert.equal(exitCode, 1);
  assert.equal(status.state, "failed");
  await rm(rig.paths.warehouse);
  const healed = await rig.night();
  assert.equal(healed.exitCode, 0);
  assert.deepEqual(trainedAgain(healed), []);
  await assertIntact(rig, healed);
});

void test("a warehouse that another program holds is named with its holder, and waits for nobody's repair", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  const once = "nightly: { kind: pipeline, stages: { export: { attempts: 1 } } }";
  await rig.write("cbi.yaml", QUICK_CONFIG.replace("nightly: { kind: pipeline }", once));
  await withDuckdb({ file: rig.paths.warehouse }, async () => {
    const end = await rig.night("--force");
    assert.equal(end.exitCode, 69);
    const verdict = end.events.at(-1);
    assert.equal(verdict?.error?.code, "CBI_WAREHOUSE_BUSY");
    assert.match(verdict.error.message, new RegExp(`in use by .*PID ${process.pid}`));
  });
  const { exitCode, status } = await rig.status();
  assert.equal(exitCode, 1);
  assert.equal(status.exit_code, 69);
  await assertIntact(rig, await rig.night());
});

void test("a damaged lock file is named, and deleting it helps", async (t) => {
  await using rig = await Rig.copyOf(t, night);
  await rig.write("Logs/pipeline.lock", "4711\n".repeat(1000));
  const end = await rig.night();
  assert.equal(end.exitCode, 1);
  assert.equal(end.events.at(-1)?.error?.code, "CBI_LOCK_UNUSABLE");
  await rm(rig.file("Logs/pipeline.lock"));
  await assertIntact(rig, await rig.night());
});

void test("a lock file that is deleted during a run ends the run before its next stage", async (t) => {
  await using rig = await Rig.make(t);
  const running = rig.start(["run", "nightly", "--json"]);
  await running.until("export begins", ({ event }) => event === "stage-started");
  await rm(rig.file("Logs/pipeline.lock"));
  const end = await running.ended;
  assert.equal(end.exitCode, 1);
  assert.equal(end.events.at(-1)?.error?.code, "CBI_LOCK_LOST");
  assert.deepEqual(rig.processes(), []);
  const { status } = await rig.status();
  assert.equal(status.state, "failed");
  const again = await rig.night();
  assert.equal(again.exitCode, 0);
  await assertIntact(rig, again);
});

/** The stages that were not reused. */
function doneAgain(end: CbiEnd): (string | undefined)[] {
  return end.events
    .filter((event) => event.event === "stage-finished" && event.reused !== true)
    .map(({ stage }) => stage);
}

/** The trainings that were not kept ones, the baseline's among them. */
function trainedAgain(end: CbiEnd): string[] {
  return end.events.flatMap(({ progress }) => (progress?.type === "finished" ? progress.id : []));
}

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x40;
  await writeFile(file, bytes);
}

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, watch } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { test } from "node:test";
import { assertIntact, withoutRun } from "../rig/intact.ts";
import { Rig } from "../rig/rig.ts";

/** Between the first byte of a file and its rename: where a crash may leave half a thing. */
interface Moment {
  folder: string;
  name: RegExp;
  nth?: number;
}

const MOMENTS: readonly Moment[] = [
  { folder: "Logs", name: /^ledger\.db$/ },
  { folder: "Logs", name: /^ledger\.db-wal$/ },
  { folder: "TrainingData", name: /^warehouse\.duckdb/ },
  { folder: "TrainingData", name: /^warehouse\.duckdb$/ },
  { folder: "TrainingData", name: /^warehouse\.duckdb\.wal$/, nth: 5 },
  { folder: "TrainingData/exports", name: /^1w\.parquet\.tmp-/ },
  { folder: "TrainingData/exports", name: /^1m\.parquet$/ },
  { folder: "TrainingData/exports", name: /\.manifest\.json\.tmp-/ },
  { folder: "TrainingData/trainings", name: /\.json\.tmp-/, nth: 2 },
  { folder: "TrainingData/trainings", name: /\.model$/ },
  { folder: "Models/local/horizon_1w/lightgbm_dart", name: /\.tmp-/ },
  { folder: "Models/local/horizon_1m/lightgbm_dart", name: /^2025-12-31-[0-9a-f]+$/ },
  { folder: "TrainingData", name: /^warehouse\.duckdb\.wal$/ },
  { folder: "Logs/nightly", name: /^last_run_status\.json\.tmp-/, nth: 3 },
  { folder: "Logs", name: /^ledger\.backup\.db\.tmp-/ },
];

void test("a night that is killed in the midst of writing each kind of file ends as if it had not been", async (t) => {
  await using undisturbed = await Rig.make(t);
  assert.equal((await undisturbed.night()).exitCode, 0);
  await using rig = await Rig.make(t);
  for (const { folder } of MOMENTS) mkdirSync(rig.file(folder), { recursive: true });
  for (const moment of MOMENTS) {
    if (!(await isKilledIn(moment, rig))) {
      // A kill that arrived late has let a stage finish whose writing is this moment: write it again.
      if (/trainings|Models/.test(moment.folder)) await empty(rig.file(moment.folder));
      const wasKilled = await isKilledIn(moment, rig, "--force");
      assert.ok(wasKilled, `${moment.folder} ${moment.name} came`);
    }
    await rig.untilNoProcess();
    const { status } = await rig.status();
    assert.ok(["never", "running", "done"].includes(status.state), status.state);
  }
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  await assertIntact(rig, end);
  assert.deepEqual(withoutRun(await rig.forecasts()), withoutRun(await undisturbed.forecasts()));
  assert.deepEqual(await rig.models(), await undisturbed.models());
  assert.deepEqual(rig.champions(), undisturbed.champions());
});

void test("without the workers' environment a night says so and what to do, and goes on when it is there", async (t) => {
  await using rig = await Rig.make(t);
  const end = await rig.cbi(["run", "nightly", "--json"], {
    environment: { CBI_PYTHON_ENV: rig.file("nowhere") },
  });
  assert.equal(end.exitCode, 1);
  const verdict = end.events.at(-1);
  assert.equal(verdict?.error?.code, "CBI_WORKERS_NOT_SET_UP");
  assert.equal(verdict.error.remedy, "Run: cbi setup");
  assert.equal(existsSync(rig.file("nowhere")), false);
  const again = await rig.night();
  assert.deepEqual(
    again.events.filter(({ reused }) => reused === true).map(({ stage }) => stage),
    ["export", "audit"],
  );
  await assertIntact(rig, again);
  assert.deepEqual(
    readdirSync(rig.paths.exports).filter((name) => name.includes(".tmp-")),
    [],
  );
});

/** Whether a night was killed when the file of that name changed; false when it never did. */
async function isKilledIn(moment: Moment, rig: Rig, ...options: string[]): Promise<boolean> {
  const running = rig.start(["run", "nightly", "--json", ...options]);
  let seen = 0;
  const watcher = watch(rig.file(moment.folder), (_change, name) => {
    if (name === null || !moment.name.test(name)) return;
    seen += 1;
    if (seen === (moment.nth ?? 1)) running.kill("SIGKILL");
  });
  const end = await running.ended;
  watcher.close();
  return end.signal === "SIGKILL";
}

async function empty(folder: string): Promise<void> {
  await rm(folder, { recursive: true });
  await mkdir(folder);
}

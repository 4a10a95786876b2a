import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Home } from "../../src/config/home.ts";
import { configSchema } from "../../src/config/schema.ts";
import { aliases, moveChampion } from "../../src/ledger/champions.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { endRun, findRun, insertRun, newestRuns, updateStage } from "../../src/ledger/runs.ts";
import { modelFolder } from "../../src/models/registry.ts";
import { haveRunsOutgrown } from "../../src/pipeline/keep-limits.ts";
import { pruneHome, pruneRunsOf } from "../../src/pipeline/prune.ts";
import { jobLogFile, runFolder, runLogFile } from "../../src/pipeline/run-files.ts";
import { hashText } from "../../src/system/files.ts";
import { homePaths } from "../../src/system/home.ts";
import { ManualClock } from "../rig/manual-clock.ts";

const NOW = "2026-01-02T05:00:00Z";
const DAY_MS = 24 * 3_600_000;

/** A home on disk whose files are as old as a test says. */
class PrunedHome implements AsyncDisposable {
  readonly home: Home;
  readonly ledger: Ledger;
  /** Of the last `prune`. */
  warnings: string[] = [];
  readonly #clock = new ManualClock(NOW);

  private constructor(folder: string, retention: unknown, horizons: Record<string, number>) {
    const config = configSchema.parse({
      version: 1,
      symbol: "WTI",
      warehouse: { kind: "duckdb", sources: { wti: "raw/wti.csv" } },
      price: { table: "wti", date: "date", column: "price" },
      horizons,
      retention,
    });
    const paths = homePaths(folder);
    this.home = {
      paths,
      config,
      configHash: "",
      origins: new Map(),
      warnings: [],
      text: "",
    };
    this.ledger = Ledger.open(paths.ledger);
  }

  static async make(retention: unknown, horizons = { "1w": 5 }): Promise<PrunedHome> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-prune-"));
    return new PrunedHome(folder, retention, horizons);
  }

  async prune(isDryRun = false): Promise<string[]> {
    const { home, ledger } = this;
    const end = await pruneHome({ home, ledger, clock: this.#clock, isDryRun });
    this.warnings = end.warnings;
    return end.pruned.map(({ kind, name }) => `${kind} ${name}`).sort();
  }

  put(file: string, ageDays: number, bytes = 10): string {
    const whole = path.resolve(this.home.paths.root, file);
    mkdirSync(path.dirname(whole), { recursive: true });
    writeFileSync(whole, "x".repeat(bytes));
    const seconds = (this.#clock.now() - ageDays * DAY_MS) / 1000;
    utimesSync(whole, seconds, seconds);
    utimesSync(path.dirname(whole), seconds, seconds);
    return whole;
  }

  version(version: string, ageDays: number, bytes = 10): string {
    return this.versionOf("1w", version, ageDays, bytes);
  }

  versionOf(horizon: string, version: string, ageDays: number, bytes = 10): string {
    const key = { horizon, algorithm: "lightgbm_dart", version };
    const folder = modelFolder(this.home.paths, key);
    this.put(path.join(folder, "manifest.json"), ageDays, 2);
    this.put(path.join(folder, "model.txt"), ageDays, bytes);
    return folder;
  }

  /** A table as the export writes it; its manifest may be made to tell of other bytes. */
  exported(horizon: string, ageDays: number, bytes = 10, sha256?: string): string {
    const table = this.put(`TrainingData/exports/${horizon}.parquet`, ageDays, bytes);
    const hash = sha256 ?? hashText("x".repeat(bytes));
    const manifest = { schema: 1, run: "r", as_of: "2025-12-31", horizon, sha256: hash, rows: 1 };
    const file = this.put(`TrainingData/exports/${horizon}.parquet.manifest.json`, ageDays);
    writeFileSync(file, JSON.stringify(manifest));
    utimesSync(file, statSync(table).mtime, statSync(table).mtime);
    return table;
  }

  serve(version: string, asOf: string, horizon = "1w"): void {
    moveChampion(this.ledger, {
      horizon,
      algorithm: "lightgbm_dart",
      spec: "s",
      version,
      asOf,
      run: undefined,
      movedMs: 1,
    });
  }

  /** A run of a command job, whose one file is its log. */
  program(id: string, ageDays: number, bytes = 10): void {
    this.run(id, ageDays, "done", "scan");
    this.put(jobLogFile(this.home.paths, "scan", id), ageDays, bytes);
  }

  async pruneRuns(): Promise<void> {
    const { home, ledger } = this;
    const where = { home, ledger, nowMs: this.#clock.now() };
    if (haveRunsOutgrown("scan", where)) await pruneRunsOf("scan", where);
  }

  run(
    id: string,
    ageDays: number,
    state: "done" | "failed" | "interrupted" | "running" = "done",
    job = "nightly",
  ): void {
    const startedMs = this.#clock.now() - ageDays * DAY_MS;
    insertRun(
      this.ledger,
      {
        id,
        job,
        slot: undefined,
        trigger: "person",
        state: "running",
        asOf: "2025-12-31",
        startedMs,
        endedMs: undefined,
        owner: { pid: 1, host: "h", boot: "b", started: "s" },
        version: "0",
        configHash: "c",
        exitCode: undefined,
        error: undefined,
        warnings: [],
      },
      ["export", "audit", "train"],
    );
    if (state !== "running") {
      endRun(this.ledger, id, {
        state,
        endedMs: startedMs + 1,
        exitCode: state === "done" ? 0 : 1,
      });
    }
    if (job !== "nightly") return;
    this.put(path.join(runFolder(this.home.paths, "nightly", id), "audit.json"), ageDays);
    this.put(runLogFile(this.home.paths, "nightly", id), ageDays);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ledger[Symbol.dispose]();
    await rm(this.home.paths.root, { recursive: true, force: true });
  }
}

void test("beyond the newest versions all go but champion and previous, however old", async () => {
  await using pruned = await PrunedHome.make({ models: { count: 2 } });
  for (let day = 1; day <= 6; day++) pruned.version(`v${day}`, day);
  pruned.serve("v6", "2025-12-20");
  pruned.serve("v4", "2025-12-21");
  const doomed = ["model 1w/lightgbm_dart/v3", "model 1w/lightgbm_dart/v5"];
  assert.deepEqual(await pruned.prune(true), doomed);
  assert.ok(existsSync(pruned.version("v3", 3)), "a dry run deletes nothing");
  assert.deepEqual(await pruned.prune(), doomed);
  assert.deepEqual(await pruned.prune(), [], "what is gone is gone once");
});

void test("age and megabytes limit versions too", async () => {
  await using aged = await PrunedHome.make({ models: { age: "3d" } });
  aged.version("v1", 2);
  aged.version("v2", 4);
  assert.deepEqual(await aged.prune(), ["model 1w/lightgbm_dart/v2"]);
  await using heavy = await PrunedHome.make({ models: { megabytes: 0.5 } });
  heavy.version("v1", 1, 400_000);
  heavy.version("v2", 2, 400_000);
  assert.deepEqual(await heavy.prune(), ["model 1w/lightgbm_dart/v2"]);
});

void test("old runs go with their logs and records, never one under way or one that the newest night uses", async () => {
  await using pruned = await PrunedHome.make({ runs: { count: 2 } });
  pruned.run("used", 9);
  pruned.run("old", 8);
  pruned.run("under-way", 7, "running");
  pruned.run("newest", 3);
  updateStage(pruned.ledger, "newest", "audit", { state: "done", reusedFrom: "used" });
  pruned.run("failed-1", 2, "failed");
  pruned.run("failed-2", 1, "failed");
  assert.deepEqual(await pruned.prune(), ["run old"]);
  assert.equal(findRun(pruned.ledger, "old"), undefined);
  assert.equal(existsSync(runLogFile(pruned.home.paths, "nightly", "old")), false);
  assert.equal(existsSync(runFolder(pruned.home.paths, "nightly", "old")), false);
  assert.equal(newestRuns(pruned.ledger, { limit: 10 }).length, 5);
});

void test("a job that runs every few minutes costs another job none of its history", async () => {
  await using pruned = await PrunedHome.make({ runs: { count: 3 } });
  pruned.run("night-1", 2);
  pruned.run("night-2", 1);
  for (let index = 1; index <= 5; index++) pruned.program(`scan-${index}`, 0.1 - index / 1000);
  assert.deepEqual(await pruned.prune(), ["run scan-1", "run scan-2"]);
  assert.equal(existsSync(jobLogFile(pruned.home.paths, "scan", "scan-1")), false);
});

void test("megabytes limit the runs of all jobs together", async () => {
  await using pruned = await PrunedHome.make({ runs: { megabytes: 0.5 } });
  pruned.run("night", 3);
  pruned.program("scan-old", 2, 300_000);
  pruned.program("scan-new", 1, 300_000);
  assert.deepEqual(await pruned.prune(), ["run scan-old"]);
});

void test("a job's own end gives back its runs when a tenth too many or too old are there", async () => {
  await using pruned = await PrunedHome.make({ runs: { count: 20, age: "10d" } });
  pruned.run("night", 1);
  for (let index = 1; index <= 22; index++) pruned.program(`scan-${index}`, 5 - index / 100);
  await pruned.pruneRuns();
  assert.equal(newestRuns(pruned.ledger, { job: "scan", limit: 99 }).length, 22);
  pruned.program("scan-23", 1);
  await pruned.pruneRuns();
  assert.equal(newestRuns(pruned.ledger, { job: "scan", limit: 99 }).length, 20);
  assert.equal(newestRuns(pruned.ledger, { job: "nightly", limit: 99 }).length, 1);
  pruned.program("scan-0", 12);
  pruned.program("scan-24", 0.5);
  await pruned.pruneRuns();
  assert.equal(findRun(pruned.ledger, "scan-0"), undefined);
});

void test("leftovers of killed nights go after a day, and exports of horizons that are gone at once", async () => {
  await using pruned = await PrunedHome.make({});
  const stays = [
    pruned.exported("1w", 30),
    pruned.put("TrainingData/exports/my.tmp-notes", 30),
    pruned.put("TrainingData/trainings/mine.json", 30),
    pruned.put("Models/local/horizon_1w/mine/v1/model.txt", 400),
    pruned.put("TrainingData/exports/1w.parquet.tmp-0123456789ab", 0.5),
    pruned.put("TrainingData/warehouse.duckdb", 30),
    pruned.put("TrainingData/mine.csv.tmp-0123456789ab", 30),
    pruned.put("TrainingData/raw/mine.csv.tmp-0123456789ab", 30),
    pruned.put(`TrainingData/trainings/${"a".repeat(32)}.json`, 2),
  ];
  const goes = [
    pruned.exported("9m", 1),
    pruned.put("TrainingData/exports/1w.parquet.tmp-ba9876543210", 2),
    pruned.put("Models/local/horizon_1w/lightgbm_dart/v1.tmp-0123456789ab/model.txt", 2),
    pruned.put("Logs/nightly/last_run_status.json.tmp-0123456789ab", 2),
    pruned.put(`TrainingData/trainings/${"b".repeat(32)}.json`, 4),
    pruned.put("TrainingData/warehouse.duckdb.tmp-0123456789ab", 2),
  ];
  assert.deepEqual(await pruned.prune(), [
    "export 9m.parquet",
    "leftover 1w.parquet.tmp-ba9876543210",
    "leftover last_run_status.json.tmp-0123456789ab",
    "leftover v1.tmp-0123456789ab",
    "leftover warehouse.duckdb.tmp-0123456789ab",
    `training ${"b".repeat(32)}.json`,
  ]);
  for (const file of stays) assert.ok(existsSync(file), file);
  for (const file of goes) assert.ok(!existsSync(file), file);
});

void test("an export goes only when its name, its manifest and its bytes are ours", async () => {
  await using pruned = await PrunedHome.make({});
  const foreign = [
    pruned.put("TrainingData/exports/9m.parquet", 30),
    pruned.put("TrainingData/exports/prices of 1999.parquet", 30),
    pruned.put("TrainingData/exports/notes.txt", 30),
    pruned.put("TrainingData/exports/2024/9m.parquet", 30),
    pruned.put("TrainingData/exports/6m.parquet", 30),
    pruned.put("TrainingData/exports/6m.parquet.manifest.json", 30),
    pruned.exported("3m", 30, 10, "0".repeat(64)),
  ];
  const elsewhere = pruned.put("mine/12m.parquet", 30);
  pruned.exported("12m", 30);
  await rm(path.join(pruned.home.paths.exports, "12m.parquet"));
  symlinkSync(elsewhere, path.join(pruned.home.paths.exports, "12m.parquet"));
  assert.deepEqual(await pruned.prune(), []);
  pruned.exported("9m", 30);
  assert.deepEqual(await pruned.prune(), ["export 9m.parquet"]);
  for (const file of foreign.slice(1)) assert.ok(existsSync(file), file);
  assert.ok(existsSync(elsewhere));
});

void test("exports are kept by count, age and megabytes, and never given back that a night will go on with", async () => {
  const horizons = { "1w": 5, "1m": 21, "3m": 63 };
  const cases: [limits: unknown, goes: string[]][] = [
    [{}, []],
    [{ count: 2 }, ["export 3m.parquet"]],
    [{ age: "36h" }, ["export 1m.parquet", "export 3m.parquet"]],
    [{ megabytes: 0.5 }, ["export 1m.parquet", "export 3m.parquet"]],
  ];
  for (const [exports, goes] of cases) {
    await using pruned = await PrunedHome.make({ exports }, horizons);
    for (const [index, horizon] of ["1w", "1m", "3m"].entries()) {
      pruned.exported(horizon, index + 1, 300_000);
    }
    assert.deepEqual(await pruned.prune(), goes);
  }
  await using pruned = await PrunedHome.make({ exports: { count: 1 } }, horizons);
  for (const horizon of ["1w", "1m"]) pruned.exported(horizon, horizon === "1w" ? 1 : 2);
  pruned.run("stopped", 1, "interrupted");
  const table = "TrainingData/exports/1m.parquet";
  const output = JSON.stringify({
    datasets: [{ path: table, manifest: `${table}.manifest.json` }],
  });
  updateStage(pruned.ledger, "stopped", "export", { state: "done", output });
  assert.deepEqual(await pruned.prune(), []);
  pruned.run("done", 0);
  assert.deepEqual(await pruned.prune(), ["export 1m.parquet"]);
});

void test("nothing behind a symbolic link is given back, its records stay, and a warning names it", async () => {
  const folders = ["TrainingData", "TrainingData/exports", "TrainingData/trainings", "Models"];
  for (const folder of [...folders, "Models/local", "Logs/nightly"]) {
    await using pruned = await PrunedHome.make({ models: { count: 1 }, runs: { count: 1 } });
    const { root } = pruned.home.paths;
    const behind = [
      pruned.exported("9m", 30),
      pruned.put("TrainingData/exports/1w.parquet.tmp-ba9876543210", 30),
      pruned.put(`TrainingData/trainings/${"b".repeat(32)}.json`, 30),
      pruned.put("TrainingData/warehouse.duckdb.tmp-0123456789ab", 30),
      path.join(pruned.version("v2", 2), "model.txt"),
      path.join(pruned.version("v1", 1), "model.txt"),
    ].filter((file) => file.startsWith(path.join(root, folder)));
    for (let day = 9; day > 5; day--) pruned.run(`run-${day}`, day);
    renameSync(path.join(root, folder), path.join(root, "elsewhere"));
    symlinkSync(path.join(root, "elsewhere"), path.join(root, folder));
    const goes = await pruned.prune();
    assert.equal(pruned.warnings.length, 1, folder);
    assert.ok(pruned.warnings[0]?.startsWith(`${folder} is a symbolic link`), folder);
    for (const file of behind) assert.ok(existsSync(file), file);
    const runs = newestRuns(pruned.ledger, { limit: 99 }).length;
    assert.equal(runs, folder.startsWith("Logs") ? 4 : 1, folder);
    assert.ok(goes.length > 0, "what lies elsewhere goes");
  }
});

void test("a link within Logs is not followed", async () => {
  await using pruned = await PrunedHome.make({});
  const kept = pruned.put("archive/old.json.tmp-0123456789ab", 30);
  mkdirSync(path.join(pruned.home.paths.logs, "nightly"), { recursive: true });
  symlinkSync(path.dirname(kept), path.join(pruned.home.paths.logs, "nightly", "archive"));
  assert.deepEqual(await pruned.prune(), []);
  assert.ok(existsSync(kept));
});

void test("the versions that the newest finished run made stay, and those of a run that will go on", async () => {
  await using pruned = await PrunedHome.make({ models: { age: "1d" } });
  for (const version of ["old", "of-done", "of-stopped"]) pruned.version(version, 3);
  const trained = (run: string, version: string): void => {
    const models = [{ horizon: "1w", algorithm: "lightgbm_dart", version }];
    updateStage(pruned.ledger, run, "train", { state: "done", output: JSON.stringify({ models }) });
  };
  pruned.run("before", 4);
  trained("before", "old");
  pruned.run("done", 3);
  trained("done", "of-done");
  pruned.run("stopped", 2, "failed");
  trained("stopped", "of-stopped");
  assert.deepEqual(await pruned.prune(), ["model 1w/lightgbm_dart/old"]);
});

void test("of a horizon that is gone no version stays for more than thirty days", async () => {
  await using pruned = await PrunedHome.make({});
  for (const horizon of ["1w", "9m"]) {
    pruned.versionOf(horizon, "v1", 31);
    pruned.versionOf(horizon, "v2", 29);
  }
  assert.deepEqual(await pruned.prune(), ["model 9m/lightgbm_dart/v1"]);
});

void test("a horizon that is gone lets go of its champion, and of its alias with the version", async () => {
  await using pruned = await PrunedHome.make({ models: { age: "3d" } });
  pruned.version("v1", 9);
  pruned.serve("v1", "2025-12-20");
  pruned.versionOf("9m", "v1", 9);
  pruned.versionOf("9m", "v2", 2);
  pruned.serve("v1", "2025-12-20", "9m");
  pruned.serve("v2", "2025-12-28", "9m");
  assert.deepEqual(await pruned.prune(), ["model 9m/lightgbm_dart/v1"]);
  assert.deepEqual(
    aliases(pruned.ledger).map(({ horizon, alias, version }) => `${horizon} ${alias} ${version}`),
    ["1w champion v1", "9m champion v2"],
  );
});

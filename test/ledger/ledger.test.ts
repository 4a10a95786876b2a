import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { Ledger } from "../../src/ledger/ledger.ts";
import { aliasOf } from "../../src/ledger/champions.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { keepLedgerCopy, openCheckedLedger } from "../../src/ledger/restore.ts";
import {
  addWarning,
  deleteRun,
  endRun,
  findRun,
  finishedStage,
  finishedStagesUpTo,
  insertRun,
  newestRuns,
  stagesOf,
  updateStage,
  type RunRecord,
} from "../../src/ledger/runs.ts";
import { Failure } from "../../src/system/failure.ts";
import { ManualClock } from "../rig/manual-clock.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-ledger-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const clock = new ManualClock("2026-01-02T05:00:00Z");

void test("a ledger of every earlier schema is migrated, and what it holds is kept", () => {
  for (let version = 1; version < migrations.length; version++) {
    const file = newFile();
    const old = new DatabaseSync(file);
    for (const text of migrations.slice(0, version)) old.exec(text);
    old.exec(`PRAGMA user_version = ${version}`);
    old.exec(
      `INSERT INTO run VALUES ('old', 'nightly', NULL, 'person', 'done', '2025-12-30', 1, 2,
         '{"pid":1,"host":"mac","boot":"b","started":"s"}', '0.0.1', 'c', 0, NULL, '[]')`,
    );
    old.exec("INSERT INTO stage (run, name, position, state) VALUES ('old', 'export', 0, 'done')");
    old.exec(
      `INSERT INTO model_alias (horizon, alias, algorithm, spec, version, as_of, moved_ms)
       VALUES ('1w', 'champion', 'lightgbm_dart', 's', 'v1', '2025-12-30', 1)`,
    );
    old.close();
    using ledger = Ledger.open(file);
    assert.equal(findRun(ledger, "old")?.owner.host, "mac");
    assert.equal(aliasOf(ledger, "1w", "champion")?.version, "v1");
    assert.deepEqual(stagesOf(ledger, "old")[0]?.warnings, []);
    assert.equal(ledger.get("PRAGMA user_version")?.["user_version"], migrations.length);
  }
});

void test("a ledger of a newer cbi is refused and not changed by a byte", () => {
  const file = newFile();
  const newer = new DatabaseSync(file);
  newer.exec(`PRAGMA journal_mode = WAL; PRAGMA user_version = ${migrations.length + 1}`);
  newer.close();
  const before = readFileSync(file);
  for (const open of [() => Ledger.open(file), () => openCheckedLedger(file, clock).ledger]) {
    assert.throws(
      open,
      (error) =>
        error instanceof Failure &&
        error.code === "CBI_LEDGER_NEWER" &&
        error.message.includes(`knows up to ${migrations.length}`),
    );
  }
  assert.deepEqual(readFileSync(file), before);
});

void test("ten processes that make the ledger at once make one", async () => {
  const file = newFile();
  const script = `import { Ledger } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../src/ledger/ledger.ts"))};
    const ledger = Ledger.open(process.argv[1]);
    ledger.run("INSERT INTO model_alias VALUES (?, 'champion', 'a', 's', 'v', '2025-12-31', NULL, 1)", "h" + process.pid);
    ledger[Symbol.dispose]();`;
  const codes = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", script, file], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code] = (await once(child, "close")) as [number];
      return code;
    }),
  );
  assert.deepEqual(new Set(codes), new Set([0]));
  using ledger = Ledger.open(file);
  assert.equal(ledger.all("SELECT * FROM model_alias").length, 10);
  assert.equal(ledger.damage(), undefined);
});

void test("a damaged ledger is set aside whole, and the last copy takes its place", async () => {
  const file = newFile();
  {
    using ledger = Ledger.open(file);
    insertRun(ledger, run("r1"), ["export"]);
    await keepLedgerCopy(ledger, file);
    insertRun(ledger, run("r2"), ["export"]);
  }
  const damaged = Buffer.from(readFileSync(file).subarray(0, 5000));
  writeFileSync(file, damaged);
  const { ledger: restored, warning } = openCheckedLedger(file, clock);
  using ledger = restored;
  assert.deepEqual(
    newestRuns(ledger, { limit: 10 }).map(({ id }) => id),
    ["r1"],
  );
  const aside = `${file}.damaged-${clock.now()}`;
  assert.match(warning ?? "", /was damaged .* the copy of the last finished run took its place/);
  assert.ok(warning?.includes(aside));
  assert.deepEqual(readFileSync(aside), damaged);
});

void test("a damaged ledger whose copy is damaged too starts anew, and both are kept", async () => {
  const file = newFile();
  writeFileSync(file, "no database\n".repeat(500));
  writeFileSync(file.replace(/\.db$/, ".backup.db"), "no database either\n".repeat(500));
  const { ledger: anew, warning } = openCheckedLedger(file, clock);
  using ledger = anew;
  assert.deepEqual(newestRuns(ledger, { limit: 10 }), []);
  assert.match(warning ?? "", /its copy is damaged too/);
  const kept = readdirSync(path.dirname(file)).filter((name) => name.includes("damaged-"));
  assert.equal(kept.length, 2);
});

void test("a copy of the ledger replaces the last one and leaves nothing else behind", async () => {
  const file = newFile();
  using ledger = Ledger.open(file);
  for (let night = 0; night < 3; night++) {
    insertRun(ledger, run(`r${night}`), []);
    await keepLedgerCopy(ledger, file);
  }
  const names = readdirSync(path.dirname(file)).sort();
  assert.deepEqual(
    names.filter((name) => !/-(wal|shm)$/.test(name)),
    ["ledger.backup.db", "ledger.db"],
  );
  using copy = Ledger.open(file.replace(/\.db$/, ".backup.db"));
  assert.equal(newestRuns(copy, { limit: 10 }).length, 3);
});

void test("a transaction records all or nothing, and the ledger works on after it fails", () => {
  using ledger = Ledger.open(newFile());
  assert.throws(() =>
    ledger.transaction(() => {
      insertRowOf(ledger, "half");
      throw new Error("in the midst");
    }),
  );
  assert.equal(findRun(ledger, "half"), undefined);
  insertRun(ledger, run("whole"), ["export", "audit"]);
  assert.equal(stagesOf(ledger, "whole").length, 2);
  assert.throws(() => insertRun(ledger, run("whole"), ["export"]), /UNIQUE/);
  assert.equal(stagesOf(ledger, "whole").length, 2);
});

void test("a run's record comes back as it was written, through its end", () => {
  using ledger = Ledger.open(newFile());
  const written = run("r1", { slot: "nightly@2026-01-02T00:00", trigger: "schedule" });
  insertRun(ledger, written, ["export", "audit", "train"]);
  assert.deepEqual(findRun(ledger, "r1"), written);
  updateStage(ledger, "r1", "export", { state: "done", fingerprint: "f", endedMs: 5 });
  updateStage(ledger, "r1", "audit", { state: "running", startedMs: 6, attempts: 1 });
  addWarning(ledger, "r1", "once");
  addWarning(ledger, "r1", "once");
  const error = { code: "CBI_X", message: "m", class: "fatal" as const };
  endRun(ledger, "r1", { state: "interrupted", endedMs: 9, exitCode: 130, error });
  const ended = findRun(ledger, "r1");
  assert.deepEqual(ended, {
    ...written,
    state: "interrupted",
    endedMs: 9,
    exitCode: 130,
    error,
    warnings: ["once"],
  });
  assert.deepEqual(
    stagesOf(ledger, "r1").map(({ state, endedMs }) => [state, endedMs]),
    [
      ["done", 5],
      ["interrupted", 9],
      ["pending", undefined],
    ],
  );
  endRun(ledger, "r1", { state: "done", endedMs: 10, exitCode: 0 });
  assert.deepEqual(findRun(ledger, "r1"), ended, "a verdict is final");
});

void test("the newest run is the one recorded last, also after the clock was set back", () => {
  using ledger = Ledger.open(":memory:");
  insertRun(ledger, run("before", { startedMs: 2_000 }), []);
  insertRun(ledger, run("after", { startedMs: 1_000 }), []);
  const ids = newestRuns(ledger, { job: "nightly", limit: 5 }).map(({ id }) => id);
  assert.deepEqual(ids, ["after", "before"]);
  const plan = ledger
    .all(
      "EXPLAIN QUERY PLAN SELECT * FROM run WHERE job = ? ORDER BY rowid DESC LIMIT 1",
      "nightly",
    )
    .map((row) => String(row["detail"]));
  assert.ok(!plan.join().includes("TEMP B-TREE"), "found without sorting the whole history");
});

void test("runs under way are found among many by an index, and the newest without sorting them", (t) => {
  using ledger = Ledger.open(":memory:");
  const plans = (filter: Parameters<typeof newestRuns>[1]): string[] => {
    const all = t.mock.method(ledger, "all");
    newestRuns(ledger, filter);
    const [sql, ...values] = all.mock.calls[0]?.arguments ?? ["SELECT 1"];
    all.mock.restore();
    return ledger.all(`EXPLAIN QUERY PLAN ${sql}`, ...values).map((row) => String(row["detail"]));
  };
  const underWay = ["SEARCH run USING INDEX run_by_state (state=?)"];
  assert.deepEqual(plans({ job: "nightly", states: ["running"], limit: 1 }), underWay);
  assert.deepEqual(plans({ states: ["running"], limit: 1 }), underWay);
  const ofJob = ["SEARCH run USING INDEX run_by_job (job=?)"];
  assert.deepEqual(plans({ job: "nightly", limit: 1 }), ofJob);
  assert.deepEqual(plans({ job: "nightly", states: ["done", "failed"], limit: 1 }), ofJob);
});

void test("of finished stages the newest that was really run is found, and none that failed", () => {
  using ledger = Ledger.open(newFile());
  const finish = (id: string, asOf: string, endedMs: number, reusedFrom?: string) => {
    insertRun(ledger, run(id, { asOf }), ["audit"]);
    updateStage(ledger, id, "audit", {
      state: "done",
      fingerprint: "f",
      endedMs,
      output: "{}",
      ...(reusedFrom ? { reusedFrom } : {}),
    });
  };
  finish("a", "2025-12-29", 1);
  finish("b", "2025-12-30", 2);
  finish("c", "2025-12-31", 3, "b");
  insertRun(ledger, run("d", { asOf: "2025-12-31" }), ["audit"]);
  updateStage(ledger, "d", "audit", { state: "failed", fingerprint: "f", endedMs: 4 });
  assert.equal(finishedStage(ledger, "audit", "f")?.run, "b");
  assert.equal(finishedStage(ledger, "audit", "g"), undefined);
  assert.deepEqual(
    finishedStagesUpTo(ledger, "audit", "2025-12-29", 10).map((stage) => stage.run),
    ["a"],
  );
  assert.deepEqual(
    finishedStagesUpTo(ledger, "audit", "2025-12-31", 10).map((stage) => stage.run),
    ["b", "a"],
  );
  deleteRun(ledger, "b");
  assert.equal(finishedStage(ledger, "audit", "f")?.run, "a", "stages go with their run");
});

function newFile(): string {
  files += 1;
  return path.join(mkdtempSync(path.join(folder, `${files}-`)), "ledger.db");
}

function run(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    job: "nightly",
    slot: undefined,
    trigger: "person",
    state: "running",
    asOf: "2025-12-31",
    startedMs: 1,
    endedMs: undefined,
    owner: { pid: 1, host: "h", boot: "b", started: "s" },
    version: "0.0.0",
    configHash: "c",
    exitCode: undefined,
    error: undefined,
    warnings: [],
    ...change,
  };
}

function insertRowOf(ledger: Ledger, id: string): void {
  ledger.run(
    "INSERT INTO run (id, job, trigger, state, started_ms, owner, version, config_hash) VALUES (?, 'j', 'person', 'running', 1, '{}', 'v', 'c')",
    id,
  );
}

void test("a transaction within another is a part of it, and waits for the disk when that does", () => {
  using ledger = Ledger.open(newFile());
  const count = (): unknown => ledger.get("SELECT count(*) AS count FROM slot_range")?.["count"];
  const add = (): void =>
    ledger.run(
      "INSERT INTO slot_range VALUES (?, 1, 2, 'missed', 'r', 3)",
      `job-${String(count())}`,
    );
  assert.throws(() => {
    ledger.transaction(() => {
      add();
      ledger.transaction(add);
      ledger.provisional(add);
      throw new Error("after all");
    });
  }, /after all/);
  assert.equal(count(), 0);
  ledger.transaction(() => ledger.provisional(add));
  assert.equal(count(), 1);
  // What is to be durable on return cannot be within what is not.
  assert.throws(() => ledger.provisional(() => ledger.transaction(add)), /waits/);
  ledger.transaction(add);
  assert.equal(count(), 2);
});

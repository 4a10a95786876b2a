import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Failure } from "../../../src/system/failure.ts";
import { openDuckdbWarehouse } from "../../../src/warehouse/duckdb/open.ts";
import { forecast } from "../../contract/warehouse.ts";
import { testHome } from "./home.ts";

const never = new AbortController().signal;
const PRICES = "date,price\n2024-01-02,70\n2024-01-03,71\n2024-02-05,72\n";
const source = { wti: "raw/wti.csv" };

void test("$as_of works in tables, views and macros, and getvariable('as_of') beside it", async () => {
  await using home = await testHome(
    {
      "raw/wti.csv": PRICES,
      "prepare/10_first.sql": `
        CREATE TABLE training.a AS SELECT $as_of AS day, getvariable('as_of') AS variable;
        CREATE VIEW training.b AS SELECT $as_of - 1 AS day;
        CREATE MACRO age(day) AS $as_of - day;`,
      "prepare/20_second.sql": "CREATE TABLE training.c AS SELECT age(date) AS age FROM wti;",
      "prepare/notes.txt": "no SQL",
    },
    source,
  );
  const receipt = await home.warehouse.prepare("2024-01-31", never);
  assert.deepEqual(await home.query("FROM training.a"), [
    { day: "2024-01-31", variable: "2024-01-31" },
  ]);
  assert.deepEqual(await home.query("FROM training.b"), [{ day: "2024-01-30" }]);
  assert.deepEqual(await home.query("FROM training.c"), [{ age: 29 }, { age: 28 }]);
  assert.equal(receipt.rows, 4);
});

void test("a refused statement is named by file, line and first line, and the old tables stay", async () => {
  await using home = await testHome(
    { "raw/wti.csv": PRICES, "prepare/10_good.sql": "CREATE TABLE training.a AS SELECT 1 AS n;" },
    source,
  );
  await home.warehouse.prepare("2024-01-31", never);
  await home.write({
    "prepare/10_good.sql": "CREATE TABLE training.a AS SELECT 2 AS n;",
    "prepare/20_bad.sql":
      "-- why\n\nSELECT 1;\nCREATE TABLE training.b AS\nSELECT\n  nonsense\nFROM wti;",
  });
  await assert.rejects(home.warehouse.prepare("2024-01-31", never), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exit, 78);
    assert.match(error.message, /20_bad\.sql:6: Binder Error: .*nonsense/);
    assert.match(error.message, /\(in: CREATE TABLE training\.b AS\)/);
    return true;
  });
  assert.deepEqual(await home.query("FROM training.a"), [{ n: 1 }]);
});

void test("a statement that the data break is refused as data", async () => {
  await using home = await testHome(
    {
      "raw/wti.csv": "date,price,grade\n2024-01-02,70,a\n",
      "prepare/1.sql": "CREATE TABLE training.a AS SELECT grade::INTEGER AS grade FROM wti;",
    },
    source,
  );
  await assert.rejects(home.warehouse.prepare("2024-01-31", never), { exit: 65, class: "data" });
});

void test("SQL that ends the transaction is refused before it can", async () => {
  await using home = await testHome(
    { "raw/wti.csv": PRICES, "prepare/1.sql": "CREATE TABLE training.a AS SELECT 1;\ncommit;" },
    source,
  );
  await assert.rejects(home.warehouse.prepare("2024-01-31", never), { code: "CBI_SQL_REFUSED" });
  assert.deepEqual(await home.query("FROM information_schema.tables"), []);
});

void test("a table whose SQL is gone goes too, one that the user brought stays", async () => {
  await using home = await testHome(
    {
      "raw/wti.csv": PRICES,
      "prepare/1.sql":
        "CREATE SCHEMA features; CREATE TABLE features.f AS SELECT 1 AS n; CREATE TABLE training.a AS SELECT 1 AS n;",
    },
    source,
  );
  await home.warehouse.prepare("2024-01-31", never);
  await home.query("CREATE TABLE training.mine AS SELECT 42 AS n");
  await home.write({ "prepare/1.sql": "CREATE VIEW training.b AS SELECT n FROM training.mine;" });
  await home.warehouse.prepare("2024-01-31", never);
  await home.warehouse.prepare("2024-01-31", never);
  const tables = await home.query(
    "SELECT table_schema || '.' || table_name AS t FROM information_schema.tables WHERE table_schema <> 'cbi' ORDER BY 1",
  );
  assert.deepEqual(
    tables.map(({ t }) => t),
    ["main.wti", "training.b", "training.mine"],
  );
});

void test("tables of another day are not exported", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, source);
  const request = { horizon: "1w", asOf: "2024-01-31", file: home.file("x.parquet") };
  const isRefusal = { code: "CBI_TABLES_NOT_PREPARED", exit: 65 };
  await assert.rejects(home.warehouse.exportTable(request, never), isRefusal);
  await home.warehouse.prepare("2024-02-29", never);
  await assert.rejects(home.warehouse.exportTable(request, never), isRefusal);
});

void test("a missing folder of SQL is named", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, source);
  await rm(home.file("prepare"), { recursive: true });
  await assert.rejects(home.warehouse.prepare("2024-01-31", never), {
    code: "CBI_SQL_FOLDER_MISSING",
    exit: 78,
  });
});

void test("a long statement stops soon after the signal and leaves the old tables", async () => {
  await using home = await testHome(
    { "raw/wti.csv": PRICES, "prepare/1.sql": "CREATE TABLE training.a AS SELECT 1 AS n;" },
    source,
  );
  await home.warehouse.prepare("2024-01-31", never);
  await home.write({
    "prepare/1.sql":
      "CREATE TABLE training.a AS SELECT count(*) AS n FROM range(3000000000) a, range(1000) b WHERE a.range % 7 = b.range;",
  });
  const reason = new Error("stopped by the test");
  const controller = new AbortController();
  const preparing = home.warehouse.prepare("2024-01-31", controller.signal);
  setTimeout(() => controller.abort(reason), 200);
  await assert.rejects(preparing, (error) => error === reason);
  assert.deepEqual(await home.query("FROM training.a"), [{ n: 1 }]);
});

void test("a file in use by another process is busy: retryable, and naming that process", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, source);
  await home.warehouse.prepare("2024-01-31", never);
  const holder = spawn(process.execPath, [
    "--input-type=module-typescript",
    "-e",
    holding(home.paths.warehouse),
  ]);
  try {
    await once(holder.stdout, "data");
    await assert.rejects(home.warehouse.prepare("2024-01-31", never), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, "CBI_WAREHOUSE_BUSY");
      assert.equal(error.exit, 69);
      assert.equal(error.class, "retryable");
      assert.match(error.message, new RegExp(`PID ${holder.pid}\\)`));
      return true;
    });
    assert.equal((await home.warehouse.prices("2024-01-31")).length, 2);
  } finally {
    holder.kill("SIGKILL");
    await once(holder, "exit");
  }
  await home.warehouse.prepare("2024-01-31", never);
});

void test("two warehouses of one process share the file, and neither gives the lock away", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, source);
  const other = openDuckdbWarehouse(home);
  const uploads = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"].map((as_of, index) =>
    (index % 2 === 0 ? home.warehouse : other).upload([forecast({ as_of })], never),
  );
  const outcomes = await Promise.allSettled(uploads);
  for (const outcome of outcomes) assert.equal(outcome.status, "fulfilled");
  assert.equal((await other.forecasts({ symbol: "WTI" })).length, 4);
});

void test("a damaged, emptied or cut-off file is named with the way out", async () => {
  await using home = await testHome(
    { "raw/wti.csv": PRICES, "prepare/1.sql": "CREATE TABLE training.a AS FROM range(100000);" },
    source,
  );
  await home.warehouse.prepare("2024-01-31", never);
  const good = await readFile(home.paths.warehouse);
  for (const bytes of ["not a database ".repeat(2000), "", good.subarray(0, good.length / 2)]) {
    await writeFile(home.paths.warehouse, bytes);
    await assert.rejects(home.warehouse.prepare("2024-01-31", never), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, "CBI_WAREHOUSE_CORRUPT");
      assert.match(error.remedy ?? "", /backup/);
      return true;
    });
  }
  await writeFile(home.paths.warehouse, good);
  await home.warehouse.prepare("2024-01-31", never);
});

void test("a view that cannot be computed is refused as data when it is exported", async () => {
  await using home = await testHome(
    {
      "raw/wti.csv": "date,price,grade\n2024-01-02,70,a\n",
      "prepare/1.sql":
        "CREATE VIEW training.wti_1w AS SELECT date, price, grade::DOUBLE AS grade, 0.1::DOUBLE AS target_1w FROM wti;",
    },
    source,
  );
  await home.warehouse.prepare("2024-01-31", never);
  const request = { horizon: "1w", asOf: "2024-01-31", file: home.file("x.parquet") };
  await assert.rejects(home.warehouse.exportTable(request, never), {
    code: "CBI_TABLE_UNCOMPUTABLE",
    exit: 65,
    class: "data",
  });
});

void test("SQL that changes cbi's own tables is refused by file and line, and nothing is changed", async () => {
  const refused: [sql: string, table: string, line: number][] = [
    ["DELETE FROM predictions.forecasts;", "predictions.forecasts", 2],
    ["DELETE FROM predictions.forecasts WHERE as_of < $as_of;", "predictions.forecasts", 2],
    ["SELECT 1;\nUPDATE predictions.forecasts SET price_low = 0;", "predictions.forecasts", 3],
    ["DROP TABLE predictions.forecasts;", "predictions.forecasts", 2],
    ["DROP SCHEMA predictions CASCADE;", "predictions.forecasts", 2],
    ["ALTER TABLE predictions.forecasts ADD COLUMN note VARCHAR;", "predictions.forecasts", 2],
    [
      "INSERT INTO predictions.forecasts SELECT * REPLACE ('BRN' AS symbol) FROM predictions.forecasts;",
      "predictions.forecasts",
      2,
    ],
    ["CREATE TABLE predictions.mine AS SELECT 1 AS n;", "predictions.mine", 2],
    ["DROP VIEW predictions.latest_1w;", "predictions.latest_1w", 2],
    ["CREATE VIEW predictions.latest_9y AS SELECT 1;", "predictions.latest_9y", 2],
    ["SET search_path = 'predictions'; TRUNCATE forecasts;", "predictions.forecasts", 2],
    ["DELETE FROM cbi.made;", "cbi.made", 2],
  ];
  for (const [sql, table, line] of refused) {
    await using home = await testHome(
      { "raw/wti.csv": PRICES, "prepare/10_good.sql": "CREATE TABLE training.a AS SELECT 1 AS n;" },
      source,
    );
    await home.warehouse.prepare("2024-01-31", never);
    const rows = [forecast({}), forecast({ algorithm: "xgboost_dart", model_role: "challenger" })];
    await home.warehouse.upload(rows, never);
    const view = await home.query("FROM predictions.latest_1w");
    await home.write({
      "prepare/20_bad.sql": `-- tidy up\n${sql}`,
      "prepare/10_good.sql": "CREATE TABLE training.a AS SELECT 2 AS n;",
    });
    await assert.rejects(home.warehouse.prepare("2024-01-31", never), (error) => {
      assert.ok(error instanceof Failure, sql);
      assert.equal(error.code, "CBI_SQL_NOT_YOURS", sql);
      assert.match(error.message, new RegExp(`20_bad\\.sql:${line}: the SQL changes ${table}, `));
      return true;
    });
    assert.equal((await home.warehouse.forecasts({ symbol: "WTI" })).length, 2, sql);
    assert.deepEqual(await home.query("FROM predictions.latest_1w"), view, sql);
    assert.deepEqual(await home.query("FROM training.a"), [{ n: 1 }], sql);
  }
});

void test("SQL may read past forecasts and keep views of its own beside them", async () => {
  await using home = await testHome({ "raw/wti.csv": PRICES }, source);
  await home.warehouse.upload([forecast({})], never);
  await home.write({
    "prepare/10.sql": `CREATE TABLE training.a AS SELECT count(*) AS n FROM predictions.forecasts;
      CREATE OR REPLACE VIEW predictions.mine AS SELECT horizon FROM predictions.forecasts;`,
  });
  for (let night = 0; night < 2; night++) await home.warehouse.prepare("2024-01-31", never);
  assert.deepEqual(await home.query("FROM training.a"), [{ n: 1 }]);
});

void test("a process killed while it prepares and uploads leaves old or new, and a usable file", async () => {
  await using home = await testHome(
    {
      "raw/wti.csv": PRICES,
      "prepare/1.sql":
        "CREATE TABLE training.a AS SELECT $as_of AS day; CREATE TABLE training.b AS SELECT $as_of AS day;",
    },
    source,
  );
  for (const delayMs of [60, 140, 220]) {
    const worker = spawn(
      process.execPath,
      ["--input-type=module-typescript", "-e", churning(home.paths.root)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await once(worker.stdout, "data");
    await new Promise((resolve) => void setTimeout(resolve, delayMs));
    worker.kill("SIGKILL");
    await once(worker, "exit");
    const [days] = await home.query("SELECT a.day AS a, b.day AS b FROM training.a, training.b");
    assert.equal(days?.["a"], days?.["b"]);
    const stored = await home.warehouse.forecasts({ symbol: "WTI" });
    assert.equal(new Set(stored.map((row) => row.run)).size, 1);
    assert.equal(stored.length, 2);
  }
});

const src = path.resolve(import.meta.dirname, "../../../src");

function holding(file: string): string {
  return `
    import { withDuckdb } from ${JSON.stringify(path.join(src, "system/duckdb.ts"))};
    await withDuckdb({ file: ${JSON.stringify(file)} }, async () => {
      process.stdout.write("held");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
}

/** A process that prepares and uploads for two days in turn, for ever. */
function churning(root: string): string {
  return `
    import { openDuckdbWarehouse } from ${JSON.stringify(path.join(src, "warehouse/duckdb/open.ts"))};
    import { configSchema } from ${JSON.stringify(path.join(src, "config/schema.ts"))};
    import { homePaths } from ${JSON.stringify(path.join(src, "system/home.ts"))};
    import { forecast } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../contract/warehouse.ts"))};
    const config = configSchema.parse({ version: 1, symbol: "WTI",
      warehouse: { kind: "duckdb", sources: { wti: "raw/wti.csv" } },
      price: { table: "wti", date: "date", column: "price" }, horizons: { "1w": 2 } });
    const warehouse = openDuckdbWarehouse({ config, paths: homePaths(${JSON.stringify(root)}) });
    const never = new AbortController().signal;
    for (let turn = 0; ; turn++) {
      await warehouse.prepare(turn % 2 === 0 ? "2024-01-02" : "2024-01-03", never);
      const run = "run-" + turn;
      await warehouse.upload([forecast({ run }), forecast({ run, horizon: "1m" })], never);
      if (turn === 0) process.stdout.write("going");
    }`;
}

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Failure } from "../../../src/system/failure.ts";
import { assertLeavesOwn } from "../../../src/warehouse/bigquery/own-tables.ts";
import { sqlTargets } from "../../../src/warehouse/bigquery/sql-targets.ts";
import { forecast, seed, temporaryFolder } from "../../contract/warehouse.ts";
import { FakeBigQuery } from "../../rig/bigquery-fake.ts";
import { bigqueryHome, never, seedTables } from "./home.ts";

// A dry run tells nothing of a script's bytes; the fake does as BigQuery does.
const MAKES = `CREATE OR REPLACE TABLE \`test.training.upto\` AS
  SELECT date, price FROM \`test.training.wti\` WHERE date <= as_of;`;
const COUNTS = `CREATE OR REPLACE TABLE \`test.training.counted\` AS
  SELECT count(*) AS days, max(date) AS newest FROM \`test.training.upto\`;`;

async function scripts(files: Record<string, string>): ReturnType<typeof temporaryFolder> {
  const folder = await temporaryFolder();
  await mkdir(path.join(folder.path, "sql"));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(folder.path, "sql", name), text);
  }
  return folder;
}

void test("the user's scripts run in order of name as of the day, under the limit, and their bill is told", async () => {
  await using fake = await FakeBigQuery.start();
  await using folder = await scripts({
    "20_count.sql": COUNTS,
    "10_make.sql": MAKES,
    "note.txt": "x",
  });
  const prepare = path.join(folder.path, "sql");
  await using home = await bigqueryHome(
    { rest: fake.rest },
    { prepare, maximum_bytes_billed: 50_000_000 },
  );
  await seedTables(home, seed());
  fake.calls.length = 0;
  fake.bytes = 30_000_000;
  const receipt = await home.open().prepare("2024-01-04", never);
  const { bytesEstimated, bytesBilled, jobs } = receipt;
  assert.deepEqual({ bytesEstimated, bytesBilled }, { bytesEstimated: 0, bytesBilled: 60_000_000 });
  assert.match(
    jobs.join(" "),
    /^cbi-2024-01-04-prepare-\S+ \(10_make\.sql\) cbi-2024-01-04-prepare-\S+ \(20_count\.sql\)$/,
  );
  // What a script costs is not known before, so that each carries the whole limit.
  const limits = fake.calls.flatMap(
    ({ body }) => /"maximumBytesBilled":"(\d+)"/.exec(body)?.[1] ?? [],
  );
  assert.deepEqual(limits, ["50000000", "50000000"]);
  const counted = await home.query("SELECT newest FROM `test.training.counted`");
  assert.deepEqual(counted, [{ newest: "2024-01-04" }]);
  // Run again for another day it makes the same tables anew.
  await home.open().prepare("2024-01-03", never);
  const again = await home.query("SELECT newest FROM `test.training.counted`");
  assert.deepEqual(again, [{ newest: "2024-01-03" }]);
});

void test("a script that fails ends the preparation with BigQuery's word, and none after it runs", async () => {
  await using fake = await FakeBigQuery.start();
  await using folder = await scripts({
    "10_bad.sql": "SELECT nothing FROM nowhere;",
    "20_count.sql": COUNTS,
  });
  const prepare = path.join(folder.path, "sql");
  await using home = await bigqueryHome({ rest: fake.rest }, { prepare });
  await assert.rejects(home.open().prepare("2024-01-04", never), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "CBI_BIGQUERY_QUERY");
    assert.match(error.message, /nowhere/);
    return true;
  });
  assert.equal(fake.jobs("cbi-2024-01-04-prepare").length, 1);
});

/** What a script says of the table of the forecasts or a view of the newest. */
const WRITES = [
  "DELETE FROM predictions.forecasts WHERE true",
  "/* tidy up */ TRUNCATE TABLE `PROJECT.predictions.forecasts`",
  "IF as_of > DATE '2020-01-01' THEN\n DROP VIEW IF EXISTS `predictions`.`latest_1w`;\nEND IF",
  "merge into PROJECT.predictions.forecasts using x on false when not matched then insert row",
  "CREATE OR REPLACE TABLE predictions.forecasts AS SELECT 1",
  "LOAD DATA OVERWRITE predictions.forecasts FROM FILES (format = 'CSV', uris = [])",
  "DROP SCHEMA predictions CASCADE",
];
const READS = `-- DELETE FROM predictions.forecasts
CREATE TEMP TABLE seen AS SELECT * FROM predictions.forecasts; # DROP TABLE predictions.forecasts;
SELECT 'DELETE FROM predictions.forecasts', """it's; DROP TABLE predictions.forecasts""";
INSERT INTO training.predictions SELECT * FROM predictions.latest_1w;
CREATE TABLE other.forecasts (a INT64); UPDATE predictions.forecasts_mine SET a = 1 WHERE true;`;

void test("a script that says that it changes cbi's own tables is refused before any is run", async () => {
  await using fake = await FakeBigQuery.start();
  for (const text of WRITES) {
    await using folder = await scripts({ "10_make.sql": MAKES, "20_bad.sql": "" });
    const prepare = path.join(folder.path, "sql");
    await using home = await bigqueryHome({ rest: fake.rest }, { prepare });
    const said = `SELECT 1;\n${text.replaceAll("PROJECT", home.settings.project)};`;
    await writeFile(path.join(prepare, "20_bad.sql"), said);
    await assert.rejects(home.open().prepare("2024-01-04", never), (error) => {
      assert.ok(error instanceof Failure, text);
      assert.equal(error.code, "CBI_SQL_NOT_YOURS", text);
      const line = text.includes("THEN\n") ? 3 : 2;
      assert.match(error.message, new RegExp(`20_bad\\.sql:${line}: the SQL changes predictions`));
      return true;
    });
  }
  assert.deepEqual(fake.jobs("cbi-2024-01-04-prepare"), []);
});

void test("a script that reads cbi's own tables, or names them in comments and texts, is let through", () => {
  const own = ["forecasts", "latest_1w"].map((tableId) => ({
    projectId: "test",
    datasetId: "predictions",
    tableId,
  }));
  assertLeavesOwn({ file: "10.sql", text: READS }, own);
  assert.deepEqual(
    sqlTargets(READS).map(({ parts }) => parts.join(".")),
    ["seen", "training.predictions", "other.forecasts", "predictions.forecasts_mine"],
  );
});

void test("a script that changes them by a name it puts together ends the preparation, with the way back", async () => {
  await using fake = await FakeBigQuery.start();
  await using folder = await scripts({
    "10_bad.sql": "EXECUTE IMMEDIATE 'DELETE FROM predictions.' || 'forecasts WHERE true';",
    "20_count.sql": COUNTS,
  });
  const prepare = path.join(folder.path, "sql");
  await using home = await bigqueryHome({ rest: fake.rest }, { prepare });
  await home.open().upload([forecast({})], never);
  await assert.rejects(home.open().prepare("2024-01-04", never), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "CBI_SQL_NOT_YOURS");
    assert.match(error.message, /10_bad\.sql: the SQL changed predictions\.forecasts, which is/);
    assert.match(error.remedy ?? "", /bq cp -f 'test-\S+:predictions\.forecasts@\d{13}' 'test-/);
    return true;
  });
  assert.equal(fake.jobs("cbi-2024-01-04-prepare").length, 1);
});

void test("another home that publishes while a script runs is not the script's fault", async () => {
  await using fake = await FakeBigQuery.start();
  await using folder = await scripts({ "10_make.sql": MAKES });
  const prepare = path.join(folder.path, "sql");
  await using home = await bigqueryHome({ rest: fake.rest }, { prepare });
  await seedTables(home, seed());
  await home.open().upload([forecast({})], never);
  fake.beforeScript = () => fake.touch("predictions.forecasts");
  const { jobs } = await home.open().prepare("2024-01-04", never);
  assert.equal(jobs.length, 1);
});

void test("a folder of scripts that is not there is named", async () => {
  await using fake = await FakeBigQuery.start();
  await using home = await bigqueryHome({ rest: fake.rest }, { prepare: "/no/where" });
  await assert.rejects(
    home.open().prepare("2024-01-04", never),
    (error) => error instanceof Failure && error.code === "CBI_SQL_FOLDER_MISSING",
  );
});

void test("an edit of a script changes what the exports are made from", async () => {
  await using fake = await FakeBigQuery.start();
  await using folder = await scripts({ "10_make.sql": MAKES });
  const prepare = path.join(folder.path, "sql");
  await using home = await bigqueryHome({ rest: fake.rest }, { prepare });
  await seedTables(home, seed());
  const before = await home.open().inputFingerprint("2024-01-04");
  assert.equal(await home.open().inputFingerprint("2024-01-04"), before);
  await writeFile(path.join(prepare, "10_make.sql"), `${MAKES}\n`);
  assert.notEqual(await home.open().inputFingerprint("2024-01-04"), before);
});

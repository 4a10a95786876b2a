import assert from "node:assert/strict";
import { copyFile, readFile, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import type { DatasetFacts } from "../../../src/audit/report.ts";
import { DemoExports, failureOf, failuresOf } from "./demo-export.ts";
import { replacing } from "./offence.ts";
import { tableOffences } from "./table-offences.ts";
import { valueOffences } from "./value-offences.ts";

const demo = await DemoExports.make();
after(() => demo[Symbol.asyncDispose]());
const clean = await demo.audit([demo.file("1m")]);
const facts: DatasetFacts = clean.datasets[0]?.facts ?? assert.fail("no facts");

void test("the real data pass with one warning, the day of the negative price by its name", async () => {
  const report = await demo.audit(["1w", "1m", "3m", "6m", "12m"].map((name) => demo.file(name)));
  assert.equal(report.summary.verdict, "accepted_with_warnings");
  assert.equal(report.summary.errors, 0);
  assert.equal(report.summary.warnings, 1);
  const warning = failureOf(report, "price_non_positive");
  assert.match(warning.message, /-36\.98 on 2020-04-20/);
  // The day itself and the day a horizon before it, in each of five horizons.
  assert.equal(report.summary.quarantined, 10);
});

void test("the same export a second time raises nothing new", async () => {
  const report = await demo.audit([demo.file("1m")], { previous: facts });
  assert.deepEqual(
    failuresOf(report).map(({ id }) => id),
    failuresOf(clean).map(({ id }) => id),
  );
  assert.deepEqual(
    report.datasets[0]?.checks.filter(({ status }) => status === "skipped"),
    [],
  );
});

for (const offence of [...tableOffences(facts), ...valueOffences(facts)]) {
  void test(`the audit finds ${offence.name}`, async () => {
    const file = await demo.spoil(offence.query);
    const report = await demo.audit([file], offence.options);
    const failure = failureOf(report, offence.check, offence.column);
    assert.equal(failure.severity, offence.severity, failure.message);
    if (offence.message) assert.match(failure.message, offence.message);
    assert.equal(report.summary.verdict === "refused", report.summary.errors > 0);
  });
}

void test("one revised price of long ago is no alarm", async () => {
  const file = await demo.spoil(
    replacing(
      "CASE WHEN date = DATE '2015-05-05' THEN return_1 + 1e-4 ELSE return_1 END AS return_1",
    ),
  );
  const report = await demo.audit([file], { previous: facts });
  assert.deepEqual(
    failuresOf(report).map(({ id }) => id),
    failuresOf(clean).map(({ id }) => id),
  );
});

void test("the next night's export passes beside this one's facts", async () => {
  await using earlier = await DemoExports.make("2025-12-24");
  const before = await earlier.audit([earlier.file("12m")], { asOf: "2025-12-24", horizon: "12m" });
  const previous = before.datasets[0]?.facts;
  const report = await demo.audit([demo.file("12m")], { previous, horizon: "12m" });
  assert.equal(report.summary.errors, 0);
  assert.equal(report.summary.warnings, 1);
  const history = report.datasets[0]?.checks.find(({ id }) => id === "history_rewritten");
  assert.equal(history?.status, "passed");
  assert.equal(history?.observed, 0);
});

void test("every check is asked although the first ones fail", async () => {
  const file = await demo.spoil(
    "SELECT *, target_1m AS twin, 'x' AS note FROM export WHERE date < DATE '2025-11-30' ORDER BY date DESC",
  );
  const failures = failuresOf(await demo.audit([file])).map(({ id }) => id);
  for (const id of ["freshness", "date_order", "not_numeric", "leak_correlation", "look_ahead"]) {
    assert.ok(failures.includes(id), `${id} in ${failures.join(", ")}`);
  }
});

void test("a truncated export is an error by name, and the other horizons are audited", async () => {
  const file = path.join(demo.folder, "truncated.parquet");
  await copyFile(demo.file("1m"), file);
  await truncate(file, 500_000);
  const report = await demo.audit([file, demo.file("1w")]);
  assert.equal(failureOf(report, "readable").severity, "error");
  assert.equal(report.datasets[0]?.facts, null);
  assert.ok((report.datasets[1]?.checks.length ?? 0) > 20);
});

void test("an export with damaged pages is an error by name", async () => {
  const file = path.join(demo.folder, "damaged.parquet");
  const bytes = await readFile(demo.file("1m"));
  bytes.fill(0xa5, 2_000, bytes.length - 60_000);
  await writeFile(file, bytes);
  const failure = failureOf(await demo.audit([file]), "readable");
  assert.equal(failure.severity, "error");
});

void test("a file that is no Parquet, or is not there, is an error by name", async () => {
  const text = path.join(demo.folder, "text.parquet");
  await writeFile(text, "date,price\n2025-12-31,57.26\n");
  for (const file of [text, path.join(demo.folder, "absent.parquet")]) {
    assert.equal(failureOf(await demo.audit([file]), "readable").severity, "error");
  }
});

void test("a long file is sampled by months, and a leak and a rewriting are found in it all the same", async () => {
  const long = (columns: string) =>
    demo.spoil(`SELECT ${columns} FROM export, range(25) AS copies(n) ORDER BY date, symbol`);
  const first = await demo.audit([await long("* REPLACE ('S' || n AS symbol)")]);
  assert.deepEqual([first.summary.errors, first.summary.warnings], [0, 1]);
  const second = await demo.audit(
    [await long("* REPLACE ('S' || n AS symbol, 1.1 * price AS price), -target_1m AS hint")],
    { previous: first.datasets[0]?.facts },
  );
  assert.equal(failureOf(second, "leak_correlation", "hint").severity, "error");
  assert.equal(failureOf(second, "history_rewritten").sample[0]?.["column"], "price");
});

void test("column names that are hostile to SQL are audited like others", async () => {
  const name = `a"; DROP TABLE keys; -- '`;
  const file = await demo.spoil(
    `SELECT *, 7.0 AS "${name.replaceAll('"', '""')}", 1.0 AS "sum(x)", 2.0 AS "n0" FROM export`,
  );
  const report = await demo.audit([file]);
  assert.equal(failureOf(report, "constant", name).observed, 7);
  assert.equal(failureOf(report, "constant", "n0").observed, 2);
});

void test("a path with signs of a pattern is read as it is", async () => {
  const file = path.join(demo.folder, "odd [1]*?.parquet");
  await copyFile(demo.file("1m"), file);
  assert.equal((await demo.audit([file])).summary.errors, 0);
});

void test("values near the end of the doubles do not end the audit", async () => {
  const file = await demo.spoil(
    "SELECT *, price * 1e300 AS huge, -price * 1e306 AS vast FROM export",
  );
  assert.equal((await demo.audit([file])).summary.errors, 0);
});

void test("excluded columns are no features", async () => {
  const file = await demo.spoil("SELECT *, 'x' AS note, target_1m AS target_1w FROM export");
  const report = await demo.audit([file], { train: { exclude: ["note", "target_1w"] } });
  assert.equal(report.summary.errors, 0);
});

void test("an aborted audit ends by the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("the night is over");
  const audit = demo.audit([demo.file("1m"), demo.file("1w")], { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(audit, reason);
});

import assert from "node:assert/strict";
import { copyFile, readFile, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import type { DatasetFacts } from "../../../src/audit/report.ts";
import type { AuditOptions } from "./demo-export.ts";
import { DemoExports, failureOf, failuresOf } from "./demo-export.ts";

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

interface Offence {
  name: string;
  /** Over the view `export`, the real 1m export. */
  query: string;
  check: string;
  column?: string;
  severity: "error" | "warning" | "note";
  message?: RegExp;
  options?: AuditOptions;
}

const HALF_2019 = "date BETWEEN DATE '2019-01-01' AND DATE '2019-06-30'";
const REPLACE = (expression: string) => `SELECT * REPLACE (${expression}) FROM export`;

const OFFENCES: Offence[] = [
  {
    name: "no rows",
    query: "SELECT * FROM export WHERE false",
    check: "rows",
    severity: "error",
  },
  {
    name: "three in a hundred rows lost since the newest export",
    query: "SELECT * FROM export WHERE date >= DATE '1987-03-01'",
    check: "rows",
    severity: "error",
    options: { previous: facts },
  },
  {
    name: "one in a hundred rows lost",
    query: "SELECT * FROM export WHERE date >= DATE '1986-06-15'",
    check: "rows",
    severity: "warning",
    options: { previous: facts },
  },
  {
    name: "a newest row three trading days old",
    query: "SELECT * FROM export WHERE date <= DATE '2025-12-26'",
    check: "freshness",
    severity: "warning",
    message: /2025-12-26, 3 trading days behind/,
  },
  {
    name: "a newest row more than a week old",
    query: "SELECT * FROM export WHERE date <= DATE '2025-12-19'",
    check: "freshness",
    severity: "error",
  },
  {
    name: "a future date",
    query: REPLACE(
      "CASE WHEN date = DATE '2025-12-31' THEN DATE '2026-01-02' ELSE date END AS date",
    ),
    check: "date_future",
    severity: "error",
  },
  {
    name: "a row without a date",
    query: REPLACE("CASE WHEN date <> DATE '2010-03-03' THEN date END AS date"),
    check: "date_missing",
    severity: "error",
  },
  {
    name: "rows out of order",
    query: "SELECT * FROM export ORDER BY date DESC",
    check: "date_order",
    severity: "error",
  },
  {
    name: "duplicated dates",
    query: `SELECT * FROM export UNION ALL SELECT * FROM export WHERE ${HALF_2019} ORDER BY date`,
    check: "duplicate_key",
    severity: "error",
    message: /12\d days that occur more than once/,
  },
  {
    name: "a gap of five sessions",
    query: "SELECT * FROM export WHERE date NOT BETWEEN DATE '2025-06-02' AND DATE '2025-06-06'",
    check: "missing_sessions",
    severity: "warning",
    message: /5 sessions .* from 2025-06-02 to 2025-06-06/,
  },
  {
    name: "a gap of two weeks",
    query: "SELECT * FROM export WHERE date NOT BETWEEN DATE '2025-06-02' AND DATE '2025-06-13'",
    check: "missing_sessions",
    severity: "error",
  },
  {
    name: "a missing label column",
    query: "SELECT * EXCLUDE (target_1m) FROM export",
    check: "required_columns",
    column: "target_1m",
    severity: "error",
  },
  {
    name: "dates as text",
    query: REPLACE("date::VARCHAR AS date"),
    check: "required_columns",
    column: "date",
    severity: "error",
  },
  {
    name: "dates with a time of day",
    query: REPLACE("date::TIMESTAMP AS date"),
    check: "required_columns",
    column: "date",
    severity: "error",
  },
  {
    name: "a renamed column that the champion uses",
    query: "SELECT * RENAME (volatility_21 AS vol_monthly) FROM export",
    check: "column_missing",
    column: "volatility_21",
    severity: "error",
    message: /'vol_monthly' holds the same values/,
    options: { previous: facts, championFeatures: ["volatility_21"] },
  },
  {
    name: "a renamed column without an earlier export, by its likely name",
    query: "SELECT * RENAME (volatility_21 AS volatility_22) FROM export",
    check: "column_missing",
    severity: "error",
    message: /volatility_22/,
    options: { championFeatures: ["volatility_21"] },
  },
  {
    name: "a missing column that the champion does not use",
    query: "SELECT * EXCLUDE (volatility_21) FROM export",
    check: "column_missing",
    severity: "warning",
    options: { previous: facts, championFeatures: ["return_1"] },
  },
  {
    name: "a new column",
    query: "SELECT *, return_1 * return_5 AS product FROM export",
    check: "column_new",
    column: "product",
    severity: "warning",
    options: { previous: facts },
  },
  {
    name: "a type change",
    query: REPLACE("round(volatility_21 * 1000)::INTEGER AS volatility_21"),
    check: "type_changed",
    column: "volatility_21",
    severity: "error",
    options: { previous: facts },
  },
  {
    name: "a text column",
    query: "SELECT *, 'contango' AS regime FROM export",
    check: "not_numeric",
    column: "regime",
    severity: "error",
  },
  {
    name: "nulls in a tenth of the training window",
    query: REPLACE("CASE WHEN year(date) <> 2019 THEN volatility_21 END AS volatility_21"),
    check: "nulls",
    column: "volatility_21",
    severity: "warning",
  },
  {
    name: "nulls in four tenths of it",
    query: REPLACE(
      "CASE WHEN year(date) < 2019 OR year(date) > 2022 THEN volatility_21 END AS volatility_21",
    ),
    check: "nulls",
    column: "volatility_21",
    severity: "error",
  },
  {
    name: "nulls in four tenths of it of a column that the champion does not use",
    query: REPLACE(
      "CASE WHEN year(date) < 2019 OR year(date) > 2022 THEN volatility_21 END AS volatility_21",
    ),
    check: "nulls",
    column: "volatility_21",
    severity: "warning",
    options: { championFeatures: ["return_1"] },
  },
  {
    name: "nulls that rose by three points overnight",
    query: REPLACE("CASE WHEN date < DATE '2025-09-10' THEN volatility_21 END AS volatility_21"),
    check: "nulls",
    column: "volatility_21",
    severity: "warning",
    message: /up from 0/,
    options: { previous: facts },
  },
  {
    name: "a column that lost all its values",
    query: REPLACE("NULL::DOUBLE AS volatility_21"),
    check: "nulls",
    column: "volatility_21",
    severity: "error",
    message: /no value at all, but did on 2025-12-31/,
    options: { previous: facts },
  },
  {
    name: "a column that begins last year",
    query: REPLACE("CASE WHEN date > DATE '2024-12-31' THEN volatility_21 END AS volatility_21"),
    check: "late_start",
    column: "volatility_21",
    severity: "warning",
  },
  {
    name: "a constant column",
    query: "SELECT *, 4.5 AS rate FROM export",
    check: "constant",
    column: "rate",
    severity: "warning",
  },
  {
    name: "an infinite value",
    query: REPLACE(
      "CASE WHEN date = DATE '2020-04-21' THEN 'inf'::DOUBLE ELSE return_1 END AS return_1",
    ),
    check: "infinite",
    column: "return_1",
    severity: "error",
  },
  {
    name: "NaN where a value is missing",
    query: REPLACE("CASE WHEN return_1 IS NULL THEN 'nan'::DOUBLE ELSE return_1 END AS return_1"),
    check: "not_a_number",
    column: "return_1",
    severity: "warning",
  },
  {
    name: "a label that is null in every row",
    query: REPLACE("NULL::DOUBLE AS target_1m"),
    check: "label_missing",
    severity: "error",
    message: /null in every row/,
  },
  {
    name: "a label missing without a reason",
    query: REPLACE("CASE WHEN date <> DATE '2015-05-05' THEN target_1m END AS target_1m"),
    check: "label_missing",
    severity: "error",
    message: /^1 row /,
  },
  {
    name: "labels withheld in a third of the rows",
    query:
      "SELECT * REPLACE (CASE WHEN date < DATE '2012-01-01' THEN target_1m END AS target_1m, " +
      "CASE WHEN date < DATE '2012-01-01' THEN label_reason ELSE 'old' END AS label_reason) FROM export",
    check: "label_quarantine",
    severity: "error",
    message: /old: /,
  },
  {
    name: "a label in percent",
    query: REPLACE("100 * target_1m AS target_1m"),
    check: "label_definition",
    severity: "error",
    message: /It is the log return in percent, 21 rows ahead\./,
  },
  {
    name: "a label that is a simple return",
    query: REPLACE("exp(target_1m) - 1 AS target_1m"),
    check: "label_definition",
    severity: "error",
    message: /It is the simple return, 21 rows ahead\./,
  },
  {
    name: "a label that is the price itself",
    query: REPLACE("price * exp(target_1m) AS target_1m"),
    check: "label_definition",
    severity: "error",
    message: /It is the price itself, 21 rows ahead\./,
  },
  {
    name: "a label of another horizon",
    query: REPLACE(
      "ln(lead(price, 22) OVER (ORDER BY date) / nullif(greatest(price, 0), 0)) AS target_1m",
    ).replace("FROM export", "FROM (SELECT * REPLACE (greatest(price, 1) AS price) FROM export)"),
    check: "label_definition",
    severity: "error",
    message: /It is the log return, 22 rows ahead\./,
  },
  {
    name: "one wrong label",
    query: REPLACE(
      "CASE WHEN date = DATE '2015-05-05' THEN target_1m + 0.001 ELSE target_1m END AS target_1m",
    ),
    check: "label_definition",
    severity: "error",
    message: /^1 row /,
  },
  {
    name: "a blank price",
    query: REPLACE("CASE WHEN date <> DATE '2015-05-05' THEN price END AS price"),
    check: "price_missing",
    severity: "error",
  },
  {
    name: "a price that doubles for a day last week",
    query: REPLACE("CASE WHEN date = DATE '2025-12-24' THEN 2 * price ELSE price END AS price"),
    check: "outlier",
    severity: "warning",
    message: /newest on 2025-12-26/,
  },
  {
    name: "a price that stands still for three weeks",
    query: REPLACE(
      "CASE WHEN date BETWEEN DATE '2025-06-02' AND DATE '2025-06-24' THEN 62.5 ELSE price END AS price",
    ),
    check: "stuck",
    column: "price",
    severity: "warning",
    message: /62\.5 for 1\d rows/,
  },
  {
    name: "a watched source that stands still for two months",
    query: REPLACE("CASE WHEN date > DATE '2025-10-31' THEN 0.05 ELSE spread END AS spread"),
    check: "stuck",
    column: "spread",
    severity: "error",
    options: { audit: { watch: ["spread"] } },
  },
  {
    name: "the label of another horizon among the features",
    query: "SELECT *, lead(return_5, 5) OVER (ORDER BY date) AS Target_1w FROM export",
    check: "target_among_features",
    column: "Target_1w",
    severity: "error",
  },
  {
    name: "the label in disguise",
    query: "SELECT *, 3 - 250 * target_1m + 0.01 * random() AS sentiment FROM export",
    check: "leak_correlation",
    column: "sentiment",
    severity: "error",
  },
  {
    name: "the label under much noise",
    query: "SELECT *, target_1m + 0.12 * (random() - 0.5) AS sentiment FROM export",
    check: "leak_correlation",
    column: "sentiment",
    severity: "warning",
  },
  {
    name: "tomorrow's price as a feature",
    query: "SELECT *, 42 * lead(price) OVER (ORDER BY date) AS settlement FROM export",
    check: "look_ahead",
    column: "settlement",
    severity: "error",
    message: /the price 1 row later/,
  },
  {
    name: "the price of the label's day as a feature",
    query: "SELECT *, lead(price, 21) OVER (ORDER BY date) AS settlement FROM export",
    check: "look_ahead",
    column: "settlement",
    severity: "error",
    message: /the price 21 rows later/,
  },
  {
    name: "the label of a few rows before, not yet known",
    query: "SELECT *, lag(target_1m, 4) OVER (ORDER BY date) AS momentum_new FROM export",
    check: "look_ahead",
    column: "momentum_new",
    severity: "error",
    message: /the label of 4 rows before/,
  },
  {
    name: "the return over the next three rows",
    query:
      "SELECT *, ln(lead(price, 3) OVER (ORDER BY date) / price) AS drift_3 FROM (SELECT * REPLACE (greatest(price, 1) AS price) FROM export)",
    check: "look_ahead",
    column: "drift_3",
    severity: "error",
    message: /the return over the next 3 rows/,
  },
  {
    name: "one column of ten rewritten for half a year",
    query: REPLACE(
      `CASE WHEN ${HALF_2019} THEN volatility_21 * 1.01 ELSE volatility_21 END AS volatility_21`,
    ),
    check: "history_rewritten",
    severity: "warning",
    options: {
      previous: {
        ...facts,
        // As if the export had ten columns, of which one was rewritten for half a year.
        history: facts.history && {
          ...facts.history,
          column_hashes: Object.fromEntries(
            Object.entries(facts.history.column_hashes).filter(
              ([name]) => name === "volatility_21" || name.startsWith("volatility_1"),
            ),
          ),
        },
      },
    },
  },
  {
    name: "all old prices restated",
    query:
      "SELECT * REPLACE (price * 1.1 AS price, return_1 * 1.1 AS return_1, return_5 * 1.1 AS return_5, " +
      "volatility_21 * 1.1 AS volatility_21, volatility_63 * 1.1 AS volatility_63) FROM export",
    check: "history_rewritten",
    severity: "error",
    options: { previous: facts },
  },
];

for (const offence of OFFENCES) {
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
    REPLACE(
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

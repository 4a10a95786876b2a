import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import type { AuditCheck, AuditReport } from "../../../src/audit/report.ts";
import { truncator } from "../../../src/pipeline/audit/truncation.ts";
import { queryRows, withDuckdb } from "../../../src/system/duckdb.ts";
import { homePaths } from "../../../src/system/home.ts";
import { DemoExports } from "./demo-export.ts";

const HORIZONS = ["1w", "1m", "3m", "6m", "12m"];
const SIGNAL = new AbortController().signal;
const AS_OF = "2025-12-31";

/** The demo's 1m table with more columns; their formulas see one row for each day in order. */
function withColumns(formulas: Record<string, string>): Record<string, string> {
  const columns = Object.entries(formulas).map(([name, formula]) => `${formula} AS ${name}`);
  return {
    "30_planted.sql": `
      ALTER VIEW training.wti_1m RENAME TO honest_1m;
      CREATE VIEW training.wti_1m AS SELECT *, ${columns.join(", ")} FROM training.honest_1m
      WINDOW whole AS (), by_day AS (ORDER BY date);`,
  };
}

async function auditOf(
  demo: DemoExports,
  horizons = HORIZONS,
  proven?: { recipe: string; asOf: string },
): Promise<AuditReport> {
  const { truncate } = await truncator({
    asOf: AS_OF,
    warehouse: demo.warehouse(),
    proven,
    signal: SIGNAL,
  });
  return demo.audit(
    horizons.map((name) => demo.file(name)),
    { truncate },
  );
}

function truncationIn(report: AuditReport, horizon: string): AuditCheck[] {
  const dataset = report.datasets.find((one) => one.horizon === horizon);
  return dataset?.checks.filter(({ id }) => id === "truncated_history") ?? [];
}

const honest = await DemoExports.make();
after(() => honest[Symbol.asyncDispose]());

void test("the demo's features are the same when their future is hidden, in all horizons", async () => {
  const report = await auditOf(honest);
  assert.deepEqual([report.summary.errors, report.summary.warnings], [0, 1]);
  for (const horizon of HORIZONS) {
    const [check] = truncationIn(report, horizon);
    assert.equal(check?.status, "passed", check?.message);
    assert.match(check?.message ?? "", /after 2025-\d\d-\d\d \(\d{4,5} rows\) and 200\d-/);
  }
});

void test("what looks over the whole table or ahead is refused by column, day and both values", async () => {
  const guilty = {
    z_score: "(price - avg(price) OVER whole) / stddev(price) OVER whole",
    scaled: "(price - min(price) OVER whole) / (max(price) OVER whole - min(price) OVER whole)",
    ranked: "percent_rank() OVER (ORDER BY price)",
    centred: "avg(price) OVER (ORDER BY date ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING)",
    next_return: "lead(return_1, 3) OVER by_day",
    month_close:
      "last_value(price) OVER (PARTITION BY date_trunc('month', date) ORDER BY date ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    back_filled:
      "first_value(CASE WHEN hash(date) % 400 = 0 THEN return_21 END IGNORE NULLS) OVER (ORDER BY date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
  };
  const innocent = {
    expanding: "(price - avg(price) OVER by_day) / nullif(stddev(price) OVER by_day, 0)",
    running_high: "max(price) OVER by_day",
    lagged: "lag(price, 30) OVER by_day",
    forward_filled:
      "last_value(CASE WHEN hash(date) % 400 = 0 THEN return_21 END IGNORE NULLS) OVER by_day",
  };
  await using demo = await DemoExports.make(AS_OF, withColumns({ ...guilty, ...innocent }));
  const report = await auditOf(demo, ["1m", "3m"]);
  const found = truncationIn(report, "1m");
  assert.deepEqual(
    new Set(found.map(({ column }) => column)),
    new Set(Object.keys(guilty)),
    found.map(({ message }) => message).join("\n"),
  );
  for (const check of found) {
    assert.equal(check.severity, "error");
    assert.equal(check.status, "failed");
  }
  const scored = found.find(({ column }) => column === "z_score");
  assert.match(
    scored?.message ?? "",
    /^'z_score' of 1986-01-02 is -0\.\d+; without the rows after 20\d\d-\d\d-\d\d it is -?0\.\d+ \(\d+ of \d+ rows differ\): it is made from later rows/,
  );
  assert.deepEqual(Object.keys(scored?.sample[0] ?? {}), ["date", "now", "before"]);
  const next = found.find(({ column }) => column === "next_return");
  assert.match(next?.message ?? "", /is null \(3 of \d+ rows differ\)/);
  assert.equal(truncationIn(report, "3m")[0]?.status, "passed");
});

void test("a column that depends on the day of the run but on no later row is a note", async () => {
  await using demo = await DemoExports.make(AS_OF, withColumns({ age: "($as_of - date)::DOUBLE" }));
  const report = await auditOf(demo, ["1m"]);
  const [check] = truncationIn(report, "1m");
  assert.equal(check?.column, "age");
  assert.equal(check?.severity, "note");
  assert.equal(report.summary.errors, 0);
});

void test("the comparison leaves the warehouse as it was", async () => {
  const file = homePaths(honest.folder).warehouse;
  const content = async () =>
    withDuckdb({ file }, (connection) =>
      queryRows(
        connection,
        `SELECT (SELECT max(date)::VARCHAR FROM training.wti_1w) AS last, (SELECT count(*) FROM wti) AS prices,
           (SELECT as_of::VARCHAR FROM cbi.prepared) AS prepared, (SELECT count(*) FROM cbi.made) AS made`,
      ),
    );
  const before = await content();
  await auditOf(honest, ["1w"]);
  assert.deepEqual(await content(), before);
  assert.equal(before[0]?.["last"], AS_OF);
});

void test("SQL that writes files is not run a second time, and the check says so", async () => {
  await using demo = await DemoExports.make(AS_OF, {
    "90_copy.sql": "COPY (SELECT count(*) AS n FROM wti) TO 'never.csv';".replace(
      "never.csv",
      path.join(honest.folder, "copied.csv"),
    ),
  });
  const copied = path.join(honest.folder, "copied.csv");
  const written = await stat(copied);
  const [check] = truncationIn(await auditOf(demo, ["1w"]), "1w");
  assert.equal(check?.status, "skipped");
  assert.match(check?.message ?? "", /90_copy\.sql:1 \(COPY .* effects outside of the database/);
  assert.equal((await stat(copied)).mtimeMs, written.mtimeMs);
  assert.match(await readFile(copied, "utf8"), /10\d{3}/);
});

void test("SQL that cannot be run on less history is no error of the data", async () => {
  await using demo = await DemoExports.make(AS_OF, {
    "05_strict.sql":
      "CREATE TABLE main.enough AS SELECT CASE WHEN count(*) > 9990 THEN 1 ELSE error('too little') END AS is_enough FROM wti;",
  });
  const [check] = truncationIn(await auditOf(demo, ["1w"]), "1w");
  // The recent cut still has rows enough; half of the history has not.
  assert.equal(check?.status, "passed");
  assert.doesNotMatch(check?.message ?? "", / and 200\d-/);
});

void test("once the SQL has passed, only a recent day is compared, another one each night", async () => {
  const { recipe } = await truncator({
    asOf: AS_OF,
    warehouse: honest.warehouse(),
    proven: undefined,
    signal: SIGNAL,
  });
  assert.ok(recipe);
  const [check] = truncationIn(await auditOf(honest, ["1w"], { recipe, asOf: AS_OF }), "1w");
  assert.equal(check?.status, "passed");
  assert.doesNotMatch(check?.message ?? "", / and /);
});

void test("tables that are made elsewhere are not compared, and the check says what is", async () => {
  const { recompute: _none, ...elsewhere } = honest.warehouse();
  const request = { asOf: AS_OF, warehouse: elsewhere, proven: undefined, signal: SIGNAL };
  const { truncate, recipe } = await truncator(request);
  assert.equal(recipe, null);
  const report = await honest.audit([honest.file("1w")], { truncate });
  const [check] = truncationIn(report, "1w");
  assert.equal(check?.status, "skipped");
  assert.match(check?.message ?? "", /history_rewritten/);
});

void test("tables of large sources are made again when the SQL changes, and not each night", async () => {
  const large = {
    ...honest.warehouse(),
    recompute: {
      recipe: () => Promise.resolve({ fingerprint: "the SQL", isLarge: true }),
      compare: () => Promise.reject(new Error("minutes of work")),
    },
  };
  const request = { asOf: AS_OF, warehouse: large, signal: SIGNAL };
  const proven = { recipe: "the SQL", asOf: "2025-12-30" };
  const { truncate } = await truncator({ ...request, proven });
  const report = await honest.audit([honest.file("1w")], { truncate });
  const [check] = truncationIn(report, "1w");
  assert.equal(check?.status, "skipped");
  assert.match(check?.message ?? "", /2025-12-30, which passed/);
  const { truncate: anew } = await truncator({
    ...request,
    proven: { ...proven, recipe: "older" },
  });
  await assert.rejects(honest.audit([honest.file("1w")], { truncate: anew }), /minutes of work/);
});

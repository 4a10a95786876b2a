import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Rig, QUICK_CONFIG } from "../rig/rig.ts";

const ONE_WEEK = QUICK_CONFIG.replace("{ 1w: 5, 1m: 21 }", "{ 1w: 5 }");

interface Fault {
  name: string;
  /** SQL that runs after the home's own. */
  sql?: string;
  /** Or a change of the price file. */
  prices?: (text: string) => string;
  /** The stage that stops the night, the failure's code and what the reader is told. */
  stage: "export" | "audit";
  code: string;
  says: RegExp;
}

/** Replaces the training table by a query on what it was. */
const table = (query: string): string =>
  `CREATE OR REPLACE TABLE training.before AS SELECT * FROM training.wti_1w;
   CREATE OR REPLACE VIEW training.wti_1w AS ${query};`;

const FAULTS: readonly Fault[] = [
  {
    name: "a table without rows",
    sql: table("SELECT * FROM training.before WHERE false"),
    stage: "export",
    code: "CBI_TABLE_EMPTY",
    says: /training\.wti_1w should have rows up to 2025-12-31; it has none/,
  },
  {
    name: "a label that is null in every row",
    sql: table("SELECT * REPLACE (NULL::DOUBLE AS target_1w) FROM training.before"),
    stage: "audit",
    code: "CBI_AUDIT_REFUSED",
    says: /label/,
  },
  {
    name: "a label column with another name",
    sql: table("SELECT * RENAME (target_1w AS target_7d) FROM training.before"),
    stage: "export",
    code: "CBI_COLUMN_MISSING",
    says: /should have the column 'target_1w' of type DOUBLE; there is none/,
  },
  {
    name: "a price column with another name",
    sql: table("SELECT * RENAME (price AS close) FROM training.before"),
    stage: "export",
    code: "CBI_EXPORT_REFUSED",
    says: /lacks the column 'price'/,
  },
  {
    name: "a date column that became text",
    sql: table("SELECT * REPLACE (date::VARCHAR AS date) FROM training.before"),
    stage: "export",
    code: "CBI_COLUMN_TYPE",
    says: /should have the column 'date' of type DATE; it is VARCHAR/,
  },
  {
    name: "a feature that became text",
    sql: table("SELECT * REPLACE (momentum_252::VARCHAR AS momentum_252) FROM training.before"),
    stage: "audit",
    code: "CBI_AUDIT_REFUSED",
    says: /momentum_252/,
  },
  {
    name: "days that are there twice",
    sql: table(
      "SELECT * FROM training.before UNION ALL SELECT * FROM training.before WHERE date >= DATE '2025-12-01' ORDER BY date",
    ),
    stage: "audit",
    code: "CBI_AUDIT_REFUSED",
    says: /twice|duplicate/i,
  },
  {
    name: "a column that is the label in disguise",
    sql: table("SELECT *, 100 * target_1w + 3 AS sentiment FROM training.before"),
    stage: "audit",
    code: "CBI_AUDIT_REFUSED",
    says: /sentiment/,
  },
  {
    name: "a column that says no more than whether the price will rise",
    sql: table("SELECT *, (target_1w > 0)::DOUBLE AS outlook FROM training.before"),
    stage: "audit",
    code: "CBI_AUDIT_REFUSED",
    says: /leak_rank \(outlook\)/,
  },
  {
    name: "a feature that is scored by the mean and deviation of the whole table",
    sql: table(
      "SELECT *, (return_21 - avg(return_21) OVER ()) / stddev(return_21) OVER () AS score FROM training.before",
    ),
    stage: "audit",
    code: "CBI_AUDIT_REFUSED",
    says: /truncated_history \(score\): 'score' of \d{4}-\d\d-\d\d is -?\d.*; without the rows after .* it is -?\d/,
  },
  {
    name: "a series that stopped weeks ago",
    prices: (text) => text.replace(/^2025-1[12].*\n/gm, ""),
    stage: "audit",
    code: "CBI_AUDIT_REFUSED",
    says: /fresh|behind|sessions/,
  },
  {
    name: "a price file that was cut to its head",
    prices: (text) => text.slice(0, text.indexOf("\n") + 1),
    stage: "export",
    code: "CBI_",
    says: /wti/,
  },
];

for (const fault of FAULTS) {
  void test(`${fault.name} ends the night with 65 in ${fault.stage}, in words that name it`, async (t) => {
    await using rig = await Rig.make(t, ONE_WEEK);
    if (fault.sql !== undefined) await rig.write("TrainingData/prepare/90_fault.sql", fault.sql);
    if (fault.prices) {
      const prices = await rig.read("TrainingData/raw/wti.csv");
      await rig.write("TrainingData/raw/wti.csv", fault.prices(prices));
    }
    const end = await rig.night();
    const verdict = end.events.at(-1);
    assert.equal(verdict?.event, "run-finished");
    assert.equal(verdict.state, "failed");
    assert.ok(verdict.error?.code.startsWith(fault.code), verdict.error?.code);
    assert.match(verdict.error?.message ?? "", fault.says);
    assert.ok(verdict.error?.remedy);
    assert.equal(end.exitCode, 65);
    const { exitCode, status } = await rig.status();
    assert.equal(exitCode, 1);
    assert.equal(status.exit_code, 65);
    assert.equal(status.stages.find(({ state }) => state === "failed")?.name, fault.stage);
    assert.ok(!status.stages.some(({ state }) => state === "running"));
    assert.ok(status.health?.reasons.some((reason) => fault.says.test(reason)));
    assert.deepEqual(await rig.forecasts(), []);
    assert.deepEqual(await rig.models(), []);
    if (fault.stage === "audit") await assertReported(rig, status.run ?? "");
  });
}

void test("refused data take nothing from the night before: champion, models and forecasts stand", async (t) => {
  await using rig = await Rig.make(t, ONE_WEEK);
  assert.equal((await rig.night("--as-of", "2025-12-30")).exitCode, 0);
  const before = [await rig.forecasts(), await rig.models(), rig.champions()];
  await rig.write(
    "TrainingData/prepare/90_fault.sql",
    table("SELECT * FROM training.before WHERE false"),
  );
  assert.equal((await rig.night()).exitCode, 65);
  assert.deepEqual([await rig.forecasts(), await rig.models(), rig.champions()], before);
});

void test("rows after the as-of day are left out of a night, whatever the files hold", async (t) => {
  await using rig = await Rig.make(t, ONE_WEEK);
  const prices = await rig.read("TrainingData/raw/wti.csv");
  const cut = prices.replace(/^2025-12-(0[4-9]|[123]\d).*\n/gm, "");
  assert.equal((await rig.night("--as-of", "2025-12-03")).exitCode, 0);
  const [knowing] = [await rig.forecasts()];
  await using blind = await Rig.make(t, ONE_WEEK);
  await blind.write("TrainingData/raw/wti.csv", cut);
  assert.equal((await blind.night("--as-of", "2025-12-03")).exitCode, 0);
  const facts = (rows: typeof knowing) =>
    rows.map(({ horizon, model_role, price_now, price_predicted, price_low, price_high }) => ({
      horizon,
      model_role,
      price_now,
      price_predicted,
      price_low,
      price_high,
    }));
  assert.ok(knowing.every((row) => row.as_of === "2025-12-03"));
  assert.deepEqual(facts(knowing), facts(await blind.forecasts()));
});

void test("a row of a day to come in the training table is not exported, and predicts nothing", async (t) => {
  await using rig = await Rig.make(t, ONE_WEEK);
  const toCome = table(
    "SELECT * FROM training.before UNION ALL SELECT * REPLACE (DATE '2026-06-30' AS date) FROM training.before WHERE date = DATE '2025-12-30'",
  );
  await rig.write("TrainingData/prepare/90_fault.sql", toCome);
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  const newest = end.events.find(
    ({ stage, event }) => stage === "export" && event === "stage-finished",
  );
  assert.match(String(newest?.["summary"]), /newest 2025-12-31$/);
  assert.deepEqual([...new Set((await rig.forecasts()).map((row) => row.as_of))], ["2025-12-31"]);
});

/** Every check is written down before an error ends the run. */
async function assertReported(rig: Rig, run: string): Promise<void> {
  const text = await readFile(rig.file(`Logs/nightly/${run}/audit.json`), "utf8");
  assert.ok(JSON.parse(text));
  assert.match(await rig.read(`Logs/nightly/${run}/audit.html`), /<html/);
}

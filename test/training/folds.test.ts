import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { configSchema, type Config } from "../../src/config/schema.ts";
import { finalRounds, type FoldPlan, planFolds } from "../../src/training/folds.ts";

type Plan = Extract<FoldPlan, { kind: "plan" }>;

const SEED = 20251231;

/** `count` ISO days in order; weekends do not matter here. */
function days(count: number): string[] {
  const start = Date.UTC(1990, 0, 1);
  return Array.from({ length: count }, (_, index) =>
    new Date(start + index * 86_400_000).toISOString().slice(0, 10),
  );
}

function trainConfig(changes: Partial<Config["train"]> = {}): Config["train"] {
  const config = configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: { kind: "duckdb", sources: { wti: "raw/wti.csv" } },
    price: { table: "wti", date: "date", column: "price" },
    horizons: { "1w": 5 },
  });
  return { ...config.train, ...changes };
}

function planned(plan: FoldPlan): Plan {
  assert.equal(plan.kind, "plan", JSON.stringify(plan));
  return plan;
}

const table = fc.record({
  rows: fc.integer({ min: 50, max: 4000 }),
  horizonRows: fc.integer({ min: 1, max: 300 }),
  folds: fc.integer({ min: 2, max: 8 }),
  fold_rows: fc.integer({ min: 20, max: 300 }),
  publication_lag: fc.integer({ min: 1, max: 10 }),
  window: fc.constantFrom("all", "2y", "5y"),
  holes: fc.array(fc.integer({ min: 0, max: 3999 }), { maxLength: 30 }),
});

/** What the plan must hold for any table: who may learn from whom. */
function assertHonest(plan: Plan, h: number, lag: number, count: number): void {
  for (const { fold, inner, validation, train, test: block } of plan.folds) {
    const name = `fold ${fold}`;
    // The last label of a fit is known, published, before the first row that it is judged on.
    assert.ok(
      train.to - 1 + h + lag <= block.from,
      `${name}: a train label reaches the test block`,
    );
    assert.ok(
      inner.to - 1 + h + lag <= validation.from,
      `${name}: an inner label reaches validation`,
    );
    assert.ok(validation.to <= train.to && inner.from === train.from, name);
    assert.ok(0 <= train.from && block.to <= count, name);
  }
  for (const [index, next] of plan.folds.entries()) {
    const before = plan.folds[index - 1];
    if (before) assert.equal(before.test.to, next.test.from, "test blocks follow each other");
  }
}

void test("no label of a fit reaches the rows it is judged on, whatever the table", () => {
  fc.assert(
    fc.property(table, (drawn) => {
      const labelled = days(drawn.rows).map((_, row) => row < drawn.rows - drawn.horizonRows);
      for (const hole of drawn.holes) if (hole < labelled.length) labelled[hole] = false;
      const plan = planFolds(
        { dates: days(drawn.rows), labelled, horizonRows: drawn.horizonRows },
        trainConfig(drawn),
      );
      if (plan.kind === "refused") {
        assert.notEqual(plan.reason, "");
        return;
      }
      assertHonest(plan, drawn.horizonRows, drawn.publication_lag, drawn.rows);
      assert.ok(plan.folds.length >= 2 && plan.folds.length <= drawn.folds);
      assert.equal(plan.shortfall !== undefined, plan.folds.length < drawn.folds);
      assert.equal(plan.final.to, labelled.lastIndexOf(true) + 1);
      assert.equal(plan.folds.at(-1)?.test.to, plan.final.to);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

void test("the check of honesty catches a plan whose gap is a row short", () => {
  const rows = { dates: days(3000), labelled: days(3000).map(() => true), horizonRows: 21 };
  const plan = planned(planFolds(rows, trainConfig({ window: "all" })));
  assertHonest(plan, 21, 1, 3000);
  const offence = structuredClone(plan);
  const first = offence.folds[0];
  assert.ok(first);
  first.train.to += 1;
  assert.throws(() => assertHonest(offence, 21, 1, 3000), /reaches the test block/);
});

void test("a block at row a allows training rows up to a - h - e exactly", () => {
  const rows = { dates: days(3000), labelled: days(3000).map(() => true), horizonRows: 5 };
  const plan = planned(planFolds(rows, trainConfig({ window: "all", publication_lag: 2 })));
  const last = plan.folds.at(-1);
  assert.equal(last?.test.from, 3000 - 252);
  assert.equal((last?.train.to ?? 0) - 1, 3000 - 252 - 5 - 2);
});

void test("a window of years begins at the first row within it", () => {
  const dates = days(3000);
  const rows = { dates, labelled: dates.map(() => true), horizonRows: 5 };
  const plan = planned(planFolds(rows, trainConfig({ window: "3y", folds: 2 })));
  const start = dates[plan.final.from] ?? "";
  const end = dates.at(-1) ?? "";
  assert.equal(start, `${Number(end.slice(0, 4)) - 3}${end.slice(4)}`);
});

void test("too short a table gives fewer folds with the reason, then none with the reason", () => {
  const dates = days(1500);
  const rows = { dates, labelled: dates.map((_, row) => row < 1500 - 126), horizonRows: 126 };
  const plan = planned(planFolds(rows, trainConfig()));
  assert.equal(plan.folds.length, 3);
  assert.match(
    plan.shortfall ?? "",
    /^3 of 5 folds: before \d{4}-\d\d-\d\d, behind a gap of 127 rows/,
  );
  const short = planFolds(
    { dates: days(400), labelled: days(400).map(() => true), horizonRows: 5 },
    trainConfig(),
  );
  assert.equal(short.kind, "refused");
  const none = planFolds({ dates: [], labelled: [], horizonRows: 5 }, trainConfig());
  assert.deepEqual(none, { kind: "refused", reason: "no row has a label" });
});

void test("the final fit takes the folds' median, grown with its rows by a fifth at most", () => {
  const fold = (bestRounds: number, rounds: number, trainRows = 1000) => ({
    bestRounds,
    rounds,
    trainRows,
  });
  assert.equal(finalRounds([fold(100, 110), fold(10, 10), fold(50, 55)], 1000), 55);
  assert.equal(finalRounds([fold(100, 110)], 5000), 120);
  assert.equal(finalRounds([fold(100, 100), fold(50, 50)], 1000), 75);
  assert.equal(finalRounds([fold(1, 1)], 10), 1);
});

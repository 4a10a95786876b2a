import assert from "node:assert/strict";
import { test } from "node:test";
import { cutsOf, truncationChecks } from "../../src/audit/truncation.ts";
import type { TruncationDifference, TruncationFindings } from "../../src/audit/truncation.ts";

const difference: TruncationDifference = {
  horizon: "1w",
  column: "score",
  cut: "2025-09-01",
  rows: 12,
  rowsCompared: 400,
  date: "2025-08-20",
  now: 0.25,
  before: null,
  cause: "later_rows",
};

function findings(facts: Partial<TruncationFindings> = {}): TruncationFindings {
  return {
    kind: "compared",
    cuts: [{ day: "2025-09-01", rows: 400 }],
    differences: [difference],
    hasOtherTables: false,
    ...facts,
  };
}

const all = () => true;

void test("the error names the column, the first day, both values and how many rows differ", () => {
  const [check] = truncationChecks(findings(), all);
  assert.equal(check?.severity, "error");
  assert.equal(check?.n_failed, 12);
  assert.deepEqual(check?.sample, [{ date: "2025-08-20", now: 0.25, before: null }]);
  assert.match(
    check?.message ?? "",
    /^'score' of 2025-08-20 is 0\.25; without the rows after 2025-09-01 it is null \(12 of 400 rows differ\)/,
  );
});

void test("of two cuts the worse is told, once a column", () => {
  const worse = { ...difference, cut: "2005-01-01", rows: 300 };
  const changed = { ...difference, cut: "2001-01-01", rows: 400, cause: "as_of" as const };
  const checks = truncationChecks(findings({ differences: [difference, worse, changed] }), all);
  assert.deepEqual(
    checks.map(({ observed }) => observed),
    [0.75],
  );
});

void test("what changes with the as-of day alone is a note, or a warning beside tables that are no sources", () => {
  const differences = [{ ...difference, cause: "as_of" as const }];
  assert.equal(truncationChecks(findings({ differences }), all)[0]?.severity, "note");
  const [check] = truncationChecks(findings({ differences, hasOtherTables: true }), all);
  assert.equal(check?.severity, "warning");
});

void test("differences of another horizon are not told of this one", () => {
  assert.equal(truncationChecks(findings(), () => false)[0]?.status, "passed");
});

void test("nothing to compare is no pass, and says why", () => {
  const cuts = [
    { day: "2025-09-01", rows: 0, problem: "10.sql:3: Invalid Input Error: too little" },
  ];
  const [check] = truncationChecks(findings({ cuts, differences: [] }), all);
  assert.equal(check?.status, "skipped");
  assert.match(check?.message ?? "", /too little/);
});

void test("a recent day wanders from night to night, and half-way is tried for new SQL alone", () => {
  const [recent, middle, ...more] = cutsOf("1986-01-02", "2025-12-31", false);
  assert.equal(middle, "2006-01-01");
  assert.deepEqual(more, []);
  assert.deepEqual(cutsOf("1986-01-02", "2025-12-31", true), [recent]);
  const nights = ["2025-12-29", "2025-12-30", "2025-12-31"];
  const days = nights.flatMap((night) => cutsOf("1986-01-02", night, true));
  assert.equal(new Set(days).size, 3);
  for (const day of days) assert.ok(day > "2025-07-31" && day < "2025-10-03", day);
});

void test("a history of a few months leaves nothing to cut", () => {
  assert.deepEqual(cutsOf("2025-09-01", "2025-12-31", false), []);
});

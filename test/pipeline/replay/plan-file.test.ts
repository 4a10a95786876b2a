import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decideStart,
  nightsLeft,
  replaySecondsLeft,
  type ReplayPlan,
} from "../../../src/pipeline/replay/plan-file.ts";

const PLAN: ReplayPlan = {
  schema: 1,
  symbol: "WTI",
  job: "nightly",
  from: "2024-01-02",
  every: 5,
  inputs: { "train of cbi.yaml": "a", "raw/wti.csv": "b", "prepare/10.sql": "c" },
};

void test("a folder without a plan is started, one with the same plan goes on", () => {
  assert.deepEqual(decideStart(undefined, PLAN), { kind: "start" });
  const reordered = {
    ...PLAN,
    inputs: Object.fromEntries(Object.entries(PLAN.inputs).toReversed()),
  };
  assert.deepEqual(decideStart(PLAN, reordered), { kind: "resume" });
});

void test("every difference of what decides the nights is named", () => {
  const differing: [change: Partial<ReplayPlan>, expected: string[]][] = [
    [{ every: 1 }, ["every was 5, now 1"]],
    [{ from: "2024-01-03" }, ["from was 2024-01-02, now 2024-01-03"]],
    [
      { symbol: "BRENT", job: "other" },
      ["symbol was WTI, now BRENT", "job was nightly, now other"],
    ],
    [{ inputs: { ...PLAN.inputs, "raw/wti.csv": "x" } }, ["raw/wti.csv has changed"]],
    [{ inputs: { ...PLAN.inputs, "raw/gas.csv": "x" } }, ["raw/gas.csv is new"]],
    [{ inputs: { "raw/wti.csv": "b" } }, ["prepare/10.sql is gone", "train of cbi.yaml is gone"]],
  ];
  for (const [change, differences] of differing) {
    assert.deepEqual(decideStart(PLAN, { ...PLAN, ...change }), { kind: "refuse", differences });
  }
});

void test("only nights that are not done are left, in order", () => {
  assert.deepEqual(nightsLeft(["1", "2", "3", "4"], new Set(["2", "4"])), ["1", "3"]);
  assert.deepEqual(nightsLeft(["1"], new Set(["1"])), []);
});

void test("the time left is the newest nights' mean for each that is left, less the one under way", () => {
  const left = (nightSeconds: number[], count: number, underWaySeconds = 0): number | undefined =>
    replaySecondsLeft({ nightSeconds, left: count, underWaySeconds });
  assert.equal(left([], 5), undefined);
  assert.equal(left([10, 20], 4), 60);
  assert.equal(left([10, 20], 4, 5), 55);
  assert.equal(left([10], 1, 100), 0);
  assert.equal(left([1000, ...Array.from({ length: 10 }, () => 10)], 2), 20);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { processors, threadsFor, workersThatFit } from "../../src/workers/cpu-budget.ts";

const GIGABYTE = 1024 ** 3;

void test("trainings on few rows have one thread, large ones more up to the processors", () => {
  assert.equal(threadsFor(0, 8), 1);
  assert.equal(threadsFor(9_999, 8), 1);
  assert.equal(threadsFor(99_999, 8), 1);
  assert.equal(threadsFor(200_000, 8), 4);
  assert.equal(threadsFor(10_000_000, 8), 8);
  assert.ok(processors() >= 1);
});

void test("workers times threads stay within the processors, and within memory", () => {
  const budget = {
    asked: "auto",
    cores: 8,
    threads: 1,
    cells: 500_000,
    memoryBytes: 16 * GIGABYTE,
  } as const;
  assert.equal(workersThatFit(budget), 8);
  assert.equal(workersThatFit({ ...budget, threads: 4 }), 2);
  assert.equal(workersThatFit({ ...budget, asked: 3 }), 3);
  assert.equal(workersThatFit({ ...budget, cells: 300_000_000 }), 2);
  assert.equal(workersThatFit({ ...budget, memoryBytes: 1 }), 1);
});

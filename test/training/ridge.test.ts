import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { systemClock } from "../../src/system/clock.ts";
import { createLocalExecutor } from "../../src/training/local-executor.ts";
import { ridgeTasks } from "../../src/training/tasks.ts";
import type { Dataset, RidgeResult, RidgeTask } from "../../src/training/training.ts";
import { PYTHON_OPTIONS, PYTHON_PACKAGE } from "../../src/workers/command.ts";
import { resolvePythonEnvironment } from "../../src/workers/environment.ts";
import { assertSetUp, foldPlanOf, foldsOf, oilTable } from "./oil-tables.ts";

let folder = "";
let month: Dataset;
before(async () => {
  assertSetUp();
  folder = mkdtempSync(path.join(os.tmpdir(), "cbi-ridge-"));
  month = await oilTable(folder, "1m");
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** What a few lines of Python, with the workers' ridge at hand, put into `answer`. */
function python(lines: string): unknown {
  const script = `
import json, sys
sys.path.insert(0, ${JSON.stringify(PYTHON_PACKAGE)})
import numpy as np
from cbi_worker.ridge import PENALTIES, RidgeRegression, best_penalty
null = float("nan")
${lines}
print(json.dumps(answer))
`;
  const { python: interpreter } = resolvePythonEnvironment(process.env);
  const options = [...PYTHON_OPTIONS, "-W", "error", "-c", script];
  const end = spawnSync(interpreter, options, { encoding: "utf8" });
  assert.equal(end.status, 0, end.stderr);
  return JSON.parse(end.stdout);
}

async function ridgeOf(tasks: RidgeTask[], workers: number): Promise<RidgeResult[]> {
  await using executor = createLocalExecutor({
    environment: process.env,
    workers,
    clock: systemClock,
  });
  const results = await executor.train(tasks, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onResult: async () => undefined,
  });
  return tasks.map(({ id }) => {
    const result = results.get(id);
    assert.equal(result?.kind, "ridge");
    return result;
  });
}

async function monthTasks(): Promise<RidgeTask[]> {
  const { candidate } = await foldsOf(month, "lightgbm_gbdt");
  return ridgeTasks(candidate, await foldPlanOf(month));
}

void test("ridge gives the weights worked out by hand; null, constant and empty columns add nothing", () => {
  // Standardised, the first column is -1, 1, -1, 1; the targets less their mean 1 are the same. So
  // its weight is 1 / (1 + penalty). The second column never varies, the third is never known.
  const predicted = python(`
train = np.array([[3, 5, null], [5, 5, null], [3, 5, null], [5, 5, null]], dtype=np.float32)
model = RidgeRegression(train, np.array([0.0, 2.0, 0.0, 2.0]))
rows = np.array([[5, 5, null], [4, 7, 3], [null, null, null], [4.5, -9, 1]], dtype=np.float32)
answer = [model.predict(rows, penalty).tolist() for penalty in (1.0, 3.0)]
`);
  assert.deepEqual(predicted, [
    [1.5, 1, 1, 1.25],
    [1.25, 1, 1, 1.125],
  ]);
});

void test("ridge agrees with least squares on rows lengthened by the penalty, in one block and in two", () => {
  // Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, exercise 3.12.
  const differences = python(`
answer = []
for rows in (300, 20000):
    generator = np.random.default_rng(7)
    x = generator.normal(3, [1, 50, 0.01], (rows, 3)).astype(np.float32)
    y = x @ [0.1, -0.002, 4] + generator.normal(0, 1, rows)
    z = (x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)) / x.std(axis=0, dtype=np.float64)
    for penalty in PENALTIES:
        long = np.vstack([z, np.sqrt(rows * penalty) * np.identity(3)])
        weights = np.linalg.lstsq(long, np.append(y - y.mean(), [0, 0, 0]), rcond=None)[0]
        predicted = RidgeRegression(x, y).predict(x, penalty)
        answer.append(float(np.abs(predicted - (y.mean() + z @ weights)).max()))
`);
  for (const difference of z.array(z.number()).parse(differences)) {
    assert.ok(difference < 1e-9, String(difference));
  }
});

void test("a row far from all that the fit has seen is predicted no further than its targets", () => {
  const predicted = python(`
train = np.array([[3], [5], [3], [5]], dtype=np.float32)
model = RidgeRegression(train, np.array([0.0, 2.0, 0.0, 2.0]))
answer = model.predict(np.array([[3e38], [-3e38]], dtype=np.float32), 0.001).tolist()
`);
  assert.deepEqual(predicted, [2, 0]);
});

void test("the penalty is the one of the lowest error on the validation rows, the strongest on a tie", () => {
  const chosen = python(`
generator = np.random.default_rng(7)
x = generator.normal(0, 1, (400, 5)).astype(np.float32)
line, noise = x @ np.array([1.0, -1, 2, 0, 1]), generator.normal(0, 1, 400)
same = np.ones((400, 5), dtype=np.float32)
cut = lambda features, y: ((features[:200], y[:200]), (features[200:], y[200:]))
answer = [best_penalty(*cut(*case))[0] for case in ((x, line), (x, noise), (same, noise))]
`);
  const [line, noise, same] = z.array(z.number()).parse(chosen);
  assert.equal(line, 0.001);
  assert.ok((noise ?? 0) >= 10);
  assert.equal(same, 100);
});

void test("ridge on real prices predicts every test row as the folds of the models do, each time the same", async () => {
  const tasks = await monthTasks();
  assert.deepEqual(
    tasks.map(({ id }) => id),
    ["1m-ridge-fold0", "1m-ridge-fold1", "1m-ridge-fold2"],
  );
  const first = await ridgeOf(tasks, 1);
  const again = await ridgeOf(tasks.toReversed(), 2);
  const facts = ({ cpuSeconds: _cpu, wallSeconds: _wall, ...rest }: RidgeResult) => rest;
  assert.deepEqual(again.toReversed().map(facts), first.map(facts));
  for (const [place, result] of first.entries()) {
    const task = tasks[place];
    assert.ok(task);
    assert.equal(result.rows.length, task.test.to - task.test.from);
    assert.ok(result.trainRows <= task.train.to - task.train.from);
    assert.ok(result.rows.every((row) => row.fold === task.fold && Math.abs(row.predicted) < 0.3));
    assert.ok(new Set(result.rows.map((row) => row.predicted)).size > 50);
  }
});

void test("what comes after the training rows does not reach the fit", async () => {
  const [task] = await monthTasks();
  assert.ok(task);
  const short = { from: task.test.from, to: task.test.from + 10 };
  const [whole] = await ridgeOf([task], 1);
  const [part] = await ridgeOf([{ ...task, test: short }], 1);
  assert.equal(part?.penalty, whole?.penalty);
  assert.equal(part?.rows.length, 10);
  for (const [place, { predicted }] of part.rows.entries()) {
    // A product of fewer rows may be summed in another order.
    assert.ok(Math.abs(predicted - (whole?.rows[place]?.predicted ?? 9)) < 1e-12);
  }
});

void test("25 folds of ridge cost well below a processor second besides the worker's start", async () => {
  const [task] = await monthTasks();
  assert.ok(task);
  const tasks = Array.from({ length: 25 }, (_none, at) => ({ ...task, id: `1m-ridge-fold${at}` }));
  const results = await ridgeOf(tasks, 1);
  // The first pays for the imports.
  const cpuSeconds = results.slice(1).reduce((sum, result) => sum + result.cpuSeconds, 0);
  assert.ok(cpuSeconds < 1, `${cpuSeconds} s`);
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { systemClock } from "../../src/system/clock.ts";
import { hashFile } from "../../src/system/files.ts";
import type { Dataset } from "../../src/training/training.ts";
import { childrenOf, livesStill } from "./processes.ts";
import { assertSetUp, foldsOf, oilTable, trainConfig } from "../training/oil-tables.ts";

let folder = "";
let month: Dataset;
before(async () => {
  assertSetUp();
  folder = mkdtempSync(path.join(os.tmpdir(), "cbi-orphans-"));
  month = await oilTable(folder, "1m");
});
after(() => rmSync(folder, { recursive: true, force: true }));

void test("SIGKILL of the orchestrator in the middle of a training leaves no worker alive", async () => {
  // Long trainings, so that the workers are deep in the libraries when their parent dies.
  const train = trainConfig({ rounds_max: 5000, patience: 1000 });
  const { tasks } = await foldsOf(month, "xgboost_dart", train);
  const { tasks: others } = await foldsOf(month, "lightgbm_dart", train);
  assert.equal(month.sha256, await hashFile(month.file));
  const parent = spawn(process.execPath, [path.join(import.meta.dirname, "train-forever.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  parent.stdin.end(JSON.stringify([tasks[0], others[0]]));
  const training = new Set<string>();
  for await (const line of createInterface({ input: parent.stdout })) {
    training.add(line);
    if (training.size === 2) break;
  }
  const workers = childrenOf(parent.pid ?? 0);
  assert.equal(workers.length, 2);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  for (let tries = 0; workers.some(livesStill); tries++) {
    assert.ok(tries < 100, `still alive after 5 s: ${workers.filter(livesStill).join(", ")}`);
    await systemClock.sleep(50);
  }
});

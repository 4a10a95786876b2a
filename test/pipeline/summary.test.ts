import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { evaluateNight } from "../../src/evaluation/evaluate.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { insertRun, type RunRecord, updateStage } from "../../src/ledger/runs.ts";
import { nightResult, nightSummary } from "../../src/pipeline/summary.ts";
import { homePaths } from "../../src/system/home.ts";
import { processIdentity } from "../../src/system/process-identity.ts";
import { temporaryFolder } from "../contract/warehouse.ts";
import { nightRequest } from "../evaluation/night.ts";

async function summaryOf(stage: { cost?: object; reusedFrom?: string }): Promise<string> {
  await using folder = await temporaryFolder();
  const paths = homePaths(folder.path);
  const { evaluation } = evaluateNight(nightRequest());
  const file = path.join(folder.path, "evaluation.json");
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(evaluation));
  using ledger = Ledger.open(":memory:");
  const run: RunRecord = {
    id: "r1",
    job: "nightly",
    slot: undefined,
    trigger: "person",
    state: "running",
    asOf: "2025-12-31",
    startedMs: 0,
    endedMs: undefined,
    owner: processIdentity(),
    version: "0",
    configHash: "",
    exitCode: undefined,
    error: undefined,
    warnings: [],
  };
  insertRun(ledger, run, ["evaluate"]);
  const declared = { path: "evaluation.json", sha256: "0".repeat(64) };
  const { cost, reusedFrom } = stage;
  const output = { evaluation: declared, report: declared, decisions: [], matured: 0, cost };
  updateStage(ledger, "r1", "evaluate", {
    state: "done",
    output: JSON.stringify(output),
    ...(reusedFrom !== undefined && { reusedFrom }),
  });
  const result = await nightResult(paths, ledger, "r1");
  assert.ok(result);
  return nightSummary(result).join("\n");
}

void test("the summary of a night says what was estimated and billed, once and for what was paid", async () => {
  const cost = { bytes_estimated: 40_000_000, bytes_billed: 41_943_040 };
  const line = "The warehouse billed 41.9 MB; the estimate was 40.0 MB.\nreport: ";
  assert.equal((await summaryOf({ cost })).includes(line), true);
  assert.equal((await summaryOf({})).includes("billed"), false);
  assert.equal((await summaryOf({ cost, reusedFrom: "r0" })).includes("billed"), false);
});

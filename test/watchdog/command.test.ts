import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { Ledger } from "../../src/ledger/ledger.ts";
import { newestRuns } from "../../src/ledger/runs.ts";
import { newestSlots } from "../../src/ledger/slots.ts";
import { cbi } from "../cli/support.ts";
import { pollUntil, processesMarked } from "../rig/processes.ts";

const ENTRY = path.resolve(import.meta.dirname, "../../src/cli/cbi.ts");
const reportSchema = z.looseObject({
  findings: z.array(z.looseObject({ key: z.string(), being_healed: z.boolean() })),
  acts: z.array(z.object({ act: z.string(), job: z.string(), message: z.string() })),
  alerts: z.array(z.unknown()),
  open: z.array(z.looseObject({ key: z.string() })),
});

let home = "";
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), "cbi-watchdog-"));
  const argv = JSON.stringify([process.execPath, "work.mjs"]);
  // The first start hangs, the second ends well.
  await writeFile(
    path.join(home, "work.mjs"),
    `import { existsSync, writeFileSync } from "node:fs";
if (!existsSync("was-here")) { writeFileSync("was-here", ""); setInterval(() => undefined, 1000); }\n`,
  );
  await writeFile(
    path.join(home, "cbi.yaml"),
    `version: 1
symbol: WTI
zone: America/New_York
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
jobs:
  scan: { kind: command, schedule: ['0 0 * * *'], argv: ${argv} }
  missed: { kind: command, schedule: ['0 0 * * *'], argv: ['${process.execPath}', '-e', '0'], catch_up: { policy: all } }
`,
  );
});
after(() => rm(home, { recursive: true, force: true }));

void test("a pass buries a killed run, ends its orphan, and catches up what nothing started", async () => {
  assert.equal(cbi(["watchdog", "--home", home]).status, 0);
  yesterdayCounts();
  const run = spawn(process.execPath, [ENTRY, "run", "scan", "--scheduled", "--home", home], {
    stdio: "ignore",
  });
  await pollUntil("the program works", () => orphans().length === 1);
  run.kill("SIGKILL");
  await new Promise((resolve) => run.once("close", resolve));
  assert.equal(orphans().length, 1, "it outlives its killed run");

  const planned = report(cbi(["watchdog", "--dry-run", "--json", "--home", home]).stdout);
  assert.deepEqual(planned.acts.map(({ act, job }) => `${act} ${job}`).sort(), [
    "bury scan",
    "catch-up missed",
    "catch-up scan",
  ]);
  assert.equal(orphans().length, 1, "a dry run ends nothing");

  const ended = cbi(["watchdog", "--json", "--home", home]);
  const healed = report(ended.stdout);
  assert.equal(ended.status, 0, ended.stdout + ended.stderr);
  assert.deepEqual(healed.open, []);
  assert.match(
    healed.acts.find(({ act }) => act === "bury")?.message ?? "",
    /left a process running/,
  );
  assert.deepEqual(orphans(), []);
  using ledger = Ledger.open(path.join(home, "Logs", "ledger.db"));
  for (const job of ["scan", "missed"]) {
    const [slot] = newestSlots(ledger, { job, limit: 1 });
    assert.equal(slot?.verdict, "done", job);
  }
  const states = newestRuns(ledger, { job: "scan", limit: 9 }).map(({ state }) => state);
  assert.deepEqual(states, ["done", "interrupted"]);
  const log = await readFile(path.join(home, "Logs", "nightly", "watchdog.log"), "utf8");
  assert.match(log, /"act":"bury"/);
});

void test("a second pass finds nothing to do", () => {
  const again = report(cbi(["watchdog", "--json", "--home", home]).stdout);
  assert.deepEqual([again.acts, again.alerts, again.open], [[], [], []]);
});

/** Lets the slots of the last midnight count, as if the jobs had been there for two days. */
function yesterdayCounts(): void {
  using ledger = Ledger.open(path.join(home, "Logs", "ledger.db"));
  const sinceMs = Date.now() - 36 * 3_600_000;
  ledger.run("UPDATE job SET since_ms = ?, through_ms = ?, next_due_ms = NULL", sinceMs, sinceMs);
}

function orphans(): number[] {
  return processesMarked(`CBI_HOME=${home}`);
}

function report(text: string): z.infer<typeof reportSchema> {
  return reportSchema.parse(JSON.parse(text));
}

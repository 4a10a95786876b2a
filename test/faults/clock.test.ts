import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Ledger } from "../../src/ledger/ledger.ts";
import { newestRuns } from "../../src/ledger/runs.ts";
import { newestSlots } from "../../src/ledger/slots.ts";
import { systemClock } from "../../src/system/clock.ts";
import type { CbiStart } from "../rig/cbi-process.ts";
import { pollUntil } from "../rig/processes.ts";
import { Rig } from "../rig/rig.ts";

const HOUR_MS = 3_600_000;
const PRELOAD = pathToFileURL(path.resolve(import.meta.dirname, "../rig/shifted-clock.ts")).href;

function configOf(script: string, timeout = "1m"): string {
  return `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  beat: { kind: command, argv: [sh, -c, '${script}'], every: 1d, zone: UTC, timeout: ${timeout}, grace: 1s }
`;
}

void test("a clock that is set back and forward runs no slot twice and believes nothing that it cannot", async (t) => {
  await using rig = await Rig.make(t, configOf("echo started >> starts"));
  await rig.cbi(["jobs", "enable", "beat"]);
  await makeDue(rig);
  const scheduled = async (shiftMs: number): Promise<number | null> => {
    await rig.write("clock", String(shiftMs));
    const end = await rig.cbi(["run", "beat", "--scheduled"], shifted(rig));
    return end.exitCode;
  };
  assert.equal(await scheduled(0), 0);
  assert.deepEqual(slots(rig), ["done"]);
  assert.equal(await scheduled(-3 * HOUR_MS), 77, "the clock is behind the ledger");
  assert.equal(await scheduled(0), 0);
  assert.equal(await scheduled(24 * HOUR_MS), 0);
  assert.deepEqual(slots(rig), ["done", "done"]);
  assert.equal(await scheduled(0), 77);
  assert.equal(await scheduled(24 * HOUR_MS), 0);
  assert.equal(await startsOf(rig), 2);
});

void test("a clock that jumps in mid-run neither ends the command nor its slot", async (t) => {
  const waiting = "echo started >> starts; while ! test -f go; do sleep 0.05; done";
  await using rig = await Rig.make(t, configOf(waiting, "30s"));
  await rig.cbi(["jobs", "enable", "beat"]);
  await makeDue(rig);
  const run = rig.start(["run", "beat", "--scheduled"], shifted(rig));
  await pollUntil("the command runs", async () => (await startsOf(rig)) === 1);
  for (const shiftMs of [2 * HOUR_MS, -2 * HOUR_MS, HOUR_MS]) {
    await rig.write("clock", String(shiftMs));
    // A tick of the supervisor's at least.
    await systemClock.sleep(100);
  }
  await rig.write("go", "");
  const end = await run.ended;
  assert.equal(end.exitCode, 0, end.stderr);
  assert.deepEqual(slots(rig), ["done"]);
});

void test("time in which the machine sleeps counts for no deadline", async (t) => {
  // SIGSTOP to all of it is what sleep does to processes, and the monotonic clock goes on as a Mac's does.
  const script = "echo $$ > pid; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done";
  await using rig = await Rig.make(t, configOf(script, "8s"));
  await rig.cbi(["jobs", "enable", "beat"]);
  await makeDue(rig);
  const run = rig.start(["run", "beat", "--scheduled"]);
  const pidOf = async (): Promise<number> =>
    Number.parseInt(await readFile(rig.file("pid"), "utf8").catch(() => ""), 10);
  await pollUntil("the command runs", async () => (await pidOf()) > 0);
  const pid = await pidOf();
  process.kill(run.pid, "SIGSTOP");
  process.kill(-pid, "SIGSTOP");
  await systemClock.sleep(20_000);
  process.kill(-pid, "SIGCONT");
  process.kill(run.pid, "SIGCONT");
  const end = await run.ended;
  assert.equal(end.exitCode, 0, end.stdout + end.stderr);
  assert.deepEqual(slots(rig), ["done"]);
  using ledger = Ledger.open(rig.paths.ledger);
  assert.deepEqual(
    newestRuns(ledger, { job: "beat", limit: 5 }).map(({ state }) => state),
    ["done"],
  );
});

function shifted(rig: Rig): Partial<CbiStart> {
  return {
    environment: {
      NODE_OPTIONS: `--import=${PRELOAD}`,
      CBI_TEST_CLOCK_FILE: rig.file("clock"),
    },
  };
}

/** Registers the job as if a day and a bit ago: one slot is due. */
async function makeDue(rig: Rig): Promise<void> {
  using ledger = Ledger.open(rig.paths.ledger);
  const ms = systemClock.now() - 24 * HOUR_MS;
  ledger.run("UPDATE job SET since_ms = ?, through_ms = ?, next_due_ms = NULL", ms, ms);
}

function slots(rig: Rig): (string | undefined)[] {
  using ledger = Ledger.open(rig.paths.ledger);
  return newestSlots(ledger, { job: "beat", limit: 10 }).map(({ verdict }) => verdict);
}

async function startsOf(rig: Rig): Promise<number> {
  const text = await readFile(rig.file("starts"), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

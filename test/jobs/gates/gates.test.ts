import assert from "node:assert/strict";
import { mkdir, utimes } from "node:fs/promises";
import { test } from "node:test";
import { configSchema } from "../../../src/config/schema.ts";
import type { Home } from "../../../src/config/home.ts";
import { gate as gateSchema } from "../../../src/config/gates-schema.ts";
import { realGates } from "../../../src/jobs/gates/home-gates.ts";
import type { GateVerdict, Invocation } from "../../../src/jobs/ports.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { claimSlot, endSlot } from "../../../src/ledger/slots.ts";
import { SkippingClock } from "../../rig/skipping-clock.ts";
import { JobUnderTest, script } from "../job-under-test.ts";

void test("a file's own date decides, not the file's time", async () => {
  await using job = await JobUnderTest.make();
  const fresh = { fresh: "state/list.csv", as_of_column: "date" };
  assert.equal((await ask(job, fresh)).outcome, "hold");
  await job.write("state/list.csv", "symbol,date\nCL,2026-11-19\nBZ,2026-11-19\n");
  const stale = await ask(job, fresh);
  assert.equal(stale.outcome, "hold");
  assert.equal(stale.evidence, "state/list.csv is of 2026-11-19, expected 2026-11-20");
  assert.equal((await ask(job, { ...fresh, as_of: "{as_of}" })).outcome, "pass");
  await job.write("state/list.csv", 'symbol,date\n"C,L",2026-11-20\nBZ,2026-11-19\n');
  assert.equal((await ask(job, fresh)).outcome, "pass");
  await job.write("state/list.csv", "symbol,date\nCL,2026-11-21\n");
  assert.equal((await ask(job, fresh)).outcome, "hold");
});

void test("a date that cannot be told is an error, not a hold", async () => {
  await using job = await JobUnderTest.make();
  const fresh = { fresh: "list.csv", as_of_column: "date" };
  const offences = [
    ["symbol,date\n", /no rows/],
    ["symbol,date\nCL,\n", /expected a date in every row/],
    ["symbol,date\nCL,2026-11-20\nBZ,tomorrow\n", /'tomorrow'/],
    ["symbol,date\nCL,2026-13-40\n", /2026-13-40/],
    ["symbol,day\nCL,2026-11-20\n", /date/],
    ["", /cannot be read as a table|no rows/],
    ["\u0000\u0001\u0002", /./],
  ] as const;
  for (const [text, says] of offences) {
    await job.write("list.csv", text);
    const verdict = await ask(job, fresh);
    assert.equal(verdict.outcome, "error", text);
    assert.match(verdict.evidence, says, text);
  }
  await mkdir(`${job.paths.root}/folder.csv`);
  assert.equal((await ask(job, { fresh: "folder.csv", as_of_column: "date" })).outcome, "error");
});

void test("a time inside a file is of the day that it is in the job's zone", async () => {
  await using job = await JobUnderTest.make();
  const fresh = { fresh: "state.json", as_of_key: "meta.updated" };
  const table: [unknown, GateVerdict["outcome"]][] = [
    ["2026-11-20", "pass"],
    ["2026-11-21T03:30:00Z", "pass"],
    ["2026-11-21T05:30:00Z", "hold"],
    ["2026-11-20T08:30:00.123456-05:00", "pass"],
    ["2026-11-20 08:30:00", "pass"],
    ["yesterday", "error"],
    [1_763_600_000, "error"],
  ];
  for (const [updated, outcome] of table) {
    await job.write("state.json", JSON.stringify({ meta: { updated } }));
    assert.equal((await ask(job, fresh)).outcome, outcome, String(updated));
  }
  await job.write("state.json", "{}");
  assert.equal((await ask(job, fresh)).outcome, "error");
});

void test("without a place inside, the file's time counts in the job's zone, or its age", async () => {
  await using job = await JobUnderTest.make();
  const file = await job.write("list.csv", "x");
  const writtenMs = Date.parse("2026-11-21T04:30:00Z");
  await utimes(file, writtenMs / 1000, writtenMs / 1000);
  assert.equal((await ask(job, { fresh: "list.csv" })).outcome, "pass");
  job.clock = new SkippingClock(undefined, "2026-11-21T05:00:00Z");
  assert.equal((await ask(job, { fresh: "list.csv", max_age: "1h" })).outcome, "pass");
  assert.equal((await ask(job, { fresh: "list.csv", max_age: "29m" })).outcome, "hold");
});

void test("free room is what this user may take", async () => {
  await using job = await JobUnderTest.make();
  assert.equal((await ask(job, { disk: "1MB" })).outcome, "pass");
  assert.equal((await ask(job, { disk: "999999TB" })).outcome, "hold");
  assert.equal((await ask(job, { disk: "1MB", path: "no/such/folder" })).outcome, "error");
});

void test("a confirm token passes when it equals a file that only its owner may read", async () => {
  await using job = await JobUnderTest.make();
  const confirm = { confirm: { variable: "LIVE_TOKEN", file: "live-token" }, on_error: "pass" };
  assert.match((await ask(job, confirm)).evidence, /LIVE_TOKEN is not set/);
  job.environment["LIVE_TOKEN"] = "yes-i-mean-it";
  assert.match((await ask(job, confirm)).evidence, /live-token is not there/);
  await job.write("live-token", "yes-i-mean-it\n", 0o644);
  const open = await ask(job, confirm);
  assert.equal(open.outcome, "hold");
  assert.match(open.evidence, /others may read it/);
  await job.write("closed", "yes-i-mean-it\n", 0o600);
  const closed = { confirm: { variable: "LIVE_TOKEN", file: "closed" } };
  assert.equal((await ask(job, closed)).outcome, "pass");
  await job.write("group", "yes-i-mean-it\n", 0o640);
  const group = { confirm: { variable: "LIVE_TOKEN", file: "group" } };
  assert.equal((await ask(job, group)).outcome, "hold");
  for (const given of ["yes-i-mean-i", "yes-i-mean-itt", "", "YES-I-MEAN-IT"]) {
    job.environment["LIVE_TOKEN"] = given;
    const verdict = await ask(job, closed);
    assert.equal(verdict.outcome, "hold");
    assert.ok(!/yes-i|YES-I/.test(verdict.evidence), verdict.evidence);
  }
  await job.write(".env", "LIVE_TOKEN=yes-i-mean-it\n", 0o600);
  assert.equal((await ask(job, closed, { env_file: ".env" })).outcome, "pass");
  await job.write("void", "\n", 0o600);
  job.environment["LIVE_TOKEN"] = "\n";
  const empty = { confirm: { variable: "LIVE_TOKEN", file: "void" } };
  assert.equal((await ask(job, empty)).outcome, "hold");
});

void test("a program's exit code is pass, hold or error, its last words the evidence", async () => {
  await using job = await JobUnderTest.make();
  const table: [number, GateVerdict["outcome"]][] = [
    [0, "pass"],
    [75, "hold"],
    [77, "hold"],
    [1, "error"],
    [127, "error"],
  ];
  for (const [code, outcome] of table) {
    const verdict = await ask(job, { command: ["sh", "-c", `echo {as_of}; exit ${code}`] });
    assert.deepEqual(verdict, { outcome, evidence: `exit code ${code}: 2026-11-19` });
  }
  const absent = await ask(job, { command: ["no-such-program-at-all"] });
  assert.deepEqual(absent.outcome, "error");
  assert.match(absent.evidence, /there is no program/);
  assert.equal((await ask(job, { command: ["sh", "-c", "kill -9 $$"] })).outcome, "error");
  job.clock = new SkippingClock((ms) => ms > 6_000);
  const slow = await ask(job, { command: script("setInterval(() => {}, 1000)") });
  assert.deepEqual(slow, { outcome: "error", evidence: "it took longer than 60 s" });
  assert.deepEqual(job.processes(), []);
});

void test("another job's slot of the same day must be done, its outputs in order still", async () => {
  await using job = await JobUnderTest.make();
  const home = homeWith(job);
  const output = { output: "scan" };
  const asked = () => ask(job, output, {}, { home, job: "trade" });
  assert.equal((await asked()).outcome, "hold");
  await mkdir(job.paths.logs);
  using ledger = Ledger.open(job.paths.ledger);
  const dueMs = Date.parse("2026-11-20T13:00:00Z");
  const slot = { job: "scan", name: "2026-11-20T08:00", run: "r1", nowMs: dueMs };
  claimSlot(ledger, { ...slot, dueMs, day: "2026-11-20", isCatchUp: false });
  assert.deepEqual(await asked(), {
    outcome: "hold",
    evidence: "scan@2026-11-20T08:00 is not done yet",
  });
  endSlot(ledger, { ...slot, verdict: "done", reason: undefined });
  assert.match((await asked()).evidence, /is done, but out\/2026-11-20.json is not there/);
  const file = await job.write("out/2026-11-20.json", '{"date":"2026-11-19"}');
  assert.equal((await asked()).outcome, "pass");
  await job.write("out/2026-11-20.json", '{"date":"2026-11-18"}');
  assert.equal((await asked()).outcome, "hold");
  await job.write("out/2026-11-20.json", '{"date":"2026-11-19"}');
  await utimes(file, dueMs / 1000 - 60, dueMs / 1000 - 60);
  assert.match((await asked()).evidence, /older than 2026-11-20T13:00:00Z/);
  const later = await ask(
    job,
    output,
    {},
    {
      home,
      job: "trade",
      slot: { name: "2026-11-23T08:30", dueMs: dueMs + 3 * 86_400_000, day: "2026-11-23" },
    },
  );
  assert.deepEqual(later, { outcome: "hold", evidence: "scan@2026-11-23T08:00 is not done" });
});

void test("of several slots of a day the newest that was due by then must be done", async () => {
  await using job = await JobUnderTest.make();
  const home = homeWith(job, ["0 8 * * *", "0 12 * * *"]);
  await mkdir(job.paths.logs);
  using ledger = Ledger.open(job.paths.ledger);
  await job.write("out/2026-11-20.json", '{"date":"2026-11-19"}');
  const at = (hour: string) => {
    const name = `2026-11-20T${hour}`;
    const slot = { name, dueMs: Date.parse(`${name}:00-05:00`), day: "2026-11-20" };
    return ask(job, { output: "scan" }, {}, { home, job: "trade", slot });
  };
  const finish = (hour: string) => {
    const dueMs = Date.parse(`2026-11-20T${hour}:00-05:00`);
    const slot = { job: "scan", name: `2026-11-20T${hour}`, run: `r${hour}`, nowMs: dueMs };
    claimSlot(ledger, { ...slot, dueMs, day: "2026-11-20", isCatchUp: false });
    endSlot(ledger, { ...slot, verdict: "done", reason: undefined });
  };
  assert.equal((await at("07:00")).evidence, "no slot of scan on 2026-11-20 is done");
  finish("08:00");
  assert.equal((await at("07:00")).outcome, "pass");
  assert.equal((await at("11:59")).outcome, "pass");
  assert.equal((await at("12:30")).evidence, "scan@2026-11-20T12:00 is not done");
  finish("12:00");
  assert.equal((await at("12:00")).outcome, "pass");
});

function homeWith(job: JobUnderTest, schedule = ["0 8 * * *"]): Home {
  const config = configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: { kind: "duckdb", sources: { wti: "raw/wti.csv" } },
    price: { table: "wti", date: "date", column: "price" },
    horizons: { "1w": 5 },
    jobs: {
      scan: {
        kind: "command",
        schedule,
        argv: ["true"],
        outputs: [{ path: "out/{slot_date}.json", as_of_key: "date" }],
      },
      trade: { kind: "command", argv: ["true"], gates: [{ output: "scan" }] },
    },
  });
  // Gates look at a home's paths and configuration alone.
  return { paths: job.paths, config } as Home;
}

async function ask(
  job: JobUnderTest,
  gate: Record<string, unknown>,
  settings: Record<string, unknown> = {},
  rest: Partial<Invocation> = {},
): Promise<GateVerdict> {
  const invocation = job.invocation({ argv: ["true"], ...settings }, rest);
  return realGates.ask(gateSchema.parse(gate), invocation, job.world());
}

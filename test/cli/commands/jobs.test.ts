import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { catalog } from "../../../src/cli/catalog.ts";
import { dispatch } from "../../../src/cli/dispatch.ts";
import { Failure } from "../../../src/system/failure.ts";
import { SkippingClock } from "../../rig/skipping-clock.ts";
import { keptContext } from "../support.ts";

const BASE = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
`;
const JOBS = `jobs:
  scan: { kind: command, argv: [sh, -c, 'exit 0'], schedule: ['30 8 * * *'], days: session, tags: [broker], group: broker }
  sums: { kind: command, argv: [sh, -c, 'exit 3'], schedule: ['30 8 * * *'], group: broker }
`;
/** A Friday, noon in New York. */
const FRIDAY = "2026-11-20T17:00:00Z";
const HOUR = 3_600_000;
const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

void test("next shows a week of the jobs on both clocks, and why some slots do not run", async () => {
  const home = new CliHome();
  const shown = await home.json("next", "--explain", "--json");
  assert.equal(shown.length, 14);
  assert.deepEqual(shown[0], {
    job: "scan",
    slot: "2026-11-21T08:30",
    due: "2026-11-21T13:30:00Z",
    local: "2026-11-21T08:30:00-05:00",
    here: here("2026-11-21T13:30:00Z"),
    note: null,
    moved_from: null,
    skipped: "a weekend",
    collides_with: [],
  });
  const monday = shown.filter(({ slot }) => slot === "2026-11-23T08:30");
  assert.deepEqual(
    monday.map(({ job, collides_with }) => [job, collides_with]),
    [
      ["scan", ["sums"]],
      ["sums", ["scan"]],
    ],
  );
  const thanksgiving = shown.find(({ job, slot }) => job === "scan" && slot === "2026-11-26T08:30");
  assert.equal(thanksgiving?.["skipped"], "XNYS closed: Thanksgiving Day");
  const short = await home.json("next", "--job", "scan", "--days", "4", "--json");
  assert.deepEqual(
    short.map(({ slot }) => slot),
    ["2026-11-23T08:30", "2026-11-24T08:30"],
  );
});

void test("next keeps a schedule of one's own and the jobs of a home apart", async () => {
  const home = new CliHome();
  await assert.rejects(
    home.run("next", "--job", "scan", "--cron", "@daily"),
    isUsage(/--job is for/),
  );
  await assert.rejects(home.run("next", "--job", "scam"), isUsage(/there is no job 'scam'/));
});

void test("a plan says what would start and be recorded, and changes nothing", async () => {
  const home = new CliHome();
  assert.deepEqual(await home.json("catchup", "--plan", "--json"), []);
  await home.run("catchup");
  home.clock.advance(72 * HOUR);
  const plan = await home.json("catchup", "--plan", "--json");
  assert.deepEqual(
    plan.map(({ job, would, slot }) => [job, would, slot]),
    [
      ["scan", "start", "2026-11-23T08:30"],
      ["sums", "start", "2026-11-23T08:30"],
    ],
  );
  assert.deepEqual(plan[1]?.["would_record"], [
    { slot: "2026-11-21T08:30", verdict: "superseded", reason: "2026-11-23T08:30 came after it" },
    { slot: "2026-11-22T08:30", verdict: "superseded", reason: "2026-11-23T08:30 came after it" },
  ]);
  assert.deepEqual(await home.json("slots", "--json"), []);
  assert.deepEqual(
    await home.json("catchup", "--plan", "--json"),
    plan,
    "a second look is the same",
  );
});

void test("catchup does what the plan said, and slots tells it", async () => {
  const home = new CliHome();
  await home.run("catchup");
  home.clock.advance(72 * HOUR);
  assert.equal((await home.run("catchup", "--json")).exitCode, 1, "sums fails");
  const slots = await home.json("slots", "--json");
  assert.deepEqual(slots.map(({ job, slot, verdict }) => [job, slot, verdict].join(" ")).sort(), [
    "scan 2026-11-23T08:30 done",
    "sums 2026-11-21T08:30 superseded",
    "sums 2026-11-22T08:30 superseded",
    "sums 2026-11-23T08:30 failed",
  ]);
  const since = await home.json("slots", "--job", "sums", "--since", "2026-11-23", "--json");
  assert.equal(since.length, 1);
  const again = await home.run("catchup");
  assert.equal(again.exitCode, 0);
  assert.match(again.stdout, /nothing is due; the next slot is due 2026-11-24T13:30:00.000Z/);
});

void test("a disabled job says who and why, starts nothing, and starts again when it is enabled", async () => {
  const home = new CliHome();
  await home.run("catchup");
  await home.run("jobs", "disable", "sums", "--why", "new feed", "--who", "ann");
  const listed = await home.json("jobs", "list", "--json");
  assert.deepEqual(
    listed.map(({ job, enabled, disabled }) => [job, enabled, disabled]),
    [
      ["scan", true, null],
      ["sums", false, "disabled by ann: new feed"],
    ],
  );
  home.clock.advance(24 * HOUR);
  assert.equal((await home.run("run", "sums", "--scheduled")).exitCode, 0);
  const [slot] = await home.json("slots", "--job", "sums", "--json");
  assert.deepEqual([slot?.["verdict"], slot?.["reason"]], ["skipped", "disabled by ann: new feed"]);
  await home.run("jobs", "enable", "sums");
  home.clock.advance(24 * HOUR);
  assert.equal((await home.run("run", "sums", "--scheduled")).exitCode, 1);
  const shown = await home.object("jobs", "show", "sums", "--json");
  assert.deepEqual([shown["last_slot"], shown["last_verdict"]], ["2026-11-22T08:30", "failed"]);
  const tagged = await home.json("jobs", "list", "--tag", "broker", "--json");
  assert.deepEqual(
    tagged.map(({ job }) => job),
    ["scan"],
  );
});

void test("a clock behind the ledger holds until a person trusts it", async () => {
  const home = new CliHome();
  await home.run("catchup");
  home.clock.advance(24 * HOUR);
  await home.run("catchup");
  home.clock.advance(-6 * HOUR);
  const held = await home.run("run", "scan", "--scheduled");
  assert.equal(held.exitCode, 77);
  assert.match(held.stdout, /behind the newest record/);
  assert.equal((await home.run("catchup", "--job", "scan", "--trust-clock")).exitCode, 0);
  assert.equal((await home.run("run", "scan", "--scheduled")).exitCode, 0);
});

void test("a slot that the calendar leaves out runs by name or as today's, with the reason kept", async () => {
  const home = new CliHome();
  await home.run("catchup");
  home.clock.advance(24 * HOUR);
  await assert.rejects(home.run("run", "scan", "--slot", "2026-11-21T08:30"), isUsage(/a weekend/));
  const forced = await home.run(
    "run",
    "scan",
    "--scheduled",
    "--ignore-calendar",
    "--why",
    "audit",
    "--who",
    "ann",
  );
  assert.equal(forced.exitCode, 0);
  const [slot] = await home.json("slots", "--json");
  assert.deepEqual(
    [slot?.["slot"], slot?.["verdict"], slot?.["reason"]],
    ["2026-11-21T08:30", "done", "the calendar was ignored by ann: audit"],
  );
});

void test("options that contradict each other or the job's kind are mistakes", async () => {
  const home = new CliHome();
  await assert.rejects(
    home.run("run", "scan", "--scheduled", "--slot", "x"),
    isUsage(/exclude each other/),
  );
  await assert.rejects(
    home.run("run", "scan", "--scheduled", "--as-of", "2026-11-20"),
    isUsage(/decides by itself/),
  );
  await assert.rejects(home.run("run", "scan", "--force"), isUsage(/scan is a command/));
});

interface Row extends Record<string, unknown> {
  job?: unknown;
  slot?: unknown;
}

/** A home on disk, its commands run in this process on a clock by hand. */
class CliHome {
  readonly clock = new SkippingClock(() => false, FRIDAY);
  readonly #folder: string;

  constructor() {
    this.#folder = mkdtempSync(path.join(os.tmpdir(), "cbi-jobs-"));
    folders.push(this.#folder);
    writeFileSync(path.join(this.#folder, "cbi.yaml"), BASE + JOBS);
  }

  async run(...words: string[]): Promise<{ exitCode: number; stdout: string }> {
    const context = keptContext({
      clock: this.clock,
      workingDirectory: this.#folder,
      environment: { PATH: process.env["PATH"] },
    });
    const exitCode = await dispatch(words, context, catalog);
    return { exitCode, stdout: context.written() };
  }

  async json(...words: string[]): Promise<Row[]> {
    return JSON.parse((await this.run(...words)).stdout) as Row[];
  }

  async object(...words: string[]): Promise<Row> {
    return JSON.parse((await this.run(...words)).stdout) as Row;
  }
}

/** An instant on this machine's clock, as `Intl` shows it. */
function here(instant: string): string {
  const zone = new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  const offset = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  const name = offset
    .formatToParts(Date.parse(instant))
    .find(({ type }) => type === "timeZoneName");
  const text = (name?.value ?? "").replace("GMT", "");
  return `${format.format(Date.parse(instant)).replace(" ", "T")}${text === "" ? "+00:00" : text}`;
}

function isUsage(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exit, 64, error.message);
    assert.match(error.message, message);
    return true;
  };
}

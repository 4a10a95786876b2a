import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Resident } from "../../src/watchdog/resident.ts";
import { DONE, RoadUnderTest } from "../jobs/road-under-test.ts";
import { CbiProcess } from "../rig/cbi-process.ts";
import { pollUntil } from "../rig/processes.ts";

const MINUTE = 60_000;

function residentOf(under: RoadUnderTest): {
  resident: Resident;
  said: string[];
  watched: number[];
} {
  const said: string[] = [];
  const watched: number[] = [];
  const resident = new Resident({
    openRoad: () => under.road,
    watch: () => Promise.resolve(void watched.push(under.clock.now())),
    beat: () => Promise.resolve(),
    say: (message) => void said.push(message),
  });
  return { resident, said, watched };
}

/** Lets what a tick began come to its end, but for the job that hangs. */
async function settle(resident: Resident): Promise<void> {
  await pollUntil("the jobs have ended", () => resident.atWork.every((job) => job === "hangs"));
}

void test("a tick starts what is due once, however often it comes", async () => {
  const jobs = `{ scan: { kind: command, schedule: ['30 8 * * *'], argv: [x] } }`;
  using under = new RoadUnderTest(jobs, "2026-11-20T13:28:10Z");
  const { resident, watched } = residentOf(under);
  for (let minute = 0; minute < 90; minute++) {
    await resident.tick();
    await resident.tick();
    await settle(resident);
    under.clock.advance(MINUTE);
  }
  assert.deepEqual(under.slots("scan"), ["2026-11-20T08:30 done"]);
  assert.equal(watched.length, 2, "the watchdog looks every hour");
});

void test("after a sleep the next tick catches up by the job's policy", async () => {
  const jobs = `{ scan: { kind: command, schedule: ['30 8 * * *'], argv: [x] } }`;
  using under = new RoadUnderTest(jobs, "2026-11-17T12:00:10Z");
  const { resident } = residentOf(under);
  await resident.tick();
  under.clock.advance(3 * 24 * 60 * MINUTE + 2 * 60 * MINUTE);
  await resident.tick();
  await resident.drain();
  assert.equal(under.ran.length, 1);
  assert.equal(under.slots("scan").at(-1), "2026-11-20T08:30 done");
});

void test("a job that hangs and one that throws leave the others alone, and the end waits", async () => {
  const jobs = `{ hangs: { kind: command, every: 1h, argv: [x] }, throws: { kind: command, every: 1h, argv: [x] },
    works: { kind: command, every: 1h, argv: [x] } }`;
  using under = new RoadUnderTest(jobs, "2026-11-20T12:30:10Z");
  // Runs that start side by side need ids that differ.
  let drawn = 0;
  const random = { fraction: () => 0.5, hex: () => String(drawn++).padStart(6, "0") };
  under.road = { ...under.road, world: { ...under.road.world, random } };
  let release = (): void => undefined;
  under.onRun = async ({ job }) => {
    if (job === "hangs") await new Promise<void>((resolve) => (release = resolve));
    if (job === "throws") throw new Error("a bug");
    return DONE;
  };
  const { resident } = residentOf(under);
  await resident.tick();
  for (let hour = 0; hour < 3; hour++) {
    under.clock.advance(60 * MINUTE);
    await resident.tick();
    await pollUntil("it hangs", () => under.ran.some(({ job }) => job === "hangs"));
    await settle(resident);
  }
  assert.equal(under.ran.filter(({ job }) => job === "works").length, 3);
  assert.equal(under.ran.filter(({ job }) => job === "hangs").length, 1);
  assert.deepEqual(resident.atWork, ["hangs"]);
  let hasDrained = false;
  const drained = resident.drain().then(() => (hasDrained = true));
  await settle(resident);
  assert.equal(hasDrained, false);
  release();
  await drained;
  under.clock.advance(60 * MINUTE);
  await resident.tick();
  assert.deepEqual(resident.atWork, [], "after the end nothing starts");
});

void test("the resident mode serves a home alone, beats, and ends in good order", async () => {
  const home = await mkdtemp(path.join(os.tmpdir(), "cbi-daemon-"));
  try {
    await writeFile(
      path.join(home, "cbi.yaml"),
      `version: 1
symbol: WTI
zone: America/New_York
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
jobs: { scan: { kind: command, schedule: ['0 0 1 1 *'], argv: ['true'] } }
`,
    );
    const start = { environment: { PATH: process.env["PATH"] }, workingDirectory: home };
    const first = new CbiProcess(["daemon"], start);
    await first.untilSaid("serving");
    const beatFile = path.join(home, "Logs", "daemon.heartbeat.json");
    const beats = async (): Promise<string> => readFile(beatFile, "utf8").catch(() => "");
    await pollUntil("it beats", async () => (await beats()).includes('"alive"'));
    const second = await new CbiProcess(["daemon"], start).ended;
    assert.equal(second.exitCode, 75);
    first.kill("SIGTERM");
    const end = await first.ended;
    assert.equal(end.exitCode, 0, end.stderr);
    assert.match(end.stdout, /ended\n$/);
    assert.match(await readFile(beatFile, "utf8"), /"ended"/);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

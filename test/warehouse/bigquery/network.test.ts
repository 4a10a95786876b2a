import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import type { Host } from "../../../src/host/host.ts";
import { runByPerson } from "../../../src/jobs/person.ts";
import { Chain } from "../../../src/pipeline/chain.ts";
import { runPipeline } from "../../../src/pipeline/runner.ts";
import type { Stage } from "../../../src/pipeline/stage.ts";
import { predictOutputSchema, type PredictOutput } from "../../../src/pipeline/stages/predict.ts";
import { uploadStage } from "../../../src/pipeline/stages/upload.ts";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { watchdogPass } from "../../../src/watchdog/pass.ts";
import { forecast, seed } from "../../contract/warehouse.ts";
import { RoadUnderTest } from "../../jobs/road-under-test.ts";
import { FakeBigQuery } from "../../rig/bigquery-fake.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { bigqueryHome, seedTables } from "./home.ts";

const HOUR = 3_600_000;
const NIGHTLY = "{ nightly: { kind: pipeline, schedule: ['0 1 * * *'] } }";
const noHost: Host = {
  name: "no host",
  state: () => Promise.resolve({ isInUse: false, jobs: new Map(), canWake: false, wakesMs: [] }),
};

const predictStage: Stage<"predict", object, PredictOutput> = {
  name: "predict",
  version: 1,
  output: predictOutputSchema,
  limits: { attempts: 1, deadlineMs: 60_000 },
  fingerprint: async (_input, context) => context.asOf,
  run: async (_input, { asOf }) => ({
    forecasts: [
      forecast({ as_of: asOf, target_date: "2024-01-31" }),
      forecast({ as_of: asOf, target_date: "2024-01-31", algorithm: "xgboost_dart" }),
    ],
    champions: [],
    path: "",
    sha256: "",
  }),
  outputs: () => [],
  summarize: () => "",
};

void test("a machine that wakes without a network misses the slot, and the watchdog catches it up", async () => {
  await using fake = await FakeBigQuery.start();
  // Every wait but that for a stage's deadline passes at once.
  const clock = new ManualClock("2024-01-09T05:00:00Z", (ms) => ms < 60_000);
  await using home = await bigqueryHome({ rest: fake.rest }, { network_wait: "2m" }, clock);
  await seedTables(home, seed());
  using under = new RoadUnderTest(NIGHTLY, "2024-01-09T05:00:00Z");
  await mkdir(under.road.home.paths.logs, { recursive: true });
  under.road = {
    ...under.road,
    world: { ...under.road.world, clock },
    runNight: async (_home, request, world) =>
      runPipeline(
        { ...request, asOf: "2024-01-08" },
        {
          paths: under.road.home.paths,
          config: home.config,
          configHash: "",
          version: "0",
          codeHash: "code",
          chain: Chain.empty().add(predictStage).add(uploadStage),
          clock,
          random: systemRandom,
          calendar: calendarNamed("XNYS"),
          warehouse: home.open(),
          openExecutor: () => Promise.reject(new Error("nothing is trained")),
          emit: world.emit,
          signal: world.signal,
        },
      ),
  };
  const pass = () =>
    watchdogPass(
      {
        openRoad: () => under.road,
        host: noHost,
        uptime: () => ({ boot: "b", uptimeMs: clock.now() }),
        tell: () => undefined,
      },
      { isDryRun: false },
    );

  await under.scheduled("nightly");
  clock.advance(2 * HOUR);
  const arrive = await fake.leave();
  const before = clock.now();
  const end = await under.scheduled("nightly");
  assert.equal(end.exitCode, 69);
  assert.deepEqual(under.slots("nightly"), ["2024-01-09T01:00 missed"]);
  assert.match(under.reasons("nightly")[0] ?? "", /^network: 127\.0\.0\.1:\d+ cannot be reached: /);
  const minutes = (clock.now() - before) / 60_000;
  assert.equal(minutes > 2 && minutes < 12, true, `${minutes} minutes of waiting`);

  clock.advance(HOUR);
  const still = await pass();
  assert.deepEqual(
    still.open.map(({ key }) => key),
    ["missed:nightly"],
  );
  assert.match(still.findings[0]?.message ?? "", /nightly@2024-01-09T01:00 was missed: network: /);
  const job = under.road.jobs.find("nightly");
  assert.ok(job);
  const person = await runByPerson(under.road, job, {});
  assert.equal(person.exitCode, 69);
  assert.equal(person.status.error?.code, "CBI_NETWORK_UNAVAILABLE");

  await arrive();
  clock.advance(HOUR);
  const healed = await pass();
  assert.deepEqual(under.slots("nightly"), ["2024-01-09T01:00 done"]);
  assert.deepEqual(healed.open, []);
  await pass();
  assert.equal((await home.open().forecasts({ symbol: "WTI" })).length, 2);
  assert.equal(fake.jobs("cbi-merge-").length, 1);
  using runs = new DatabaseSync(under.road.home.paths.ledger);
  const states = runs.prepare("SELECT state FROM run ORDER BY rowid").all();
  assert.deepEqual(
    states.map((row) => row["state"]),
    ["failed", "failed", "failed", "done"],
  );
});

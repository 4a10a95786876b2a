import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSlots, exampleHome, ExampleWeek } from "./example-home.ts";
import { sessions, steps, type Rule } from "./rules.ts";

/** `market_open`: from the open until before the close. */
const everyFiveMinutes: Rule = ({ isSession, close }) =>
  isSession ? steps("09:30", close === "13:00" ? "12:55" : "15:55", 5) : [];

const RULES: Record<string, Rule> = {
  "queue-option-contracts": sessions("08:00"),
  "load-enhanced-market-data": sessions("08:30"),
  "validate-ib-connection": sessions("08:45"),
  "schedule-935": sessions("09:35"),
  "collect-option-snapshots": everyFiveMinutes,
  "collect-futures-snapshots": everyFiveMinutes,
  "calculate-intraday-statistics": ({ isSession, close }) =>
    isSession ? steps("10:00", close === "13:00" ? "12:00" : "15:00", 60) : [],
  "final-data-collection": ({ isSession, close }) =>
    isSession ? [close === "13:00" ? "13:15" : "16:15"] : [],
  "calculate-daily-statistics": sessions("18:00"),
  "validate-data-quality": sessions("18:30"),
  "load-historical-data": ({ weekday }) => (weekday === 6 ? ["10:00"] : []),
  "audit-data-integrity": ({ weekday }) => (weekday === 6 ? ["11:00"] : []),
  "cleanup-old-data": ({ weekday }) => (weekday === 7 ? ["08:00"] : []),
  "health-check": ({ isHoliday }) => (isHoliday ? [] : steps("00:00", "23:45", 15)),
  "validate-positions": ({ isHoliday }) => (isHoliday ? [] : steps("00:00", "23:00", 60)),
  "state-backup": () => ["19:30"],
};

void test("et-scheduler: every job is due when its rule says, for 400 days", async () => {
  assertSlots(await exampleHome("et-scheduler"), RULES);
});

const JOBS = [
  "validate-ib-connection",
  "schedule-935",
  "final-data-collection",
  "calculate-daily-statistics",
  "validate-data-quality",
  "audit-data-integrity",
  "cleanup-old-data",
  "state-backup",
];

void test("et-scheduler: Thanksgiving week, with an early close and a price that comes late", async () => {
  await using week = await ExampleWeek.make("et-scheduler", {
    utc: "2025-11-24T05:00:00Z",
    through: "2025-11-24",
  });
  await makeReady(week);
  await week.goOn(JOBS, "2025-11-25T05:00:00Z");
  assert.deepEqual(await week.slots("schedule-935"), ["2025-11-24T09:35 done"]);

  // Tuesday: the gateway is down for good (exit code 2), so that nothing is queued for trading; the
  // vendor's price of the day comes while the statistics wait for their second attempt.
  await week.write("gateway", "down");
  week.onWait = (job) => {
    if (job === "calculate-daily-statistics") week.deliver("2025-11-25");
  };
  await week.goOn(JOBS, "2025-11-26T05:00:00Z");
  assert.equal((await week.slots("validate-ib-connection")).at(-1), "2025-11-25T08:45 failed");
  assert.equal(week.attempts("validate-ib-connection").at(-1), "fatal");
  assert.match(
    (await week.reason("schedule-935", "2025-11-25T09:35")) ?? "",
    /gate output: validate-ib-connection@2025-11-25T08:45 ended as failed/,
  );
  assert.deepEqual(week.attempts("calculate-daily-statistics").slice(-2), ["retry", "done"]);
  assert.equal((await week.slots("validate-data-quality")).at(-1), "2025-11-25T18:30 done");

  // Wednesday: no price at all. The attempts end, and the check behind the gate is held, not run on old data.
  await week.write("gateway", "up");
  await week.goOn(JOBS, "2025-11-27T05:00:00Z");
  assert.equal((await week.slots("calculate-daily-statistics")).at(-1), "2025-11-26T18:00 failed");
  assert.equal((await week.slots("validate-data-quality")).at(-1), "2025-11-26T18:30 skipped");
  assert.match(
    (await week.reason("validate-data-quality", "2025-11-26T18:30")) ?? "",
    /gate fresh: reports\/statistics-2025-11-26.json is not there/,
  );

  // Thanksgiving, the early close of the day after, and the weekend's own jobs.
  week.deliver("2025-11-28");
  await week.goOn(JOBS, "2025-12-01T05:00:00Z");
  assert.deepEqual((await week.slots("final-data-collection")).slice(-2), [
    "2025-11-26T16:15 done",
    "2025-11-28T13:15 done",
  ]);
  assert.equal((await week.slots("validate-data-quality")).at(-1), "2025-11-28T18:30 done");
  assert.deepEqual(await week.slots("audit-data-integrity"), ["2025-11-29T11:00 done"]);
  const audit: unknown = JSON.parse(await week.read("reports/audit-2025-11-28.json"));
  assert.ok((((audit as { rows?: unknown }).rows ?? 0) as number) > 9000, "of real prices");
  assert.deepEqual(await week.slots("cleanup-old-data"), ["2025-11-30T08:00 done"]);
  assert.deepEqual(await week.list("data/snapshots"), ["chain_2025-11-24.csv", "notes.txt"]);

  const backups = await week.list("backups");
  assert.equal(backups.length, 7, "on the holiday too");
  const command = ["python3", "../commands/state_backup.py", "restore"] as const;
  const restored = await week.run(...command, `backups/${backups.at(-1)}`, "--into", "restored");
  assert.equal(restored.exitCode, 0);
  assert.equal(
    await week.read("restored/reports/quality-2025-11-28.json"),
    await week.read("reports/quality-2025-11-28.json"),
  );
});

/** What the user brings, with their exit codes: 0 success, 1 recoverable, 2 fatal. */
async function makeReady(week: ExampleWeek): Promise<void> {
  await week.write("config/production.yaml", "scheduler: {}\n");
  await week.write("data/snapshots/chain_2024-10-01.csv", "old");
  await week.write("data/snapshots/chain_2025-11-24.csv", "young");
  await week.write("data/snapshots/notes.txt", "of no day");
  await week.write("gateway", "up");
  await week.write(
    "scripts/validate_ib_connection.py",
    `import sys\nsys.exit(0 if open("gateway").read() == "up" else 2)\n`,
  );
  for (const name of ["schedule_935_et", "final_data_collection"]) {
    await week.write(`scripts/${name}.py`, "");
  }
}

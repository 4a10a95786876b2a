import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSlots, exampleHome, ExampleWeek } from "./example-home.ts";
import { sessions, steps, type Rule } from "./rules.ts";

const RULES: Record<string, Rule> = {
  "env-sanity": sessions("05:00"),
  "daily-etl": sessions("05:15"),
  "data-quality": sessions("05:45"),
  "auto-trader": ({ isSession, close }) =>
    isSession ? steps("09:30", close === "13:00" ? "12:30" : "15:30", 30) : [],
  "nightly-backfill": () => ["02:05"],
  monitoring: () => steps("00:05", "23:05", 60),
  "ticker-discovery": ({ weekday }) => (weekday === 1 ? ["03:00"] : []),
  optimizer: ({ weekday }) => (weekday === 1 ? ["03:30"] : []),
  "ts-threshold-sweep": ({ weekday }) => (weekday === 1 ? ["04:00"] : []),
  "transaction-costs": ({ dayOfMonth }) => (dayOfMonth === 1 ? ["04:15"] : []),
  "brutal-suite": undefined,
  "state-backup": () => ["01:30"],
};

void test("portfolio-cron: every job is due when its rule says, for 400 days", async () => {
  assertSlots(await exampleHome("portfolio-cron"), RULES);
});

void test("portfolio-cron: a week with a stale price, a leaked secret and Good Friday", async () => {
  await using week = await ExampleWeek.make("portfolio-cron", {
    utc: "2025-04-14T04:00:00Z",
    through: "2025-04-14",
  });
  await makeReady(week);
  const jobs = ["state-backup", "nightly-backfill", "env-sanity", "daily-etl", "data-quality"];
  await week.goOn([...jobs, "auto-trader"], "2025-04-15T04:00:00Z");
  assert.deepEqual(await week.slots("env-sanity"), ["2025-04-14T05:00 done"]);
  assert.match(await week.read("logs/etl.txt"), /^AAPL,MSFT,GOOGL 2020-01-01 2025-04-11 live$/m);

  // Tuesday: others may read the secrets, and nothing that touches money starts.
  await week.write(".env", "BROKER_KEY=very-secret\n", 0o644);
  await week.goOn([...jobs, "auto-trader"], "2025-04-16T04:00:00Z");
  assert.equal((await week.slots("env-sanity")).at(-1), "2025-04-15T05:00 failed");
  assert.equal((await week.slots("daily-etl")).at(-1), "2025-04-15T05:15 skipped");
  assert.match(
    (await week.reason("daily-etl", "2025-04-15T05:15")) ?? "",
    /gate output: env-sanity@2025-04-15T05:00 ended as failed/,
  );
  const traded = await week.slots("auto-trader");
  assert.equal(traded.filter((slot) => /^2025-04-14T\S+ done$/.test(slot)).length, 13);
  assert.equal(traded.filter((slot) => /^2025-04-15T\S+ skipped$/.test(slot)).length, 13);

  // Wednesday: Tuesday's price comes ten minutes late.
  await week.write(".env", "BROKER_KEY=very-secret\n", 0o600);
  let hasWaited = false;
  week.onWait = (job) => {
    if (job !== "data-quality" || hasWaited) return;
    hasWaited = true;
    week.deliver("2025-04-16");
  };
  await week.goOn(jobs, "2025-04-17T04:00:00Z");
  assert.deepEqual(week.attempts("data-quality").slice(-2), ["retry", "done"]);
  const report: unknown = JSON.parse(await week.read("reports/quality-2025-04-15.json"));
  assert.equal((report as { last?: unknown }).last, "2025-04-15");

  // Good Friday: the market's jobs have no slot, the machine's have.
  await week.goOn(jobs, "2025-04-20T04:00:00Z");
  for (const job of ["env-sanity", "daily-etl", "data-quality"]) {
    assert.match((await week.slots(job)).at(-1) ?? "", /^2025-04-17T\S+ done$/, job);
  }
  assert.deepEqual(
    await week.slots("nightly-backfill"),
    ["14", "15", "16", "17", "18", "19"].map((day) => `2025-04-${day}T02:05 skipped`),
  );

  const backups = await week.list("backups");
  assert.deepEqual(
    backups,
    ["14", "15", "16", "17", "18", "19"].map((day) => `portfolio_202504${day}_013000.tar.gz`),
  );
  const archive = `backups/${backups.at(-1)}`;
  const restored = await week.run(
    "python3",
    "../commands/state_backup.py",
    "restore",
    archive,
    "--into",
    "restored",
  );
  assert.equal(restored.exitCode, 0);
  const ask = `import sqlite3; print(sqlite3.connect("restored/data/portfolio_maximizer.db").execute("SELECT count(*) FROM trades").fetchone()[0])`;
  assert.equal((await week.run("python3", "-c", ask)).stdout, "13\n");
});

/** What the user brings: an interpreter of their own, configuration, database, and the multiplexer script. */
async function makeReady(week: ExampleWeek): Promise<void> {
  await week.run("python3", "-m", "venv", "--without-pip", "simpleTrader_env");
  await week.write("config/pipeline_config.yml", "pipeline: {}\n");
  await week.write(".env", "BROKER_KEY=very-secret\n", 0o600);
  await week.write("data/.keep", "");
  const make = `import sqlite3; d = sqlite3.connect("data/portfolio_maximizer.db"); d.execute("CREATE TABLE trades (at TEXT)"); d.commit()`;
  await week.run("python3", "-c", make);
  await week.write(
    "bash/production_cron.sh",
    `set -eu
mkdir -p logs
case "$1" in
daily_etl) echo "$CRON_TICKERS $CRON_START_DATE $CRON_END_DATE $CRON_EXEC_MODE" >> logs/etl.txt ;;
auto_trader) python3 -c 'import os, sqlite3
d = sqlite3.connect(os.environ["PORTFOLIO_DB_PATH"])
d.execute("INSERT INTO trades VALUES (?)", (os.environ["CBI_SLOT"],))
d.commit()' ;;
*) exit 64 ;;
esac
`,
  );
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { pollUntil } from "../rig/processes.ts";
import { assertSlots, exampleHome, ExampleWeek } from "./example-home.ts";
import { sessions, steps, type Rule } from "./rules.ts";

const RULES: Record<string, Rule> = {
  "data-check": sessions("08:00"),
  environment: sessions("08:15"),
  scan: sessions("08:30"),
  execution: sessions("08:40"),
  "execution-live": sessions("08:40"),
  preflight: sessions("08:50"),
  "heartbeat-check": ({ isSession, close }) => (isSession ? steps("09:30", close, 30) : []),
  "state-backup": () => ["18:00"],
};

void test("avwap-systemd: every job is due when its rule says, for 400 days", async () => {
  assertSlots(await exampleHome("avwap-systemd"), RULES);
});

const MORNING = ["data-check", "environment", "scan", "preflight"];

void test("avwap-systemd: the week of Independence Day, with a list that was put back", async () => {
  await using week = await ExampleWeek.make("avwap-systemd", {
    utc: "2025-06-30T04:00:00Z",
    through: "2025-07-03",
  });
  await makeReady(week);

  // Monday: scan, execution on today's list, one process, its end five minutes after the close.
  await week.goOn(MORNING.slice(0, 3), "2025-06-30T12:40:01Z");
  const monday = await executionDay(week, "2025-06-30T20:06:00Z", ["preflight"]);
  assert.deepEqual(monday, { processes: 1, left: 0 });
  assert.deepEqual(await week.slots("execution"), ["2025-06-30T08:40 done"]);
  assert.deepEqual(await week.slots("preflight"), ["2025-06-30T08:50 done"]);
  await week.goOn(["state-backup"], "2025-07-01T04:00:00Z");

  // Tuesday: the scan fails once. Somebody enables real orders, and has no token.
  const config = await week.read("cbi.yaml");
  const live = config.indexOf("enabled: false", config.indexOf("execution-live:"));
  assert.ok(live > 0);
  await week.write(
    "cbi.yaml",
    `${config.slice(0, live)}${config.slice(live).replace("false", "true")}`,
  );
  await week.write("flaky", "");
  await week.goOn(MORNING.slice(0, 3), "2025-07-01T12:40:01Z");
  assert.deepEqual(week.attempts("scan").slice(-2), ["retry", "done"]);
  await week.beginInVain("execution-live");
  assert.match(
    (await week.reason("execution-live", "2025-07-01T08:40")) ?? "",
    /gate confirm: LIVE_CONFIRM_TOKEN/,
  );
  await week.write("cbi.yaml", config);
  await week.goOn(["state-backup"], "2025-07-02T04:00:00Z");

  // Wednesday: the scan is done, and then a deployment puts yesterday's list back: a young file, old inside.
  await week.goOn(MORNING.slice(0, 3), "2025-07-02T12:40:01Z");
  assert.equal((await week.slots("scan")).at(-1), "2025-07-02T08:30 done");
  await week.write("daily_candidates.csv", "symbol,scan_date\nAAPL,2025-07-01\n");
  await week.beginInVain("execution");
  assert.equal((await week.slots("execution")).at(-1), "2025-07-02T08:40 skipped");
  assert.match(
    (await week.reason("execution", "2025-07-02T08:40")) ?? "",
    /gate fresh: daily_candidates.csv is of 2025-07-01, expected 2025-07-02/,
  );
  assert.deepEqual(week.processes(), []);
  await week.goOn(["state-backup"], "2025-07-03T04:00:00Z");

  // Thursday ends early, Friday is Independence Day.
  await week.goOn(MORNING.slice(0, 3), "2025-07-03T12:40:01Z");
  assert.deepEqual(await executionDay(week, "2025-07-03T17:06:00Z", ["heartbeat-check"]), {
    processes: 1,
    left: 0,
  });
  assert.equal((await week.slots("execution")).at(-1), "2025-07-03T08:40 done");
  const beats = await week.slots("heartbeat-check");
  assert.ok(beats.includes("2025-07-03T09:30 done"), beats.join("\n"));
  await week.goOn(
    [...MORNING, "execution", "heartbeat-check", "state-backup"],
    "2025-07-06T04:00:00Z",
  );
  for (const job of ["data-check", "environment", "scan", "execution"]) {
    assert.match((await week.slots(job)).at(-1) ?? "", /^2025-07-03T/, job);
  }

  const backups = await week.list("backups");
  assert.deepEqual(
    backups,
    ["0630", "0701", "0702", "0703", "0704", "0705"].map((day) => `avwap_2025${day}_180000.tar.gz`),
  );
  const command = ["python3", "../commands/state_backup.py", "restore"] as const;
  const restored = await week.run(...command, `backups/${backups.at(-1)}`, "--into", "restored");
  assert.equal(restored.exitCode, 0);
  assert.match(await week.read("restored/daily_candidates.csv"), /2025-07-03/);
  const ask = `import sqlite3; print(sqlite3.connect("restored/data/execution_v2.sqlite").execute("SELECT count(*) FROM starts").fetchone()[0])`;
  assert.equal((await week.run("python3", "-c", ask)).stdout, "2\n");
});

/** Lets the execution loop live from now on to an instant after its end, and counts its processes. */
async function executionDay(
  week: ExampleWeek,
  endUtc: string,
  jobs: readonly string[],
): Promise<{ processes: number; left: number }> {
  const heartbeat = "state/execution_heartbeat.json";
  const before = await week.read(heartbeat).catch(() => "");
  const ended = week.begin("execution");
  const beat = async (): Promise<string> => week.read(heartbeat).catch(() => before);
  await pollUntil("the loop beats", async () => (await beat()) !== before);
  const processes = week.processes().length;
  await week.goOn(jobs, endUtc);
  await ended;
  return { processes, left: week.processes().length };
}

/** What the user brings. */
async function makeReady(week: ExampleWeek): Promise<void> {
  const keys = ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "APCA_API_BASE_URL"];
  await week.write(".env", keys.map((name) => `${name}=very-secret\n`).join(""), 0o600);
  for (const name of ["cache/bad_tickers.txt", "state/.keep", "ledger/.keep", "data/.keep"]) {
    await week.write(name, "\n");
  }
  const make = `import sqlite3; d = sqlite3.connect("data/execution_v2.sqlite"); d.execute("CREATE TABLE starts (at TEXT)"); d.commit()`;
  await week.run("python3", "-c", make);
  await week.write(
    "run_scan.py",
    `import os, sys
if os.path.exists("flaky"):
    os.unlink("flaky")
    sys.exit(1)
assert os.environ["TZ"] == "America/New_York"
open("daily_candidates.csv", "w").write("symbol,scan_date\\nAAPL,%s\\n" % os.environ["CBI_SLOT_DATE"])
open("tradingview_watchlist.txt", "w").write("AAPL\\n")
`,
  );
  await week.write(
    "execution_v2/execution_main.py",
    `import datetime, json, os, sqlite3, sys, time
if "--config-check" in sys.argv: sys.exit(0)
database = sqlite3.connect("data/execution_v2.sqlite")
database.execute("INSERT INTO starts VALUES (?)", (os.environ["CBI_SLOT"],))
database.commit()
database.close()
while True:
    beat = {"timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat()}
    open("state/beat.tmp", "w").write(json.dumps(beat))
    os.replace("state/beat.tmp", "state/execution_heartbeat.json")
    time.sleep(0.1)
`,
  );
  await week.write("tools/__init__.py", "");
  await week.write(
    "tools/avwap_check.py",
    "import sys\nprint('WARN review the output')\nsys.exit(2)\n",
  );
}

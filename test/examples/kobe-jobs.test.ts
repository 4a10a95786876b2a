import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSlots, exampleHome, ExampleWeek } from "./example-home.ts";
import { sessions, steps, type Rule } from "./rules.ts";

const RULES: Record<string, Rule> = {
  "db-backup": sessions("05:30"),
  "data-update": sessions("06:00"),
  "data-check": sessions("07:15"),
  environment: sessions("07:30"),
  "pre-game": sessions("08:00"),
  "pregame-blueprint": sessions("08:15"),
  "first-scan": sessions("09:45"),
  "position-manager": ({ isSession, close }) => (isSession ? steps("10:00", close, 15) : []),
  "eod-report": ({ isSession, close }) =>
    isSession ? [close === "13:00" ? "12:30" : "15:30"] : [],
  "overnight-watchlist": ({ isSession, close }) =>
    isSession ? [close === "13:00" ? "12:45" : "15:45"] : [],
  runner: sessions("09:30"),
  "runner-live": sessions("09:30"),
  health: undefined,
  "system-status": undefined,
};

void test("kobe-jobs: every job is due when its rule says, for 400 days", async () => {
  assertSlots(await exampleHome("kobe-jobs"), RULES);
});

const JOBS = [
  "db-backup",
  "data-update",
  "data-check",
  "environment",
  "pre-game",
  "pregame-blueprint",
  "first-scan",
  "eod-report",
  "overnight-watchlist",
];

void test("kobe-jobs: Christmas week, with a price that comes late and a watchlist of another day", async () => {
  await using week = await ExampleWeek.make("kobe-jobs", {
    utc: "2025-12-22T05:00:00Z",
    through: "2025-12-19",
  });
  await makeReady(week);
  await week.goOn(JOBS, "2025-12-23T05:00:00Z");
  for (const job of JOBS) {
    assert.match((await week.slots(job)).join("\n"), /^2025-12-22T\S+ done/, job);
  }
  // The document stops the data at the end of 2024.
  assert.match(await week.read("data/update.txt"), /--start 2015-01-01 --end 2025-12-19\n$/);

  // Tuesday: Monday's price comes while the check waits for its second attempt.
  week.onWait = (job) => {
    if (job === "data-check") week.deliver("2025-12-22");
  };
  await week.goOn(JOBS, "2025-12-24T05:00:00Z");
  assert.deepEqual(week.attempts("data-check").slice(-2), ["retry", "done"]);
  assert.equal((await week.slots("pre-game")).at(-1), "2025-12-23T08:00 done");

  // Christmas Eve: a watchlist of last week was put back this very minute; its inside tells.
  week.deliver("2025-12-23");
  await week.write("state/watchlist/next_day.json", JSON.stringify({ as_of: "2025-12-19" }));
  await week.goOn([...JOBS, "position-manager"], "2025-12-25T05:00:00Z");
  assert.equal((await week.slots("pre-game")).at(-1), "2025-12-24T08:00 skipped");
  assert.match(
    (await week.reason("pre-game", "2025-12-24T08:00")) ?? "",
    /gate fresh: state\/watchlist\/next_day.json is of 2025-12-19, expected 2025-12-23/,
  );
  assert.equal((await week.slots("pregame-blueprint")).at(-1), "2025-12-24T08:15 skipped");
  assert.equal((await week.slots("eod-report")).at(-1), "2025-12-24T12:30 done");
  assert.equal((await week.slots("overnight-watchlist")).at(-1), "2025-12-24T12:45 done");
  const managed = (await week.slots("position-manager")).filter((slot) => slot.endsWith(" done"));
  assert.equal(managed.length, 13, "every quarter of an hour to the early close");
  assert.equal(managed.at(-1), "2025-12-24T13:00 done");

  // Christmas is no session, and the day after is one.
  week.deliver("2025-12-24");
  await week.goOn(JOBS, "2025-12-29T05:00:00Z");
  for (const job of JOBS) {
    const slots = await week.slots(job);
    assert.ok(!slots.some((slot) => slot.startsWith("2025-12-25")), job);
    assert.match(slots.at(-1) ?? "", /^2025-12-26T\S+ done$/, job);
  }
  const backups = await week.list("backups");
  assert.deepEqual(
    backups,
    ["22", "23", "24", "26"].map((day) => `backup_202512${day}_053000.tar.gz`),
  );
  const command = ["python3", "../commands/state_backup.py", "restore"] as const;
  const restored = await week.run(...command, `backups/${backups.at(-1)}`, "--into", "restored");
  assert.equal(restored.exitCode, 0);
  // Below a folder, where `state/*.json` does not look.
  const list: unknown = JSON.parse(await week.read("restored/state/watchlist/next_day.json"));
  assert.deepEqual(list, { as_of: "2025-12-24" });
  const ask = `import sqlite3; print(sqlite3.connect("restored/state/positions.sqlite").execute("SELECT count(*) FROM passes").fetchone()[0])`;
  assert.equal((await week.run("python3", "-c", ask)).stdout, "13\n");
});

/** What the user brings. */
async function makeReady(week: ExampleWeek): Promise<void> {
  await week.write(".env", "POLYGON_KEY=very-secret\n", 0o600);
  await week.write("data/universe/optionable_liquid_900.csv", "symbol\nAAPL\n");
  await week.write("state/watchlist/next_day.json", JSON.stringify({ as_of: "2025-12-19" }));
  await week.write("logs/events.jsonl", "{}\n");
  const make = `import sqlite3; d = sqlite3.connect("state/positions.sqlite"); d.execute("CREATE TABLE passes (at TEXT)"); d.commit()`;
  await week.run("python3", "-c", make);
  const scripts: Record<string, string> = {
    prefetch_polygon_universe: `import os, sys
assert os.environ["POLYGON_KEY"] == "very-secret"
open("data/update.txt", "a").write(" ".join(sys.argv[1:]) + "\\n")`,
    premarket_validator: `open("state/watchlist/today_validated.json", "w").write("{}")`,
    generate_pregame_blueprint: `import os
day = os.environ["CBI_SLOT_DATE"].replace("-", "")
for end in ("json", "md"): open(f"reports/pregame_{day}.{end}", "w").write("{}")`,
    scan: "",
    run_paper_trade: `import os, sqlite3
d = sqlite3.connect("state/positions.sqlite")
d.execute("INSERT INTO passes VALUES (?)", (os.environ["CBI_SLOT"],))
d.commit()`,
    pnl: "",
    overnight_watchlist: `import json, os
json.dump({"as_of": os.environ["CBI_SLOT_DATE"]}, open("state/watchlist/next_day.json", "w"))`,
  };
  for (const [name, text] of Object.entries(scripts))
    await week.write(`scripts/${name}.py`, `${text}\n`);
}

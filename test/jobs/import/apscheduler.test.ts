import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { importApscheduler } from "../../../src/jobs/import/apscheduler.ts";
import type { Imported } from "../../../src/jobs/import/imported.ts";
import { pythonCalls } from "../../../src/jobs/import/python-calls.ts";
import { assertLoads, only, said } from "./support.ts";

function apscheduler(source: string): Imported {
  const imported = importApscheduler(source, { zone: "UTC" });
  assertLoads(imported);
  return imported;
}

/** The cron text of one trigger, or why there is none. */
function timesOf(trigger: string): unknown {
  const job = only(apscheduler(`s.add_job(subprocess.run, ${trigger}, args=[["a"]])\n`));
  return job.held ?? job.settings["schedule"] ?? job.settings["every"];
}

void test("triggers become times that mean the same", () => {
  const table: [string, unknown][] = [
    // What is left out is * before the last field named, and the least value after it.
    ["'cron', hour=8", ["0 8 * * *"]],
    ["'cron', minute=5", ["5 * * * *"]],
    ["'cron', day=1", ["0 0 1 * *"]],
    ["'cron', month='1,7'", ["0 0 1 1,7 *"]],
    ["'cron', day_of_week='mon'", ["0 0 * * mon"]],
    ["'cron', hour='9-16', minute='*/15', day_of_week='mon-fri'", ["*/15 9-16 * * mon-fri"]],
    // Monday is 0 in APScheduler and 1 in cron.
    ["'cron', hour=8, day_of_week=0", ["0 8 * * mon"]],
    ["'cron', hour=8, day_of_week='0-4'", ["0 8 * * mon-fri"]],
    ["'cron', hour=8, day_of_week='5,6'", ["0 8 * * sat,sun"]],
    ["'cron', hour=8, day_of_week='*/2'", ["0 8 * * mon,wed,fri,sun"]],
    ["CronTrigger(hour=6, minute=30)", ["30 6 * * *"]],
    ["trigger=CronTrigger(hour=6, minute=30)", ["30 6 * * *"]],
    ["CronTrigger.from_crontab('0 8 * * 1-5')", ["0 8 * * tue-sat"]],
    ["'interval', minutes=15", "15m"],
    ["IntervalTrigger(hours=1, minutes=30)", "90m"],
    ["'interval', seconds=10", /whole minutes/],
    ["'cron', second='*/10'", /repeats within a minute/],
    ["'cron', year=2026", /names a year/],
    ["'cron', week=3", /weeks of the year/],
    ["'cron', day='1-7', day_of_week='mon'", /date and weekday both/],
    ["'cron', day='last'", /day of month/],
    ["'cron', hour=hour_of(x)", /not written out/],
    ["'cron', hour=f'{x}'", /not written out/],
    ["'cron', hour=8 + 1", /not written out/],
    ["'date', run_date='2026-01-01'", /runs once at a date/],
    ["my_trigger", /its trigger cannot be read/],
  ];
  for (const [trigger, expected] of table) {
    const found = timesOf(trigger);
    if (expected instanceof RegExp) assert.match(String(found), expected, trigger);
    else assert.deepEqual(found, expected, trigger);
  }
});

void test("a program that is started is a job; a function is a comment that says so", () => {
  const imported = apscheduler(`import subprocess  # add_job('no', hour=1)
"""add_job(f, 'cron', hour=2)"""
HOUR = 5
sched = BlockingScheduler(timezone=pytz.timezone("America/New_York"))
sched.add_job(
    run_job, 'cron', id='DB_BACKUP', hour=HOUR, minute=30, day_of_week='mon-fri',
    args=['DB_BACKUP', 3], misfire_grace_time=300, jitter=5,
)
sched.add_job(subprocess.run, CronTrigger(hour=6), args=[["python", "a.py", "{slot}"]], id="update")
sched.add_job(os.system, 'cron', hour=7, args=["a | b"])
sched.add_job(lambda: x(), 'cron', hour=8)
@sched.scheduled_job('interval', minutes=30, misfire_grace_time=None)
def report():
    pass
`);
  assert.deepEqual(
    imported.jobs.map(({ name, line, held }) => [name, line, held === undefined]),
    [
      ["db-backup", 5, false],
      ["update", 9, true],
      ["os-system", 10, false],
      ["job", 11, false],
      ["report", 12, false],
    ].map(([name, ...rest]) => [name === "os-system" ? "system" : name, ...rest]),
  );
  const [backup, update, , , report] = imported.jobs;
  assert.deepEqual(backup?.settings, {
    kind: "command",
    schedule: ["30 5 * * mon-fri"],
    zone: "America/New_York",
    catch_up: { policy: "latest", max_age: "5m" },
    argv: ["python3", "scripts/run_job.py", "DB_BACKUP", "3"],
  });
  assert.match(backup?.held ?? "", /run_job is a function of the scheduler's own process/);
  assert.deepEqual(update?.settings["argv"], ["python", "a.py", "{{slot}}"]);
  assert.deepEqual(update?.settings["catch_up"], { policy: "none" });
  assert.deepEqual(report?.settings["catch_up"], { policy: "latest" });
  assert.match(said(imported, 5), /jitter has no counterpart/);
  assert.match(said(imported, 4), /the scheduler's zone is America\/New_York/);
});

void test("a name that is assigned twice, or not at the margin, is not known", () => {
  const job = (before: string): string | undefined =>
    only(apscheduler(`${before}\ns.add_job(subprocess.run, 'cron', hour=H, args=[["a"]])\n`)).held;
  assert.equal(job("H = 5"), undefined);
  assert.match(job("H = 5\nH = 6") ?? "", /hour is not written out/);
  assert.match(job("H = 5\nif x:\n    H = 6") ?? "", /hour is not written out/);
  assert.match(job("H = int(x)") ?? "", /hour is not written out/);
  for (const change of ["H += 1", "H *= 2", "x = 1; H = 6", "for H in x: pass", "import y as H"]) {
    assert.match(job(`H = 5\n${change}`) ?? "", /hour is not written out/, change);
  }
});

void test("calls are read as Python reads them", () => {
  const [call] = pythonCalls(
    `a.b.f(1, -2.5, 'x' "y", r'\\d', (1), (1,), [None, True], k=g(z), *m)\n`,
    ["f"],
  );
  assert.deepEqual(call, {
    kind: "call",
    name: "a.b.f",
    line: 1,
    positional: [
      { kind: "number", number: 1 },
      { kind: "number", number: -2.5 },
      { kind: "text", text: "xy" },
      { kind: "text", text: "\\d" },
      { kind: "number", number: 1 },
      { kind: "list", items: [{ kind: "number", number: 1 }] },
      {
        kind: "list",
        items: [
          { kind: "constant", constant: null },
          { kind: "constant", constant: true },
        ],
      },
    ],
    keywords: {
      k: {
        kind: "call",
        name: "g",
        line: 1,
        positional: [{ kind: "name", name: "z" }],
        keywords: {},
        hasMore: false,
      },
    },
    hasMore: true,
  });
  assert.deepEqual(pythonCalls("def f(a): pass\n# f(1)\n'f(2)'\n", ["f"]), []);
});

void test("no source makes the importer throw, and what it writes loads", () => {
  const pieces = fc.constantFrom(
    ..."s.add_job(|(|)|[|]|{|}|,|'cron'|hour=|8|'|\"\"\"|\\|\n|#|f'{x}'|lambda: |@s.scheduled_job(|def f|=|*|**|.|-|\u0000|é|id='x'|CronTrigger(".split(
      "|",
    ),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      apscheduler(parts.join(""));
    }),
    { numRuns: 500 },
  );
});

import assert from "node:assert/strict";
import { utimes } from "node:fs/promises";
import { test } from "node:test";
import { Failure } from "../../../src/system/failure.ts";
import { SkippingClock } from "../../rig/skipping-clock.ts";
import { pollUntil } from "../../rig/processes.ts";
import { JobUnderTest, script } from "../job-under-test.ts";

void test("a command learns what it is run for, in its arguments and its environment", async () => {
  await using job = await JobUnderTest.make();
  job.environment["CBI_SLOT"] = "of an outer job";
  job.environment["FROM_SHELL"] = "shell";
  job.environment["BOTH"] = "shell";
  await job.write(".env", "BOTH=file\nOWN=file\n", 0o600);
  const show = `console.log(JSON.stringify([process.argv.slice(1), process.env, process.cwd()]))`;
  const settings = {
    argv: [...script(show), "--", "--date={slot_date:compact}", "{{as_of}}", "{trading_date}"],
    env: { OWN: "env {as_of}", PREFIX: "{job}/{attempt}" },
    env_defaults: { FROM_SHELL: "default", NOWHERE: "default {as_of}", OWN: "default" },
    env_file: ".env",
    cwd: "work/{job}",
  };
  const rest = { extraArguments: ["--cap", "{as_of}"], isCatchUp: true, slotAttempt: 2 };
  const outcome = await job.run(settings, rest);
  assert.equal(outcome.end, "failed");
  assert.match(outcome.reason ?? "", /there is no working directory .*work\/scan/);
  await job.write("work/scan/x", "");
  const again = await job.run(settings, rest);
  assert.deepEqual(again, { end: "done", exitCode: 0, warnings: [] });
  const [words, environment, folder] = JSON.parse(job.output()[0] ?? "") as [
    string[],
    Record<string, string>,
    string,
  ];
  assert.deepEqual(words, ["--date=20261120", "{as_of}", "2026-11-20", "--cap", "{as_of}"]);
  assert.ok(folder.endsWith("work/scan"));
  const { CBI_HOME, CBI_JOB, CBI_RUN, CBI_SLOT, CBI_SLOT_DATE, CBI_AS_OF } = environment;
  assert.equal(CBI_HOME, job.paths.root);
  assert.equal(CBI_JOB, "scan");
  assert.equal(CBI_RUN, "20261120t133000z-abc123");
  assert.equal(CBI_SLOT, "2026-11-20T08:30");
  assert.equal(CBI_SLOT_DATE, "2026-11-20");
  assert.equal(CBI_AS_OF, "2026-11-19");
  assert.equal(environment["CBI_TRADING_DATE"], "2026-11-20");
  assert.equal(environment["CBI_IS_CATCHUP"], "1");
  assert.equal(environment["CBI_ATTEMPT"], "2");
  assert.equal(environment["FROM_SHELL"], "shell");
  assert.equal(environment["NOWHERE"], "default 2026-11-19");
  assert.equal(environment["BOTH"], "file");
  assert.equal(environment["OWN"], "env 2026-11-19");
  assert.equal(environment["PREFIX"], "scan/2");
});

void test("a person's run without a slot has today's day and no slot of an outer job", async () => {
  await using job = await JobUnderTest.make();
  job.clock = new SkippingClock(undefined, "2026-11-21T03:00:00Z");
  job.environment["CBI_SLOT"] = "of an outer job";
  const argv = script(`console.log(process.env.CBI_SLOT, process.env.CBI_SLOT_DATE)`);
  await job.run({ argv }, { slot: undefined });
  assert.deepEqual(job.output(), ["undefined 2026-11-20"]);
  const refused = await job.run({ argv: ["true", "{slot}"] }, { slot: undefined });
  assert.equal(refused.error?.code, "CBI_NO_VALUE");
  const misspelt = await job.run({ argv: ["true", "{slot_dat}"] });
  assert.match(misspelt.reason ?? "", /did you mean '\{slot_date\}'/);
});

void test("what is not there or may not be executed fails at once and says so", async () => {
  await using job = await JobUnderTest.make();
  const retry = { attempts: 3, delay: "0s" };
  const absent = await job.run({ argv: ["no-such-program-at-all"], retry });
  assert.equal(absent.error?.code, "CBI_COMMAND_NOT_STARTED");
  assert.equal(job.attempts().length, 1);
  assert.match(absent.reason ?? "", /there is no program 'no-such-program-at-all'/);
  await job.write("plain.txt", "echo hello");
  const plain = await job.run({ argv: ["./plain.txt"], retry });
  assert.match(plain.reason ?? "", /may not be executed/);
  const zero = await job.run({ argv: ["true", "a\0b"], retry });
  assert.equal(zero.error?.code, "CBI_COMMAND_NOT_STARTED");
  const noFile = await job.run({ argv: ["true"], env_file: ".env" });
  assert.equal(noFile.error?.code, "CBI_ENV_FILE_MISSING");
});

void test("an exit code means what the job's table says", async () => {
  await using job = await JobUnderTest.make();
  const table: [unknown, number, string, number][] = [
    ["plain", 0, "done", 1],
    ["plain", 3, "failed", 2],
    ["cron", 1, "failed", 2],
    ["cron", 2, "failed", 1],
    ["check", 1, "failed", 1],
    ["check", 2, "done", 1],
    ["sysexits", 75, "failed", 2],
    ["sysexits", 78, "failed", 1],
    [{ 10: "skip", other: "fatal" }, 10, "skipped", 1],
    [{ 10: "skip", other: "fatal" }, 11, "failed", 1],
  ];
  for (const [codes, code, end, attempts] of table) {
    const outcome = await job.run({
      argv: ["sh", "-c", `exit ${code}`],
      exit_codes: codes,
      retry: { attempts: 2, delay: "0s" },
    });
    assert.equal(outcome.end, end, JSON.stringify([codes, code]));
    assert.equal(job.attempts().length, attempts, JSON.stringify([codes, code]));
  }
  const warned = await job.run({ argv: ["sh", "-c", "exit 2"], exit_codes: "check" });
  assert.deepEqual(warned.warnings, ["it ended with exit code 2, which means 'warn'"]);
});

void test("a later attempt that is done is a success, after the waits of the policy", async () => {
  await using job = await JobUnderTest.make();
  const clock = new SkippingClock((ms) => ms >= 60_000);
  job.clock = clock;
  const outcome = await job.run({
    argv: ["sh", "-c", 'test "$CBI_ATTEMPT" = 4'],
    retry: { attempts: 5, delay: "100s", max_delay: "300s" },
  });
  assert.equal(outcome.end, "done");
  assert.deepEqual(clock.skipped, [100_000, 200_000, 300_000]);
  assert.deepEqual(
    job.attempts().map(({ meaning, again_in_seconds }) => [meaning, again_in_seconds]),
    [
      ["retry", 100],
      ["retry", 200],
      ["retry", 300],
      ["done", null],
    ],
  );
  const within = await job.run({
    argv: ["false"],
    retry: { attempts: 5, delay: "100s", budget: "250s" },
  });
  assert.equal(within.end, "failed");
  assert.equal(job.attempts().length, 2);
});

void test("a kill switch that comes on between two attempts leaves the slot claimed", async () => {
  await using job = await JobUnderTest.make();
  job.killSwitch = {
    verdict: () => Promise.resolve({ blocked: true, reason: "paused by ann: broker is down" }),
  };
  const outcome = await job.run({ argv: ["false"], retry: { attempts: 3, delay: "0s" } });
  assert.equal(outcome.end, "interrupted");
  assert.equal(outcome.exitCode, 77);
  assert.match(outcome.reason ?? "", /broker is down/);
  assert.equal(job.attempts().length, 1);
});

void test("a deadline ends the whole group, also one that ignores TERM", async () => {
  await using job = await JobUnderTest.make();
  let isReady = false;
  job.clock = new SkippingClock((ms) => isReady && ms > 1000);
  job.onEvent = (event) => {
    if (event.event === "output" && event.text === "ready") isReady = true;
  };
  const child = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)`;
  const outcome = await job.run({
    argv: script(`
      process.on("SIGTERM", () => {});
      const { spawn } = require("node:child_process");
      const children = [1, 2, 3].map(() => spawn(process.execPath, ["-e", ${JSON.stringify(child)} + ";console.log(1)"]));
      Promise.all(children.map((c) => new Promise((done) => c.stdout.once("data", done)))).then(() => console.log("ready"));
      setInterval(() => {}, 1000);
    `),
    timeout: "2m",
    grace: "1s",
  });
  assert.equal(outcome.error?.code, "CBI_COMMAND_TIMED_OUT");
  assert.match(
    outcome.reason ?? "",
    /it took longer than 120 s and was ended; its last words: ready/,
  );
  assert.deepEqual(job.processes(), []);
});

void test("silence ends a program that lives and says nothing more", async () => {
  await using job = await JobUnderTest.make();
  let isReady = false;
  job.clock = new SkippingClock((ms) => isReady && ms > 1000);
  job.onEvent = (event) => {
    if (event.event === "output") isReady = true;
  };
  const outcome = await job.run({
    argv: ["sh", "-c", "echo hello; sleep 1000"],
    silence: "90s",
    timeout: "100d",
  });
  assert.equal(outcome.error?.code, "CBI_COMMAND_SILENT");
  assert.deepEqual(job.processes(), []);
});

void test("time in which the machine slept is no silence and no delay", async () => {
  await using job = await JobUnderTest.make();
  const clock = new SkippingClock();
  job.clock = clock;
  job.onEvent = (event) => {
    // Eight hours with the lid shut.
    if (event.event === "output" && event.text === "dozing") clock.advance(8 * 3_600_000);
  };
  const outcome = await job.run({
    argv: ["sh", "-c", "sleep 0.1; echo dozing; sleep 0.2; echo awake"],
    silence: "60s",
    timeout: "10m",
  });
  assert.equal(outcome.end, "done");
  assert.deepEqual(job.output(), ["dozing", "awake"]);
});

void test("a stop ends the group and keeps the slot", async () => {
  await using job = await JobUnderTest.make();
  job.onEvent = (event) => {
    if (event.event !== "output") return;
    job.stop.abort(new Failure({ code: "CBI_INTERRUPTED", message: "stopped", exit: 130 }));
  };
  const outcome = await job.run({
    argv: ["sh", "-c", "sleep 1000 & echo started; wait"],
    retry: { attempts: 3, delay: "0s" },
  });
  assert.equal(outcome.end, "interrupted");
  assert.equal(outcome.exitCode, 130);
  assert.equal(job.attempts().length, 1);
  assert.deepEqual(job.processes(), []);
});

void test("what a command leaves running is ended and said", async () => {
  await using job = await JobUnderTest.make();
  const outcome = await job.run({ argv: ["sh", "-c", "sleep 1000 & echo $!"], grace: "2s" });
  assert.equal(outcome.end, "done");
  assert.deepEqual(outcome.warnings, ["the command left processes behind, which were ended"]);
  await pollUntil("nothing is left", () => job.processes().length === 0);
});

void test("a grandchild of another session that holds the pipe delays nothing", async () => {
  await using job = await JobUnderTest.make();
  const startedMs = performance.now();
  const outcome = await job.run({ argv: ["sh", "-c", "setsid sleep 20 & sleep 0.3; echo $!"] });
  assert.equal(outcome.end, "done");
  assert.ok(performance.now() - startedMs < 10_000);
  process.kill(Number(job.output()[0]), "SIGKILL");
});

void test("a signal that nobody here sent is told from an exit code", async () => {
  await using job = await JobUnderTest.make();
  const killed = await job.run({ argv: ["sh", "-c", "kill -9 $$"], exit_codes: { 137: "done" } });
  assert.equal(killed.error?.code, "CBI_COMMAND_KILLED");
  assert.match(killed.reason ?? "", /SIGKILL\), as the system does when memory runs out/);
});

void test("an exit code 0 without the declared outputs is a failure", async () => {
  await using job = await JobUnderTest.make();
  const outputs = [{ path: "out/{slot_date}.json", as_of_key: "meta.date" }];
  const writes = (text: string) => [
    "sh",
    "-c",
    `mkdir -p out; echo '${text}' > out/2026-11-20.json`,
  ];
  const absent = await job.run({ argv: ["true"], outputs });
  assert.equal(absent.error?.code, "CBI_OUTPUT_UNVERIFIED");
  assert.match(absent.reason ?? "", /out\/2026-11-20\.json is not there/);
  const empty = await job.run({ argv: ["sh", "-c", ": > x"], outputs: [{ path: "x" }] });
  assert.match(empty.reason ?? "", /x is empty, expected at least 1 bytes/);
  const old = [{ path: "old" }];
  await utimes(await job.write("old", "x"), 1_763_600_000, 1_763_600_000);
  const untouched = await job.run({ argv: ["true"], outputs: old });
  assert.match(untouched.reason ?? "", /old is of 2025-.*, older than 2026-11-20T13:30:00Z/);
  const table = [{ path: "t.csv", min_rows: 2 }];
  const short = await job.run({ argv: ["sh", "-c", "printf 'a\\n1\\n' > t.csv"], outputs: table });
  assert.match(short.reason ?? "", /t\.csv has 1 rows, expected at least 2/);
  const long = await job.run({
    argv: ["sh", "-c", "printf 'a\\n1\\n2\\n' > t.csv"],
    outputs: table,
  });
  assert.equal(long.end, "done");
  const other = await job.run({ argv: writes('{"meta":{"date":"2026-11-18"}}'), outputs });
  assert.match(other.reason ?? "", /is of 2026-11-18 by its inside, expected 2026-11-19/);
  const right = await job.run({ argv: writes('{"meta":{"date":"2026-11-19"}}'), outputs });
  assert.equal(right.end, "done");
});

void test("secrets of the file are hidden in the log, the events and the last words", async () => {
  await using job = await JobUnderTest.make();
  await job.write(".env", 'API_KEY="s3cr3t/+value"\nFLAG=true\n', 0o600);
  const argv = script(
    `console.log("key=" + process.env.API_KEY, encodeURIComponent(process.env.API_KEY), process.env.FLAG);
     process.exitCode = 1`,
  );
  const outcome = await job.run({ argv, env_file: ".env" }, { extraArguments: ["s3cr3t/+value"] });
  const everything = JSON.stringify([job.events, outcome, await job.log()]);
  assert.ok(!everything.includes("s3cr3t"), everything);
  assert.deepEqual(job.output(), ["key=******** ******** true"]);
});

void test("a file of secrets that others may read is refused, with the way out", async () => {
  await using job = await JobUnderTest.make();
  const file = await job.write(".env", "TOKEN=x\n", 0o644);
  const outcome = await job.run({ argv: ["true"], env_file: ".env" });
  assert.equal(outcome.error?.code, "CBI_SECRETS_EXPOSED");
  assert.equal(outcome.exitCode, 78);
  assert.equal(outcome.error?.remedy, `Close it: chmod 600 ${file}`);
});

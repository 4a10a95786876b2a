import assert from "node:assert/strict";
import { job } from "../../src/config/jobs-schema.ts";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { statusFile } from "../../src/ledger/status-file.ts";
import { ExitCode } from "../../src/system/exit-code.ts";
import { Failure, type FailureClass } from "../../src/system/failure.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { pollUntil } from "../rig/processes.ts";
import { PipelineUnderTest } from "./pipeline-under-test.ts";

void test("the status file is there at the start and tells each transition before its event", async () => {
  await using pipeline = await PipelineUnderTest.make();
  const verdict = await pipeline.run();
  assert.equal(verdict.exitCode, 0);
  const seen = pipeline.events.map((event, at) => {
    const status = pipeline.statuses[at];
    const states = status?.stages.map(({ state }) => state).join(" ");
    return `${event.event} ${"stage" in event ? event.stage : ""}: ${status?.state} ${states}`;
  });
  assert.deepEqual(seen, [
    "run-started : running pending pending pending",
    "stage-started export: running running pending pending",
    "stage-finished export: running done pending pending",
    "stage-started audit: running done running pending",
    "stage-finished audit: running done done pending",
    "stage-started train: running done done running",
    "stage-finished train: running done done done",
    "run-finished : done done done done",
  ]);
  assert.deepEqual(pipeline.statuses.at(-1), verdict.status);
  assert.equal(verdict.status.success, true);
  assert.equal(verdict.status.pid, process.pid);
});

void test("a stage is reused while inputs, code, version and settings stay, and its output verifies", async () => {
  await using pipeline = await PipelineUnderTest.make();
  const first = await pipeline.run();
  await pipeline.run();
  assert.deepEqual(pipeline.calls, []);
  assert.deepEqual(pipeline.reused(), ["export", "audit", "train"]);

  const changes: readonly [string, () => void, string[]][] = [
    ["an input of the second", () => (pipeline.stages.audit.input = "2"), ["audit", "train"]],
    ["the last one's version", () => (pipeline.stages.train.version = 2), ["train"]],
    ["the code", () => (pipeline.codeHash = "code-2"), ["export", "audit", "train"]],
    ["a deleted output", () => rmSync(pipeline.file("audit")), ["audit"]],
    ["a changed output", () => writeFileSync(pipeline.file("export"), "else"), ["export"]],
  ];
  for (const [what, change, expected] of changes) {
    change();
    const verdict = await pipeline.run();
    assert.equal(verdict.exitCode, 0, what);
    assert.deepEqual(pipeline.calls, expected, what);
  }
  pipeline.stages.audit.input = "1";
  pipeline.stages.train.version = 1;
  pipeline.codeHash = "code-1";
  await pipeline.run();
  // Its files hold the newer text by now, so an old fingerprint alone does not bring it back.
  assert.deepEqual(pipeline.calls, ["audit", "train"]);
  const [stage] = pipeline.ledgerStages(pipeline.statuses.at(-1)?.run ?? "");
  assert.equal(stage?.reusedFrom, first.status.run);
});

void test("--from, --only and --force do what they say and reuse the rest", async () => {
  await using pipeline = await PipelineUnderTest.make();
  await pipeline.run();
  await pipeline.run({ from: "audit" });
  assert.deepEqual(pipeline.calls, ["audit", "train"]);
  assert.deepEqual(pipeline.reused(), ["export"]);
  const only = await pipeline.run({ only: "audit" });
  assert.deepEqual(pipeline.calls, ["audit"]);
  assert.deepEqual(
    only.status.stages.map(({ state, success }) => [state, success]),
    [
      ["done", true],
      ["done", true],
      ["skipped", false],
    ],
  );
  assert.equal(only.status.stages[2]?.summary, "only audit was asked for");
  await pipeline.run({ only: "audit", force: true });
  assert.deepEqual(pipeline.calls, ["export", "audit"]);
  await pipeline.run({ force: true });
  assert.deepEqual(pipeline.calls, ["export", "audit", "train"]);
});

void test("--only is refused where a stage before it would have to be done, and the status stays", async () => {
  await using pipeline = await PipelineUnderTest.make();
  const done = await pipeline.run();
  pipeline.stages.export.input = "2";
  const refused = await pipeline.run({ only: "train" });
  assert.deepEqual(pipeline.calls, [], "nothing is done");
  assert.equal(refused.exitCode, ExitCode.usage);
  assert.equal(refused.status.state, "refused");
  assert.match(refused.status.error?.message ?? "", /--only train .* export has nothing as of/);
  assert.match(
    refused.status.error?.remedy ?? "",
    /: cbi run nightly --as-of 2025-12-31, .* cbi run nightly --as-of 2025-12-31 --only train --force$/,
  );
  assert.equal(pipeline.statuses.at(-1)?.run, done.status.run);
  await pipeline.run();
  const after = await pipeline.run({ only: "train" });
  assert.deepEqual(pipeline.calls, ["train"]);
  assert.equal(after.status.state, "done");
});

void test("a failed attempt is tried again by its class, after growing delays on the clock", async () => {
  const cases: readonly [FailureClass, string[], number[], number][] = [
    ["retryable", ["export", "export", "export", "audit", "train"], [2000, 6000], 0],
    ["data", ["export"], [], 65],
    ["fatal", ["export"], [], 65],
  ];
  for (const [kind, calls, delays, exitCode] of cases) {
    await using pipeline = await PipelineUnderTest.make();
    pipeline.stages.export.before = async (_context, call) => {
      if (call <= 2) throw failure(kind);
    };
    const verdict = await pipeline.run();
    assert.equal(verdict.exitCode, exitCode, kind);
    assert.deepEqual(pipeline.calls, calls, kind);
    assert.deepEqual(pipeline.clock.slept, delays, kind);
    assert.equal(verdict.status.stages[0]?.attempts, delays.length + 1, kind);
    const retried = pipeline.events.flatMap((event) =>
      event.event === "stage-retried" ? [`${event.attempt} ${event.delay_seconds}`] : [],
    );
    assert.deepEqual(
      retried,
      delays.map((delay, at) => `${at + 1} ${delay / 1000}`),
      kind,
    );
  }
});

void test("the last attempt's failure is the run's, and the configuration may limit the attempts", async () => {
  await using pipeline = await PipelineUnderTest.make();
  pipeline.stages.audit.before = async (_context, call) => {
    throw failure("retryable", `it broke at attempt ${call}`);
  };
  const verdict = await pipeline.run();
  assert.equal(verdict.exitCode, 65);
  assert.equal(verdict.status.error?.message, "it broke at attempt 3");
  assert.deepEqual(
    verdict.status.stages.map(({ state }) => state),
    ["done", "failed", "pending"],
  );
  pipeline.config = {
    ...pipeline.config,
    jobs: {
      nightly: job.parse({ kind: "pipeline", stages: { audit: { attempts: 1 } } }),
    },
  };
  const limited = await pipeline.run();
  assert.equal(limited.status.error?.message, "it broke at attempt 1");
  assert.deepEqual(pipeline.reused(), ["export"], "what was done before the failure is done");
});

void test("a stage that does not end by its deadline is stopped by its signal and fails with that word", async () => {
  await using pipeline = await PipelineUnderTest.make();
  pipeline.stages.export.deadlineMs = 90_000;
  pipeline.stages.export.attempts = 1;
  pipeline.stages.export.before = async ({ signal }) => {
    await new Promise((_resolve, reject) => {
      if (signal.aborted) reject(new Error("stopped"));
      signal.addEventListener("abort", () => reject(new Error("stopped")));
    });
  };
  const verdict = await pipeline.run();
  assert.equal(verdict.exitCode, 1);
  assert.equal(verdict.status.error?.code, "CBI_STAGE_DEADLINE");
  assert.equal(verdict.status.error.message, "export did not finish within 90 s");
  assert.match(verdict.status.error.remedy ?? "", /stages\.export\.deadline/);
});

void test("a stage whose declared file is missing, changed or in another shape has not succeeded", async () => {
  for (const after of [
    async (file: string) => rm(file),
    async (file: string) => writeFile(file, "something else"),
  ]) {
    await using pipeline = await PipelineUnderTest.make();
    pipeline.stages.export.after = after;
    const verdict = await pipeline.run();
    assert.equal(verdict.exitCode, 1);
    assert.equal(verdict.status.error?.code, "CBI_OUTPUT_UNVERIFIED");
    assert.equal(pipeline.calls.length, 3, "it is tried again, since time may heal it");
  }
});

void test("an error that nobody expected is a bug: exit code 70, its stack on record, no second try", async () => {
  await using pipeline = await PipelineUnderTest.make();
  pipeline.stages.audit.before = async () => {
    throw new TypeError("undefined is not a function");
  };
  const verdict = await pipeline.run();
  assert.equal(verdict.exitCode, 70);
  assert.equal(verdict.status.error?.code, "CBI_BUG");
  assert.match(verdict.status.error.message, /undefined is not a function[\s\S]*\n {4}at /);
  assert.deepEqual(pipeline.calls, ["export", "audit"]);
});

void test("what the operating system refuses has a name and a remedy", async () => {
  for (const [errno, code] of [
    ["ENOSPC", "CBI_DISK_FULL"],
    ["EDQUOT", "CBI_DISK_FULL"],
    ["EFBIG", "CBI_DISK_FULL"],
    ["EROFS", "CBI_NOT_WRITABLE"],
    ["EACCES", "CBI_NOT_WRITABLE"],
  ]) {
    await using pipeline = await PipelineUnderTest.make();
    pipeline.stages.export.before = async () => {
      throw Object.assign(new Error(`${errno}: write`), { code: errno });
    };
    const verdict = await pipeline.run();
    assert.equal(verdict.exitCode, 1, errno);
    assert.equal(verdict.status.error?.code, code, errno);
    assert.ok(verdict.status.error?.remedy, errno);
  }
});

void test("an interrupted run ends with 130 in its stage, and the next one goes on there", async () => {
  await using pipeline = await PipelineUnderTest.make();
  const reason = new Failure({
    code: "CBI_INTERRUPTED",
    message: "stopped by Ctrl-C",
    exit: ExitCode.interrupted,
  });
  await using stopped = await PipelineUnderTest.make();
  stopped.stages.audit.before = async () => {
    stopped.stop.abort(reason);
    throw new Error("what a stage says when its tools are taken away");
  };
  const verdict = await stopped.run();
  assert.equal(verdict.exitCode, 130);
  assert.equal(verdict.status.state, "interrupted");
  assert.equal(verdict.status.error?.code, "CBI_INTERRUPTED");
  assert.deepEqual(
    verdict.status.stages.map(({ state }) => state),
    ["done", "interrupted", "pending"],
  );
  // Before it begins: nothing is done, and it is on record all the same.
  pipeline.stop.abort(reason);
  assert.equal((await pipeline.run()).exitCode, 130);
  assert.deepEqual(pipeline.calls, []);
});

void test("an interruption does not wait for the next attempt", async () => {
  await using pipeline = await PipelineUnderTest.make();
  // A clock on which no wait ever ends by itself.
  pipeline.clock = new ManualClock("2026-01-02T05:00:00Z");
  pipeline.stages.export.before = async () => {
    throw failure("retryable");
  };
  const running = pipeline.run();
  const interrupted = new Failure({
    code: "CBI_INTERRUPTED",
    message: "stopped by SIGTERM",
    exit: ExitCode.interrupted,
  });
  await pollUntil("the stage waits for its second attempt", () =>
    pipeline.events.some((event) => event.event === "stage-retried"),
  );
  pipeline.stop.abort(interrupted);
  const verdict = await running;
  assert.equal(verdict.exitCode, 130);
  assert.equal(verdict.status.state, "interrupted");
  assert.deepEqual(pipeline.calls, ["export"]);
});

void test("the warnings of a stage go with every run that uses it", async () => {
  await using pipeline = await PipelineUnderTest.make();
  pipeline.stages.audit.before = async ({ warn }) => {
    warn("one price is negative");
    warn("one price is negative");
    warn("two days are missing");
  };
  const expected = ["one price is negative", "two days are missing"];
  assert.deepEqual((await pipeline.run()).status.warnings, expected);
  const again = await pipeline.run();
  assert.deepEqual(pipeline.reused(), ["export", "audit", "train"]);
  assert.deepEqual(again.status.warnings, expected);
  const third = await pipeline.run();
  assert.deepEqual(third.status.warnings, expected, "from the run that warned, however many later");
});

void test("a status file that cannot be written is said and ends nothing", async () => {
  await using pipeline = await PipelineUnderTest.make();
  mkdirSync(statusFile(pipeline.paths, "nightly"), { recursive: true });
  const verdict = await pipeline.run();
  assert.equal(verdict.exitCode, 0);
  assert.ok(
    pipeline.events.some(
      (event) => event.event === "warning" && /last_run_status\.json could not/.test(event.message),
    ),
  );
});

void test("a failure to tidy up is a warning of a night that is done", async () => {
  await using pipeline = await PipelineUnderTest.make();
  pipeline.tidyUp = async () => {
    throw new Error("somebody else's folder");
  };
  const verdict = await pipeline.run();
  assert.equal(verdict.exitCode, 0);
  assert.match(verdict.status.warnings.join(), /tidying up .*somebody else's folder/);
});

void test("what tidying up warns of is a warning of the run, in its status file too", async () => {
  await using pipeline = await PipelineUnderTest.make();
  pipeline.tidyUp = async () => ["Models is a symbolic link"];
  const verdict = await pipeline.run();
  assert.deepEqual(verdict.status.warnings, ["Models is a symbolic link"]);
  assert.deepEqual(pipeline.statuses.at(-1)?.warnings, ["Models is a symbolic link"]);
});

void test("a ledger of a newer cbi refuses the run, keeps its content, and there is a verdict", async () => {
  await using pipeline = await PipelineUnderTest.make();
  await mkdir(pipeline.paths.logs, { recursive: true });
  const database = new DatabaseSync(pipeline.paths.ledger);
  database.exec("PRAGMA user_version = 99; CREATE TABLE run (future TEXT)");
  database.close();
  const verdict = await pipeline.run();
  assert.equal(verdict.exitCode, 1);
  assert.deepEqual(pipeline.calls, []);
  assert.deepEqual(
    pipeline.events.map((event) => event.event),
    ["run-finished"],
  );
  assert.equal(verdict.status.error?.code, "CBI_LEDGER_NEWER");
  const after = new DatabaseSync(pipeline.paths.ledger);
  assert.equal(after.prepare("PRAGMA user_version").get()?.["user_version"], 99);
  after.close();
});

void test("the checkpoint of a run that died counts, and the dead run is told about", async () => {
  await using pipeline = await PipelineUnderTest.make();
  const first = await pipeline.run();
  const database = new DatabaseSync(pipeline.paths.ledger);
  database.exec("UPDATE run SET state = 'running', ended_ms = NULL, exit_code = NULL");
  database.exec("UPDATE stage SET state = 'running', ended_ms = NULL WHERE name = 'train'");
  database.close();
  await pipeline.run();
  assert.deepEqual(pipeline.calls, ["train"]);
  assert.deepEqual(
    pipeline.events.slice(0, 2).map((event) => event.event),
    ["run-started", "note"],
  );
  const states = pipeline.ledgerStages(first.status.run).map(({ state }) => state);
  assert.deepEqual(states, ["done", "done", "interrupted"]);
});

function failure(kind: FailureClass, message = "it broke"): Failure {
  return new Failure({ code: "CBI_TEST", message, exit: ExitCode.dataRefused, class: kind });
}

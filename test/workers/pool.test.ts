import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { systemClock } from "../../src/system/clock.ts";
import { TaskFailed, WorkerPool } from "../../src/workers/pool.ts";
import { livesStill } from "./processes.ts";
import { Worker, WORKER_LIMITS, type WorkerLimits } from "../../src/workers/worker.ts";

interface HostileTask {
  id: string;
  does: string;
  note?: string;
}

const SCRIPT = path.join(import.meta.dirname, "hostile-worker.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "cbi-pool-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function command(mode = "plain") {
  return {
    command: process.execPath,
    args: ["--no-warnings", SCRIPT, mode],
    environment: { PATH: process.env["PATH"] ?? "" },
    workingDirectory: folder,
  };
}

function poolWith(limits: Partial<WorkerLimits> = {}, mode?: string): WorkerPool {
  return new WorkerPool(command(mode), systemClock, { ...WORKER_LIMITS, graceMs: 300, ...limits });
}

/** Runs tasks and returns what happened. */
async function run(pool: WorkerPool, tasks: HostileTask[], size = 2, signal = NEVER) {
  const results = new Map<string, unknown>();
  const failures: string[] = [];
  const rounds: string[] = [];
  const outcome = await pool
    .run(tasks, size, {
      signal,
      onRound: ({ id }, round, roundsMax) => rounds.push(`${id} ${round}/${roundsMax}`),
      onFailure: ({ id }, attempt, message) => failures.push(`${id} ${attempt}: ${message}`),
      onResult: async ({ id }, result) => void results.set(id, result),
    })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return { results, failures, rounds, outcome };
}

const NEVER = new AbortController().signal;

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 200, "it did not happen within 10 s");
    await systemClock.sleep(50);
  }
}

void test("workers are kept for the next task and for the next call", async () => {
  await using pool = poolWith();
  const tasks = ["a", "b", "c", "d"].map((id) => ({ id, does: "echo" }));
  const first = await run(pool, tasks, 1);
  const second = await run(pool, tasks, 1);
  const answers = [...first.results.values(), ...second.results.values()];
  assert.equal(answers.length, 8);
  assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
});

void test("rounds are told as they come", async () => {
  await using pool = poolWith();
  const { rounds } = await run(pool, [{ id: "a", does: "progress" }]);
  assert.deepEqual(rounds, ["a 1/2"]);
});

void test("a worker that dies is replaced and its task tried again while the others go on", async () => {
  await using pool = poolWith();
  const { results, failures, outcome } = await run(pool, [
    { id: "dies", does: "exit once", note: path.join(folder, "note") },
    ...["a", "b", "c"].map((id) => ({ id, does: "echo" })),
  ]);
  assert.equal(outcome, undefined);
  assert.deepEqual([...results.keys()].sort(), ["a", "b", "c", "dies"]);
  assert.deepEqual(failures, ["dies 1: the worker died: it ended with exit code 9"]);
});

for (const [does, words] of [
  ["exit", /exit code 3/],
  ["write garbage", /a line that answers nothing: Segmentation fault/],
  ["answer another", /answers nothing: .*somebody/],
  ["refuse-retryable", /^full$/],
] as const) {
  void test(`a worker that does '${does}' each time fails its task after three attempts`, async () => {
    await using pool = poolWith();
    const { failures, outcome } = await run(pool, [{ id: "a", does }]);
    assert.ok(outcome instanceof TaskFailed);
    assert.equal(outcome.attempts, 3);
    assert.equal(failures.length, 3);
    assert.match(outcome.message.replace("the worker died: ", ""), words);
  });
}

void test("refused data are not tried again, and control characters are taken out", async () => {
  await using pool = poolWith();
  const { failures, outcome } = await run(pool, [{ id: "a", does: "refuse-data" }]);
  assert.ok(outcome instanceof TaskFailed);
  assert.equal(outcome.class, "data");
  assert.deepEqual(failures, ["a 1: bad row"]);
});

void test("the end of what a dying worker said on standard error is told, and no more", async () => {
  await using pool = poolWith();
  const { outcome } = await run(pool, [{ id: "a", does: "exit with last words" }]);
  assert.ok(outcome instanceof TaskFailed);
  assert.match(outcome.message, /exit code 3; its last words: out of paper$/);
});

void test("a gigabyte without a newline is refused in little memory", async () => {
  await using pool = poolWith();
  const before = process.memoryUsage().rss;
  const { outcome } = await run(pool, [{ id: "a", does: "write a gigabyte without newline" }], 1);
  assert.ok(outcome instanceof TaskFailed);
  assert.match(outcome.message, /a line of more than 1048576 bytes/);
  const grownMb = (process.memoryUsage().rss - before) / 1024 / 1024;
  assert.ok(grownMb < 100, `grew by ${grownMb} MB`);
});

void test("silence ends a worker and fails the attempt", async () => {
  await using pool = poolWith({ silenceMs: 300 });
  const { failures, outcome } = await run(pool, [{ id: "a", does: "hang" }]);
  assert.ok(outcome instanceof TaskFailed);
  assert.equal(failures[0], "a 1: the worker died: it was silent for 0.3 s");
});

void test("a task that takes too long ends its worker", async () => {
  await using pool = poolWith({ taskMs: 300 });
  const { failures } = await run(pool, [{ id: "a", does: "hang" }]);
  assert.equal(failures[0], "a 1: the worker died: the task took more than 0.3 s");
});

void test("abort ends workers that ignore TERM, and what they started", async () => {
  await using pool = poolWith();
  const stop = new AbortController();
  const note = path.join(folder, "note");
  const running = run(pool, [{ id: "a", does: "hang and ignore TERM", note }], 1, stop.signal);
  let pids: number[] = [];
  await until(() => {
    try {
      pids = readFileSync(note, "utf8").trim().split("\n").map(Number);
    } catch {
      pids = [];
    }
    return pids.length === 2;
  });
  assert.ok(pids.every(livesStill));
  stop.abort(new Error("stopped by a test"));
  const { outcome } = await running;
  assert.equal((outcome as Error).message, "stopped by a test");
  await until(() => !pids.some(livesStill));
});

void test("a failure for good ends the running workers before the call throws", async () => {
  await using pool = poolWith();
  const note = path.join(folder, "note");
  const { outcome } = await run(pool, [
    { id: "hangs", does: "hang", note },
    { id: "fails", does: "refuse-data" },
  ]);
  assert.ok(outcome instanceof TaskFailed);
  assert.equal(outcome.task, "fails");
  assert.deepEqual(pool.processes, []);
});

void test("what the keeper of results throws ends the call", async () => {
  await using pool = poolWith();
  const keeping = pool.run([{ id: "a", does: "echo" }], 1, {
    signal: NEVER,
    onResult: async () => {
      throw new Error("the disk is full");
    },
  });
  await assert.rejects(keeping, /the disk is full/);
});

for (const [mode, words] of [
  ["mute", /it said nothing for 0.5 s after its start/],
  ["rude", /its first line is no greeting: hi there/],
  ["old", /its first line is no greeting/],
] as const) {
  void test(`a worker that starts '${mode}' is not used`, async () => {
    const worker = new Worker(command(mode), systemClock, {
      ...WORKER_LIMITS,
      helloMs: mode === "mute" ? 500 : 20_000,
    });
    const answer = await worker.hello();
    assert.match(typeof answer === "string" ? answer : "it was greeted", words);
    await worker.end();
    assert.ok(worker.pid !== undefined && !livesStill(worker.pid));
  });
}

void test("a program that is not there fails the task, not the process", async () => {
  const pool = new WorkerPool(
    { ...command(), command: path.join(folder, "no-python") },
    systemClock,
  );
  const { outcome } = await run(pool, [{ id: "a", does: "echo" }]);
  assert.ok(outcome instanceof TaskFailed);
  assert.match(outcome.message, /could not be started: .*ENOENT/);
});

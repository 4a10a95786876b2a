import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { jobLogFile } from "../../../src/pipeline/run-files.ts";
import { pollUntil } from "../../rig/processes.ts";
import { SkippingClock } from "../../rig/skipping-clock.ts";
import { JobUnderTest, script } from "../job-under-test.ts";

void test("a gigabyte without a line end costs neither memory nor disk", async () => {
  await using job = await JobUnderTest.make();
  const beforeBytes = process.memoryUsage().rss;
  const outcome = await job.run({
    argv: [
      "sh",
      "-c",
      "yes gigabyte | tr -d '\\n' | head -c 1000000000; echo; echo last words; exit 3",
    ],
  });
  assert.equal(outcome.end, "failed");
  assert.match(outcome.reason ?? "", /exit code 3; its last words: last words/);
  const cut = job.events.find((event) => event.event === "output-cut");
  assert.ok(cut?.event === "output-cut" && cut.bytes > 950_000_000);
  const log = await stat(jobLogFile(job.paths, "scan", "20261120t133000z-abc123"));
  assert.ok(log.size < 20_000_000, `the log has ${log.size} bytes`);
  assert.ok(job.output().every((line) => line.length <= 40_000));
  const grownBytes = process.memoryUsage().rss - beforeBytes;
  assert.ok(grownBytes < 300_000_000, `memory grew by ${grownBytes} bytes`);
});

void test("empty lines without end fill no log", async () => {
  await using job = await JobUnderTest.make();
  await job.run({ argv: ["sh", "-c", "yes '' | head -c 20000000"] });
  const log = await stat(jobLogFile(job.paths, "scan", "20261120t133000z-abc123"));
  assert.ok(log.size < 25_000_000, `the log has ${log.size} bytes`);
  assert.ok(job.events.some((event) => event.event === "output-cut"));
});

void test("random bytes and escape sequences come out harmless", async () => {
  await using job = await JobUnderTest.make();
  const outcome = await job.run({
    argv: [
      "sh",
      "-c",
      String.raw`head -c 300000 /dev/urandom; printf '\n\033]0;title\007\033[2J\033[31mred\033[0m\r\n 10%%\r 99%%\r100%%\n'`,
    ],
  });
  assert.equal(outcome.end, "done");
  const lines = job.output();
  for (const line of lines) assert.doesNotMatch(line.replaceAll("\t", ""), /\p{Cc}/u);
  assert.deepEqual(lines.slice(-2), ["red", "100%"]);
});

void test("a flock of children that fork on is ended to the last one", async () => {
  await using job = await JobUnderTest.make();
  let isReady = false;
  job.clock = new SkippingClock((ms) => isReady && ms > 1000);
  job.onEvent = (event) => {
    if (event.event === "output") isReady = true;
  };
  // Each child ignores TERM and starts another one when it ends; a real bomb would take the machine along.
  const outcome = await job.run({
    argv: [
      "sh",
      "-c",
      `trap '' TERM; breed() { while :; do (trap '' TERM; sleep 0.05) & (sleep 0.05; :) ; done; }
       for i in 1 2 3 4 5; do breed & done; echo ready; wait`,
    ],
    timeout: "2m",
    grace: "1s",
  });
  assert.equal(outcome.error?.code, "CBI_COMMAND_TIMED_OUT");
  await pollUntil("nobody is left", () => job.processes().length === 0);
});

void test("a program that closes its output and lives on is not taken for ended", async () => {
  await using job = await JobUnderTest.make();
  // The program itself waits, so that it outlives its closed output.
  const outcome = await job.run({
    argv: script(`require("node:fs").closeSync(1); require("node:fs").closeSync(2);
      setTimeout(() => process.exit(4), 300)`),
  });
  assert.match(outcome.reason ?? "", /exit code 4/);
});

void test("a program that reads its input finds its end at once", async () => {
  await using job = await JobUnderTest.make();
  const outcome = await job.run({ argv: ["sh", "-c", "cat; echo over"] });
  assert.deepEqual([outcome.end, job.output()], ["done", ["over"]]);
});

void test("a log that cannot be written fails no run, and is said", async () => {
  await using job = await JobUnderTest.make();
  await job.write("Logs", "a file where a folder should be");
  const outcome = await job.run({ argv: ["true"] });
  assert.equal(outcome.end, "done");
  assert.match(outcome.warnings.join(), /the log .* cannot be written/);
});

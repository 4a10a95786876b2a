import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { followLog, lineShower, logLines } from "../../../src/cli/show/log-text.ts";
import { jobLogFile, olderLogFile } from "../../../src/pipeline/run-files.ts";
import { homePaths } from "../../../src/system/home.ts";
import { openRunLog } from "../../../src/system/run-log.ts";
import { pollUntil } from "../../rig/processes.ts";
import { keptContext } from "../support.ts";

void test("a log that outgrows its file is read and followed without a gap", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-log-text-"));
  try {
    const paths = homePaths(folder);
    await mkdir(path.join(paths.logs, "loop"), { recursive: true });
    const older = olderLogFile(paths, "loop", "r");
    using log = openRunLog(jobLogFile(paths, "loop", "r"), () => undefined, {
      older,
      bytesMax: 8_000,
    });
    const say = (number: number): void => log.write({ event: "note", message: `line ${number}` });
    say(0);
    const context = keptContext();
    let isRunning = true;
    const followed = followLog(paths, { job: "loop", id: "r" }, context, {
      show: lineShower(context, false),
      fromStart: true,
      isRunning: () => isRunning,
    });
    const seen = (): string[] => context.written().match(/line \d+/g) ?? [];
    for (let part = 0; part < 8; part++) {
      // No more than one file's worth between two looks.
      for (let line = 1; line <= 30; line++) say(part * 30 + line);
      await pollUntil("it was read", () => seen().at(-1) === `line ${part * 30 + 30}`);
    }
    isRunning = false;
    await followed;
    assert.deepEqual(
      seen(),
      Array.from({ length: 241 }, (_, number) => `line ${number}`),
    );
    const kept = await logLines(paths, "loop", "r");
    assert.ok(kept.length > 30 && kept.at(-1)?.includes("line 240"));
    await assert.rejects(logLines(paths, "loop", "gone"), /is not there/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { rootDisk } from "../../src/host/root-disk.ts";
import type { Root } from "../../src/host/root.ts";
import { systemClock } from "../../src/system/clock.ts";

void test("root takes nothing away that has no name of ours, whatever a record says", async () => {
  const commands: string[] = [];
  const run: Root["run"] = (command) => {
    commands.push(command.join(" "));
    return Promise.resolve({ exitCode: 0, stdout: "", stderr: "", isTimedOut: false });
  };
  const root: Root = {
    isAllowed: () => Promise.resolve(true),
    allow: () => Promise.resolve(),
    keepAllowed: () => ({ [Symbol.dispose]: () => undefined }),
    run,
    must: run,
  };
  const { signal } = new AbortController();
  const world = { environment: {}, signal, clock: systemClock };
  const disk = rootDisk(root, mkdtempSync(path.join(os.tmpdir(), "cbi-staging-")), world);
  const refusal = { code: "CBI_ROOT_STEP", message: /has no name of cbi's/ };
  for (const file of ["/etc/hosts", "/etc/cbi/../hosts", "/Library/x/../../etc/passwd"]) {
    await assert.rejects(disk.removeFile(file), refusal, file);
    await assert.rejects(disk.removeFolderIfEmpty(file), refusal, file);
  }
  for (const file of [
    "/Library/LaunchDaemons/com.cbi.scan.plist",
    "/Library/Application Support/cbi/set-wakes",
    "/Library/Application Support/cbi",
    "/etc/systemd/system/cbi-scan.timer",
    "/run/systemd/system/cbi-probe.service",
    "/etc/cron.d/cbi",
  ]) {
    await disk.removeFile(file);
    await disk.removeFolderIfEmpty(file);
  }
  assert.deepEqual(commands, [], "what is not there needs no root");
});

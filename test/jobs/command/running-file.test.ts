import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { clearRunning, readRunning, writeRunning } from "../../../src/jobs/command/running-file.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-running-"));
after(() => rmSync(folder, { recursive: true, force: true }));

void test("the newest record of a command counts, whatever was written before it", () => {
  const file = path.join(folder, "scan", "running.json");
  assert.equal(readRunning(file), undefined);
  clearRunning(file);
  assert.throws(() => readdirSync(path.dirname(file)), "clearing makes nothing");
  const long = { home: `/${"h".repeat(300)}`, run: "first", startedMs: 1 };
  writeRunning(file, { ...long, pid: undefined });
  assert.equal(readRunning(file)?.pid, undefined);
  assert.equal(readRunning(file)?.run, "first");
  writeRunning(file, { ...long, pid: 4711 });
  assert.equal(readRunning(file)?.pid, 4711);
  clearRunning(file);
  assert.equal(readRunning(file), undefined);
  writeRunning(file, { home: "/h", run: "second", startedMs: 2, pid: 12 });
  const { boot, ...rest } = readRunning(file) ?? {};
  assert.deepEqual(rest, { home: "/h", run: "second", startedMs: 2, pid: 12 });
  assert.notEqual(boot, "");
  assert.deepEqual(readdirSync(path.dirname(file)), ["running.json"]);
});

void test("a record that is no record is none", () => {
  const file = path.join(folder, "damaged.json");
  for (const text of [
    "",
    "\n",
    "{",
    "null",
    "[]",
    '{"home":1}',
    '{"home":"/h","run":"","startedMs":1}',
  ]) {
    writeFileSync(file, text);
    assert.equal(readRunning(file), undefined, text);
  }
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openRunLog } from "../../src/system/run-log.ts";

void test("a log that goes on for ever keeps its newest lines within its limit", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-rotating-"));
  try {
    const [file, older] = [path.join(folder, "a.log"), path.join(folder, "a.older.log")];
    const problems: string[] = [];
    const complain = (problem: string): void => void problems.push(problem);
    const open = () => openRunLog(file, complain, { older, bytesMax: 20_000 });
    let count = 0;
    for (let part = 0; part < 5; part++) {
      using log = open();
      for (let line = 0; line < 500; line++) log.write({ event: "note", message: `${count++}` });
    }
    assert.ok(statSync(file).size + statSync(older).size <= 20_000);
    const lines = (readFileSync(older, "utf8") + readFileSync(file, "utf8")).trim().split("\n");
    const numbers = lines.map((line) => Number((JSON.parse(line) as { message: string }).message));
    assert.ok(numbers.length > 100);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => count - numbers.length + index),
      "without a gap up to the last",
    );
    assert.deepEqual(problems, []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { PYTHON_OPTIONS, PYTHON_PACKAGE } from "../../src/workers/command.ts";
import { resolvePythonEnvironment } from "../../src/workers/environment.ts";
import { LineCutter, Tail } from "../../src/workers/lines.ts";

/** Prints in every way that a library can, then says one message. */
const STRAY = `
import os, sys
sys.path.insert(0, ${JSON.stringify(PYTHON_PACKAGE)})
from cbi_worker.channel import Channel
channel = Channel()
print("stray from Python")
os.write(1, b"stray from C\\n")
os.system("echo stray from a child")
channel.send({"type": "progress"})
`;

void test("stray prints of a library land on standard error, never among the messages", async () => {
  const { python } = resolvePythonEnvironment(process.env);
  const child = spawn(python, [...PYTHON_OPTIONS, "-c", STRAY]);
  const ended = Promise.all([text(child.stdout), text(child.stderr)]);
  // Its input stays open until it has spoken: the end of that would be its end.
  await once(child.stdout, "readable");
  child.stdin.end();
  const [out, remarks] = await ended;
  assert.equal(out, '{"type":"progress"}\n');
  for (const stray of ["Python", "C", "a child"]) {
    assert.match(remarks, new RegExp(`^stray from ${stray}$`, "m"));
  }
});

void test("lines are cut wherever the chunks are cut, and a line beyond the cap is refused", () => {
  const content = Buffer.from("one\ntwo ü\n\nthree\nrest");
  for (let size = 1; size <= content.length; size++) {
    const cutter = new LineCutter(10);
    const lines: string[] = [];
    for (let from = 0; from < content.length; from += size) {
      lines.push(...(cutter.push(content.subarray(from, from + size)) ?? ["refused"]));
    }
    assert.deepEqual(lines, ["one", "two ü", "", "three"]);
  }
  const cutter = new LineCutter(10);
  assert.deepEqual(cutter.push(Buffer.from("1234567890\n")), ["1234567890"]);
  assert.equal(cutter.push(Buffer.from("12345678901")), undefined);
});

void test("a tail keeps the end", () => {
  const tail = new Tail(5);
  for (const part of ["abc", "defghijkl", "m"]) tail.push(part);
  assert.equal(String(tail), "ijklm");
});

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { RunLock } from "../../src/guard/run-lock.ts";
import { Failure } from "../../src/system/failure.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-lock-"));
after(() => rmSync(folder, { recursive: true, force: true }));

void test("of forty processes that ask at once exactly one gets the lock", async () => {
  const file = path.join(folder, "forty.lock");
  const holders = await Promise.all(Array.from({ length: 40 }, () => asker(file)));
  const taken = holders.filter(({ answer }) => answer === "taken");
  assert.equal(taken.length, 1);
  assert.equal(holders.filter(({ answer }) => answer === "refused").length, 39);
  await Promise.all(holders.map(async ({ child }) => release(child)));
  using lock = RunLock.tryTake(file);
  assert.ok(lock, "it is free after the polite end of its holder");
});

void test("the lock goes with a holder that is killed, and nothing has to be cleaned up", async () => {
  const file = path.join(folder, "killed.lock");
  const { child, answer } = await asker(file);
  assert.equal(answer, "taken");
  assert.equal(RunLock.tryTake(file), undefined);
  child.kill("SIGKILL");
  await once(child, "close");
  using lock = RunLock.tryTake(file);
  assert.ok(lock);
});

void test("a holder whose lock file is deleted or replaced is told so", () => {
  for (const spoil of [
    (file: string) => rmSync(file),
    (file: string) => {
      rmSync(file);
      writeFileSync(file, "");
    },
  ]) {
    const file = path.join(folder, "spoilt.lock");
    using lock = RunLock.tryTake(file);
    assert.ok(lock);
    lock.assertHeld();
    spoil(file);
    assert.throws(
      () => lock.assertHeld(),
      (error) => error instanceof Failure && error.code === "CBI_LOCK_LOST" && error.exit === 1,
    );
    rmSync(file, { force: true });
  }
});

void test("the lock can be taken again in the same process once it is given back", () => {
  const file = path.join(folder, "again.lock");
  for (let round = 0; round < 3; round++) {
    using lock = RunLock.tryTake(file);
    assert.ok(lock);
    assert.equal(RunLock.tryTake(file), undefined);
  }
});

void test("a lock file that is no lock file is a failure that names it", () => {
  const file = path.join(folder, "foreign.lock");
  writeFileSync(file, "4711\n".repeat(1000));
  assert.throws(
    () => RunLock.tryTake(file),
    (error) =>
      error instanceof Failure &&
      error.code === "CBI_LOCK_UNUSABLE" &&
      error.message.includes(file) &&
      error.remedy !== undefined,
  );
});

void test("a folder that cannot be made for the lock is a failure that names it", () => {
  const inTheWay = path.join(folder, "file");
  writeFileSync(inTheWay, "");
  assert.throws(
    () => RunLock.tryTake(path.join(inTheWay, "Logs", "pipeline.lock")),
    (error) => error instanceof Failure && error.code === "CBI_LOCK_UNUSABLE",
  );
});

/** A process that asks for the lock, once it has answered. */
async function asker(file: string): Promise<{ child: ChildProcess; answer: string }> {
  const script = path.join(import.meta.dirname, "hold-lock.ts");
  const child = spawn(process.execPath, [script, file], { stdio: ["pipe", "pipe", "inherit"] });
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return { child, answer: chunk.toString("utf8").trim() };
}

async function release(child: ChildProcess): Promise<void> {
  const closed = child.exitCode === null ? once(child, "close") : undefined;
  child.stdin?.end();
  await closed;
}

import assert from "node:assert/strict";
import { chmod, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fillDisk } from "../rig/full-disk.ts";
import { assertIntact } from "../rig/intact.ts";
import { Rig } from "../rig/rig.ts";

/** Root may write everywhere, so for a read-only home the night belongs to somebody else. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Where the room ends: in the warehouse; so far on that the ledger itself may find none. */
const ROOMS_KB = [900, 3300];

for (const roomKb of ROOMS_KB) {
  void test(`a disk that is full after ${roomKb} kB ends the night with that word, and with room it goes on`, async (t) => {
    await using rig = await Rig.make(t);
    using disk = await fillDisk(rig, roomKb);
    t.diagnostic(`by ${disk.means}`);
    const full = await rig.cbi(["run", "nightly", "--json"], { wrapper: disk.wrapper });
    const verdict = full.events.at(-1);
    assert.equal(verdict?.event, "run-finished");
    assert.equal(verdict.state, "failed");
    assert.equal(verdict.error?.code, "CBI_DISK_FULL");
    assert.match(verdict.error.message, /disk/);
    assert.match(verdict.error.remedy ?? "", /Free some space/);
    assert.equal(verdict.exit_code, 1);
    assert.equal(full.exitCode, 1);
    assert.doesNotMatch(full.stdout + full.stderr, /CBI_BUG|\\n {4}at /);
    assert.deepEqual(rig.processes(), []);
    const { exitCode, status } = await rig.status();
    assert.equal(exitCode, 1);
    assert.equal(status.health?.verdict, "fail");
    disk.grow();
    const end = await rig.cbi(["run", "nightly", "--json"], { wrapper: disk.wrapper });
    assert.equal(end.exitCode, 0);
    await assertIntact(rig, end);
  });
}

void test("a home that cannot be written is refused in plain words, and nothing of it is touched", async (t) => {
  await using rig = await Rig.make(t);
  const { root } = rig.paths;
  await mkdir(rig.file("Models/local"), { recursive: true });
  await chmod(path.dirname(root), 0o755);
  const folders = [root, rig.paths.logs, rig.paths.trainingData];
  for (const folder of folders) await chmod(folder, 0o555);
  const before = await Promise.all(folders.map(async (folder) => (await stat(folder)).mtimeMs));
  try {
    const user = isRoot ? { user: NOBODY } : {};
    const end = await rig.cbi(["run", "nightly"], user);
    assert.equal(end.exitCode, 1);
    assert.match(end.stderr, /cbi: the lock file .*\.lock cannot be used/);
    assert.match(end.stderr, /who owns the file/);
    assert.doesNotMatch(end.stderr, /bug|\n {4}at /);
    const json = await rig.cbi(["run", "nightly", "--json"], user);
    assert.equal(json.events.at(-1)?.event, "run-finished");
    assert.equal(json.events.at(-1)?.error?.code, "CBI_LOCK_UNUSABLE");
    assert.equal((await rig.cbi(["status", "--json"], user)).exitCode, 2);
    const after = await Promise.all(folders.map(async (folder) => (await stat(folder)).mtimeMs));
    assert.deepEqual(after, before);
  } finally {
    for (const folder of folders) await chmod(folder, 0o755);
  }
  assert.equal((await rig.night()).exitCode, 0);
});

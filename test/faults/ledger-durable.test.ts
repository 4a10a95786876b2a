import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Ledger } from "../../src/ledger/ledger.ts";

const WRITER = path.join(import.meta.dirname, "write-rows.ts");
const KILLS = 12;

void test("a ledger is opened so that what was said to be recorded survives the power", (t) => {
  using ledger = Ledger.open(path.join(folderOf(t), "ledger.db"));
  const read = (name: string): unknown => Object.values(ledger.get(`PRAGMA ${name}`) ?? {})[0];
  assert.equal(read("journal_mode"), "wal");
  // FULL: the log is synced at each commit (sqlite.org/pragma.html#pragma_synchronous).
  assert.equal(read("synchronous"), 2);
  assert.equal(read("foreign_keys"), 1);
  assert.ok(Number(read("busy_timeout")) >= 10_000);
});

void test("whoever writes a ledger may be killed at any instant, and every row that it said is there", async (t) => {
  const file = path.join(folderOf(t), "ledger.db");
  let said = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [WRITER, file], { stdio: ["ignore", "pipe", "inherit"] });
    const killAt = said + 1 + kill * 7;
    for await (const line of createInterface({ input: child.stdout })) {
      said = Number(line);
      if (said >= killAt) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    using ledger = Ledger.open(file);
    assert.equal(ledger.damage(), undefined);
    const row = ledger.get("SELECT max(number) AS last, count(*) AS count FROM row_of_test");
    const last = Number(row?.["last"]);
    assert.ok(last >= said, `kill ${kill}: said ${said}, found ${last}`);
    assert.equal(row?.["count"], last, "none is missing before it");
    const torn = ledger.all("SELECT number FROM row_of_test WHERE text LIKE 'x%'");
    assert.deepEqual(torn, [], "no transaction is there by half");
    said = last;
  }
});

function folderOf(t: { after: (work: () => void) => void }): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-ledger-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

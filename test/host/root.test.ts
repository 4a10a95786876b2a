import assert from "node:assert/strict";
import { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { rootBySudo, type Root } from "../../src/host/root.ts";
import { systemClock, type Clock } from "../../src/system/clock.ts";

void test("root's commands go through sudo with their words unchanged, and without a question", async () => {
  const mac = new Sudo(`exit 0`);
  await mac.root().must(["/bin/rm", "-f", "/Library/a b.plist"]);
  assert.deepEqual(mac.calls(), ["-n -- /bin/rm -f /Library/a b.plist"]);
});

void test("the password is asked for only where sudo does not know it any more", async () => {
  const known = new Sudo("exit 0");
  await known.root().allow();
  assert.deepEqual(known.calls(), ["-n -v"]);
  const unknown = new Sudo(
    `[ "$1" = -n ] && { echo "sudo: a password is required" >&2; exit 1; }; exit 0`,
  );
  await unknown.root().allow();
  assert.match(unknown.calls()[1] ?? "", /^-v -p Password/);
});

void test("where nobody can be asked, it is said what to do", async () => {
  const mac = new Sudo(`echo "sudo: a terminal is required to read the password" >&2; exit 1`);
  const refusal = { code: "CBI_NEEDS_ROOT", message: /a terminal is required/ };
  await assert.rejects(mac.root().allow(), refusal);
  await assert.rejects(mac.root().run(["/bin/launchctl", "enable", "system/x"]), refusal);
});

void test("a command's own failure is its end, and is told from sudo's", async () => {
  const mac = new Sudo(`echo "Boot-out failed: 3: No such process" >&2; exit 3`);
  const end = await mac.root().run(["/bin/launchctl", "bootout", "system/x"]);
  assert.equal(end.exitCode, 3);
  const failure = { code: "CBI_ROOT_STEP", message: /launchctl bootout .* ended with 3: Boot-out/ };
  await assert.rejects(mac.root().must(["/bin/launchctl", "bootout", "system/x"]), failure);
});

void test("a command that cannot be ended is left behind at its deadline", async () => {
  // Its child holds the output open, as what runs as root would.
  const mac = new Sudo(`sleep 20 & trap '' TERM; echo begun; wait`);
  const startedMs = systemClock.monotonic();
  const failure = { code: "CBI_ROOT_STEP", message: /did not end/ };
  await assert.rejects(mac.root({ CBI_CALL_SECONDS: "0.2" }).must(["/bin/rm", "x"]), failure);
  assert.ok(systemClock.monotonic() - startedMs < 10_000);
});

void test("what no user may end is said to have had no end, and not that it cannot be ended", async (context) => {
  // What kill(2) says of a process of root, as Node tells it: as an error of the child.
  context.mock.method(ChildProcess.prototype, "kill", function refuse(this: ChildProcess) {
    this.emit("error", new Error("kill EPERM"));
    return false;
  });
  const mac = new Sudo("sleep 3");
  const failure = { code: "CBI_ROOT_STEP", message: /did not end: no end within 0\.2 s/ };
  await assert.rejects(mac.root({ CBI_CALL_SECONDS: "0.2" }).must(["/bin/rm", "x"]), failure);
});

void test("what sudo has to say beside a command's end is no refusal", async () => {
  const mac = new Sudo(
    `echo "sudo: unable to resolve host mac" >&2; echo "Boot-out failed: 3: No such process" >&2; exit 3`,
  );
  const end = await mac.root().run(["/bin/launchctl", "bootout", "system/x"]);
  assert.equal(end.exitCode, 3);
});

void test("what was allowed is kept so, until nobody needs it any more", async () => {
  const mac = new Sudo("exit 0");
  let sleeps = 0;
  const done = Promise.withResolvers<void>();
  const clock: Clock = {
    ...systemClock,
    async sleep(_ms, signal) {
      if (sleeps++ === 2) done.resolve();
      if (sleeps > 2) await once(signal ?? new AbortController().signal, "abort");
      signal?.throwIfAborted();
    },
  };
  using kept = rootBySudo(
    { ...mac.world(), clock },
    { sudo: mac.file, isRoot: false },
  ).keepAllowed();
  void kept;
  await done.promise;
  assert.deepEqual(mac.calls(), ["-n -v", "-n -v"]);
});

void test("root itself needs no sudo", async () => {
  const mac = new Sudo("exit 1");
  const root = rootBySudo(mac.world(), { sudo: mac.file, isRoot: true });
  await root.allow();
  await root.must(["/bin/rm", "-f", path.join(mac.folder, "nothing")]);
  assert.deepEqual(mac.calls(), []);
});

/** A sudo that notes how it is called, and then does as its script says. */
class Sudo {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "cbi-sudo-"));
  readonly file = path.join(this.folder, "sudo");
  readonly #calls = path.join(this.folder, "calls");

  constructor(script: string) {
    const text = `#!/bin/sh\necho "$*" >> '${this.#calls}'\n${script}\n`;
    writeFileSync(this.file, text, { mode: 0o755 });
  }

  world(environment: Record<string, string> = {}) {
    const signal = new AbortController().signal;
    const PATH = "/usr/bin:/bin";
    return { environment: { PATH, ...environment }, signal, clock: systemClock };
  }

  root(environment: Record<string, string> = {}): Root {
    return rootBySudo(this.world(environment), { sudo: this.file, isRoot: false });
  }

  calls(): string[] {
    if (!existsSync(this.#calls)) return [];
    return readFileSync(this.#calls, "utf8").trim().split("\n");
  }
}

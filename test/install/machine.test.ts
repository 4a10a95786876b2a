import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { defaultScope, machineFor } from "../../src/install/machine.ts";

const MODULE = path.resolve(import.meta.dirname, "../../src/install/machine.ts");
const NEEDS_ROOT = process.getuid?.() === 0 && process.platform === "linux" ? false : "needs root";

void test(
  "a process whose user has no name is described by its number",
  { skip: NEEDS_ROOT },
  () => {
    // As in a container that is started with a number of its own.
    const program = `import(${JSON.stringify(MODULE)}).then(({ machineFor }) =>
    console.log(machineFor("cron", {}).account.name))`;
    const said = spawnSync(process.execPath, ["-e", program], {
      uid: 54_321,
      gid: 54_321,
      cwd: os.tmpdir(),
      env: { HOME: os.tmpdir() },
      encoding: "utf8",
    });
    assert.equal(said.stdout.trim(), "54321", said.stderr);
  },
);

void test("another system's machine has the user's folder where that system has it", () => {
  const { username } = os.userInfo();
  const foreign = process.platform === "darwin" ? "systemd" : "launchd";
  const { account, isThis, appFolder } = machineFor(foreign, { XDG_DATA_HOME: "/elsewhere" });
  assert.equal(isThis, false);
  assert.equal(account.name, username);
  assert.ok(appFolder.startsWith(`${account.folder}/`), "this machine's variables do not count");
});

void test("whoever is not root has a scheduler of their own on Linux, and a Mac's is the machine's", () => {
  const machine = { ...machineFor("systemd", {}), isThis: true, isRoot: false };
  assert.equal(defaultScope("systemd", machine), "user");
  assert.equal(defaultScope("systemd", { ...machine, isRoot: true }), "system");
  assert.equal(defaultScope("launchd", machine), "system");
});

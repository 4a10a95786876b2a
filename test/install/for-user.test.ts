import assert from "node:assert/strict";
import { statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { RealSystemd, type CallEnd } from "../rig/real-systemd.ts";
import { cbi } from "../cli/support.ts";
import { makeHome } from "./home-at.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const NODE = path.join(REPOSITORY, "node_modules/node/bin/node");
const BUILT = path.join(REPOSITORY, "dist/cli/cbi.js");
const HOME = "/home/you/oil";
const APP = "/home/you/.local/share/cbi";
const SERVICE = "/etc/systemd/system/cbi-scan.service";
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  scan: { kind: command, schedule: ['30 8 * * *'], argv: ['true'] }
`;
const INSTALL = ["install", "--host", "systemd", "--yes", "--home", HOME];
const OPTIONS = { skip: RealSystemd.unavailable, timeout: 300_000 };

void test(
  "sudo cbi install lets the machine start the jobs as whoever used sudo, and leaves them their files",
  OPTIONS,
  async () => {
    await using machine = await booted();
    const sudo = { HOME: "/root", SUDO_USER: "you", SUDO_UID: uidOf(machine, "you") };
    const run = (...words: string[]): CallEnd => machine.run([NODE, BUILT, ...words], sudo);
    const installed = run(...INSTALL);
    assert.equal(installed.status, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /^the machine's systemd, for \/home\/you\/oil, as you:$/m);
    assert.match(installed.stdout, /^pass {2}inside +systemd started a process as you/m);
    assert.match(must(machine, "cat", SERVICE), /^User=you$/m);
    assert.equal(must(machine, "stat", "-c", "%U %a", SERVICE).trim(), "root 644");
    const foreign = must(machine, "find", "/home/you", "!", "-user", "you");
    assert.equal(foreign, "", "nothing of root's is among the user's files");
    assert.deepEqual(machine.written("root/.local/share/cbi"), []);
    assert.match(run(...INSTALL).stdout, /nothing was changed/);

    const seen = run("doctor", "--home", HOME).stdout;
    assert.match(seen, /^pass {2}files +inside systemd: /m);
    assert.match(seen, /^pass {2}scheduler +systemd has cbi-scan\.timer, cbi-watchdog\.timer$/m);
    // The user may look, and not let the machine start anything.
    const own = machine.run(["runuser", "-u", "you", "--", NODE, BUILT, "doctor", "--home", HOME], {
      HOME: "/home/you",
    }).stdout;
    assert.match(own, /^skip {2}inside +only root may let the machine's systemd start something/m);
    assert.match(own, /^pass {2}files +\/home\/you\/oil can be read and written/m);

    const gone = run("uninstall", "--yes");
    assert.equal(gone.status, 0, gone.stdout + gone.stderr);
    assert.equal(machine.run(["ls", APP]).status, 2);
    assert.deepEqual(machine.written("cbi-scan"), []);
  },
);

void test("for whom it is has to be clear, and is never guessed", OPTIONS, async () => {
  await using machine = await booted();
  assert.equal(machine.run(["useradd", "-m", "other"]).status, 0);
  const refused = (environment: Record<string, string>, ...words: string[]): string => {
    const variables = { HOME: "/root", ...environment };
    const end = machine.run([NODE, BUILT, ...INSTALL, ...words], variables);
    assert.equal(end.status, 64, end.stdout + end.stderr);
    return end.stderr;
  };
  const other = { SUDO_USER: "other", SUDO_UID: uidOf(machine, "other") };
  assert.match(refused(other), /\/home\/you\/oil belongs to user \d+, and sudo was used by other/);
  assert.match(refused({ SUDO_USER: "you", SUDO_UID: "4711" }), /used by user 4711, and you is/);
  assert.match(refused({ SUDO_USER: "nobody-here" }), /there is no user nobody-here/);
  assert.match(refused({}, "--for", "nobody-here"), /there is no user nobody-here/);
  assert.deepEqual(machine.written("cbi-scan"), []);

  // Root itself says whose they are.
  const words = [NODE, BUILT, ...INSTALL, "--for", "you"];
  const installed = machine.run(words, { HOME: "/root" });
  assert.equal(installed.status, 0, installed.stdout + installed.stderr);
  assert.match(must(machine, "cat", SERVICE), /^User=you$/m);
  const gone = machine.run([NODE, BUILT, "uninstall", "--yes", "--for", "you"], { HOME: "/root" });
  assert.equal(gone.status, 0, gone.stderr);
  assert.equal(machine.run(["ls", SERVICE]).status, 2);
});

void test("whoever is not root installs for nobody else, and nobody asks for root's steps by hand", () => {
  const home = makeHome();
  const { uid } = statSync(home);
  const by = cbi(["root-steps"]);
  assert.equal(by.status, 64);
  assert.match(by.stderr, /only cbi itself starts this/);
  if (uid === 0) return;
  const refused = cbi(["install", "--for", "you", "--home", home]);
  assert.equal(refused.status, 64);
  assert.match(refused.stderr, /only root may install for another user|for Linux alone/);
});

async function booted(): Promise<RealSystemd> {
  const machine = await RealSystemd.boot();
  assert.equal(machine.run(["useradd", "-m", "you"]).status, 0);
  const words = [
    "sh",
    "-c",
    `mkdir -p "$2" && printf '%s' "$1" >"$2/cbi.yaml"`,
    "sh",
    CONFIG,
    HOME,
  ];
  must(machine, "runuser", "-u", "you", "--", ...words);
  return machine;
}

function uidOf(machine: RealSystemd, name: string): string {
  return must(machine, "id", "-u", name).trim();
}

function must(machine: RealSystemd, ...words: string[]): string {
  const { status, stdout, stderr } = machine.run(words);
  assert.equal(status, 0, `${words.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

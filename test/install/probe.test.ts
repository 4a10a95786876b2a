import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { parseEnd } from "../../src/host/launchd/print-text.ts";
import type { HostedHome } from "../../src/host/hosted-home.ts";
import type { Check } from "../../src/install/doctor/check.ts";
import { INSIDE_CHECKS } from "../../src/install/doctor/checks.ts";
import { explained } from "../../src/install/doctor/files.ts";
import { readAnswer, type ProbeAnswer } from "../../src/install/probe/answer.ts";
import { askInside, probeFolder, type Inside } from "../../src/install/probe/ask.ts";
import { probeFrom } from "../../src/install/probe/look.ts";
import { systemClock } from "../../src/system/clock.ts";
import { cbi } from "../cli/support.ts";
import { hostedHome } from "../host/hosted-home.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { makeHome } from "./home-at.ts";

const NEEDS_LINUX = process.platform === "linux" ? false : "needs Linux";
const NEEDS_CHATTR = canMarkImmutable() ? false : "needs root and chattr";
const ENTRY = path.resolve(import.meta.dirname, "../../src/cli/cbi.ts");
const COMMANDS = "jobs:\n  scan: { kind: command, schedule: ['30 8 * * 1-5'], argv: ['true'] }\n";

void test(
  "with cron's environment a process sees what jobs would see, and leaves nothing",
  { skip: NEEDS_LINUX },
  async () => {
    const home = installed(makeHome(COMMANDS));
    const { isInside, start, answer } = await ask(home);
    assert.equal(isInside, false, "cron itself starts nothing on request");
    assert.match(start.evidence, /cron itself starts nothing on request; with its environment/);
    assert.equal(start.state, "pass");
    assert.deepEqual(states(answer), {
      Node: "pass",
      Python: "skip",
      libraries: "skip",
      files: "pass",
      network: "skip",
      credentials: "skip",
      warehouse: "skip",
    });
    assert.deepEqual(readdirSync(home.program.appFolder), []);
  },
);

void test("what is missing for a night is named by the check that is about it", async () => {
  const root = makeHome();
  const answer = await look(root);
  assert.equal(answer.at, undefined, "it came to its end");
  const failed = answer.checks.filter(({ state }) => state === "fail");
  assert.deepEqual(
    failed.map(({ name, remedy }) => [name, remedy !== undefined]),
    [
      ["Python", true],
      ["libraries", true],
      ["warehouse", true],
    ],
  );
});

void test("a home whose configuration is broken is an answer, and no silence", async () => {
  const root = makeHome();
  writeFileSync(path.join(root, "cbi.yaml"), "version: 7\n");
  const { checks } = await look(root);
  assert.equal(checks.length, 1);
  assert.equal(checks[0]?.state, "fail");
  assert.match(checks[0]?.evidence ?? "", /cbi\.yaml/);
});

void test(
  "a folder that its mode would let be written, and the system does not, is tried",
  {
    skip: NEEDS_CHATTR,
  },
  async () => {
    const root = makeHome(COMMANDS);
    const logs = path.join(root, "Logs");
    mkdirSync(logs);
    execFileSync("chattr", ["+i", logs]);
    try {
      const found = (await look(root)).checks.find(({ name }) => name === "files");
      assert.equal(found?.state, "fail");
      assert.match(found?.evidence ?? "", /does not let it write in .*Logs.* \(EPERM\)/);
    } finally {
      execFileSync("chattr", ["-i", logs]);
    }
  },
);

void test("privacy protection and missing rights are told apart, with what helps each", () => {
  const error = (code: string): Error => Object.assign(new Error(code), { code });
  const denied = explained("read", "/x", error("EACCES"));
  assert.match(denied.evidence, /may not read \/x \(EACCES\)/);
  const kept = explained("read", "/x", error("EPERM"));
  assert.match(kept.evidence, /\(EPERM\)/);
  assert.notEqual(denied.remedy, kept.remedy);
});

void test(
  "a process that hangs is ended, and the check at which it hung is named",
  {
    skip: NEEDS_LINUX,
  },
  async () => {
    const home = installed(makeHome(COMMANDS));
    const half = JSON.stringify({ ...ANSWER, at: "libraries" });
    // The answer's file is the word after --answer.
    const publish = `echo '${half}' >"$2.new"; mv "$2.new" "$2"`;
    program(home, `while [ "$1" != --answer ]; do shift; done\n${publish}\nexec sleep 600`);
    const clock = new ManualClock("2026-11-20T12:00:00Z", () => true);
    let isThere = false;
    // Time passes only when half of the answer is there.
    clock.sleep = async (ms) => {
      isThere ||= readdirSync(probeFolder(home.program.appFolder)).some((name) =>
        name.endsWith(".json"),
      );
      if (isThere) clock.advance(ms);
      else await systemClock.sleep(5);
    };
    const { start, answer } = await ask(home, clock);
    assert.equal(start.state, "fail");
    assert.match(
      start.evidence,
      /did not come to its end: it was not done after 180 s, at 'libraries'/,
    );
    assert.equal(answer?.checks.length, 0);
    assert.equal(spawnSync("pgrep", ["-f", home.program.appFolder]).stdout.toString(), "");
  },
);

void test(
  "a process that ends without an answer is told by how it ended",
  {
    skip: NEEDS_LINUX,
  },
  async () => {
    const home = installed(makeHome(COMMANDS));
    program(home, "exit 78");
    const { start, answer } = await ask(home);
    assert.match(start.evidence, /gave no answer: it ended with 78/);
    assert.deepEqual([start.state, answer], ["fail", undefined]);
    assert.ok(start.remedy);
  },
);

void test("the end of a launchd job is read from its own lines alone", () => {
  const text = (state: string, end: string): string =>
    `x = {\n\tstate = ${state}\n\t${end}\n\tb = {\n\t\tlast exit code = 9\n\t}\n}\n`;
  assert.equal(parseEnd(text("not running", "last exit code = 78: EX_CONFIG")), "78: EX_CONFIG");
  assert.equal(parseEnd(text("not running", "last terminating signal = Killed: 9")), "Killed: 9");
  assert.equal(parseEnd(text("not running", "last exit code = (never exited)")), undefined);
  assert.equal(parseEnd(text("running", "last exit code = 1")), undefined);
});

void test("cbi probe explains itself, and no list of commands shows it", () => {
  assert.match(cbi(["probe", "--help"]).stdout, /--answer <file>/);
  assert.doesNotMatch(cbi(["--help"]).stdout, /^ {2}probe/m);
  assert.match(cbi(["probe"]).stderr, /--answer says where/);
});

const ANSWER: ProbeAnswer = {
  schema: 1,
  user: "you",
  host: "cron",
  node: "v24.0.0",
  version: "0.1.0",
  checks: [],
};

/** A home whose installed program is this one. */
function installed(root: string): HostedHome {
  const appFolder = mkdtempSync(path.join(os.tmpdir(), "cbi-app-"));
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-user-"));
  return hostedHome({
    root,
    scope: "user",
    account: { name: os.userInfo().username, folder },
    program: { appFolder, node: process.execPath, entry: ENTRY },
    environment: { HOME: folder, PATH: "/usr/bin:/bin" },
  });
}

/** Another program in the place of Node. */
function program(home: HostedHome, lines: string): void {
  home.program.node = path.join(mkdtempSync(path.join(os.tmpdir(), "cbi-bin-")), "node");
  writeFileSync(home.program.node, `#!/bin/sh\n${lines}\n`);
  chmodSync(home.program.node, 0o755);
}

async function ask(home: HostedHome, clock = systemClock): Promise<Inside> {
  const { signal } = new AbortController();
  const environment = { PATH: process.env["PATH"] };
  return askInside("cron", home, { isOffline: true }, { clock, signal, environment });
}

async function look(root: string, checks: readonly Check[] = INSIDE_CHECKS): Promise<ProbeAnswer> {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), "cbi-answer-")), "answer.json");
  const environment = { PATH: process.env["PATH"], XDG_DATA_HOME: path.dirname(file) };
  const { signal } = new AbortController();
  await probeFrom({ environment, workingDirectory: root }, checks, file, {
    clock: systemClock,
    signal,
    isOffline: true,
  });
  const answer = await readAnswer(file);
  assert.ok(answer);
  return answer;
}

function states(answer: ProbeAnswer | undefined): Record<string, string> {
  return Object.fromEntries((answer?.checks ?? []).map(({ name, state }) => [name, state]));
}

function canMarkImmutable(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-immutable-"));
  const can = spawnSync("chattr", ["+i", folder]).status === 0;
  if (can) execFileSync("chattr", ["-i", folder]);
  return can;
}

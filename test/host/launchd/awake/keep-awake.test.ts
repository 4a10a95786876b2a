import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { decideAwake } from "../../../../src/host/launchd/awake/decide-awake.ts";
import { keepAwake } from "../../../../src/host/launchd/awake/keep-awake.ts";
import type { PowerAssertion } from "../../../../src/host/launchd/pmset/assertions-text.ts";
import { systemClock, type Clock } from "../../../../src/system/clock.ts";
import { assertionsText } from "../../../rig/mac/pmset-print.ts";
import { pollUntil } from "../../../rig/processes.ts";

const PID = 4711;

void test("a job is held awake on mains, wherever it is, or never, as it says", () => {
  const rows = (["ac", "always", "never"] as const).flatMap((policy) =>
    (["ac", "battery", "unknown"] as const).map((source) => [
      policy,
      source,
      decideAwake(policy, source, false),
      decideAwake(policy, source, true),
    ]),
  );
  assert.deepEqual(rows, [
    ["ac", "ac", "hold", "leave"],
    ["ac", "battery", "leave", "release"],
    ["ac", "unknown", "hold", "leave"],
    ["always", "ac", "hold", "leave"],
    ["always", "battery", "hold", "leave"],
    ["always", "unknown", "hold", "leave"],
    ["never", "ac", "leave", "release"],
    ["never", "battery", "leave", "release"],
    ["never", "unknown", "leave", "release"],
  ]);
});

/** A Mac of two programs: one that tells of power, one that holds awake. Looks are counted, none is waited for. */
class AwakeMac {
  readonly said: string[] = [];
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "cbi-awake-"));
  readonly #over = new AbortController();
  looks = 0;
  onLook: (look: number) => void = () => undefined;

  constructor(source: string, assertions: readonly PowerAssertion[]) {
    this.set(source, assertions);
    this.mendPmset();
    this.#program("caffeinate", `echo "$*" >> '${this.#folder}/started'`);
  }

  set(source: string, assertions: readonly PowerAssertion[]): void {
    writeFileSync(path.join(this.#folder, "batt"), `Now drawing from '${source}'\n`);
    writeFileSync(path.join(this.#folder, "assertions"), assertionsText(assertions));
  }

  get started(): string[] {
    try {
      return readFileSync(path.join(this.#folder, "started"), "utf8").trim().split("\n");
    } catch {
      return [];
    }
  }

  mendPmset(): void {
    const at = this.#folder;
    this.#program("pmset", `[ "$2" = batt ] && exec cat '${at}/batt'; exec cat '${at}/assertions'`);
  }

  breakPmset(): void {
    this.#program("pmset", "exit 1");
  }

  breakCaffeinate(): void {
    chmodSync(path.join(this.#folder, "caffeinate"), 0o644);
  }

  /** Looks so many times. */
  async keep(policy: "ac" | "always" | "never", looks: number): Promise<void> {
    const clock: Clock = {
      ...systemClock,
      sleep: (_ms, signal) => {
        signal?.throwIfAborted();
        this.looks += 1;
        this.onLook(this.looks);
        if (this.looks >= looks) this.#over.abort(new Error("over"));
        signal?.throwIfAborted();
        return Promise.resolve();
      },
    };
    await keepAwake(policy, {
      clock,
      pid: PID,
      signal: this.#over.signal,
      say: (message) => this.said.push(message),
      tools: {
        pmset: path.join(this.#folder, "pmset"),
        caffeinate: path.join(this.#folder, "caffeinate"),
      },
    });
  }

  #program(name: string, words: string): void {
    writeFileSync(path.join(this.#folder, name), `#!/bin/sh\n${words}\n`, { mode: 0o755 });
  }
}

function held(pid: number, onBehalfOfPid = PID): PowerAssertion {
  return { pid, process: "caffeinate", type: "PreventUserIdleSystemSleep", onBehalfOfPid };
}

async function sleeper(): Promise<ChildProcess> {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  return child;
}

void test("a run that powerd lists is left alone, and one that asks for nothing is not looked at", async () => {
  const mac = new AwakeMac("AC Power", [held(7)]);
  await mac.keep("ac", 3);
  assert.deepEqual([mac.started, mac.said], [[], []]);
  const never = new AwakeMac("AC Power", []);
  await never.keep("never", 3);
  assert.deepEqual([never.looks, never.started], [0, []]);
});

void test("a caffeinate that is not listed, or for somebody else, is started beside, and said", async () => {
  const disk = { ...held(9), type: "PreventDiskIdle" };
  const mac = new AwakeMac("AC Power", [held(7, 99), disk]);
  mac.onLook = (look) => {
    if (look === 2) mac.set("AC Power", [held(8)]);
  };
  await mac.keep("ac", 4);
  await pollUntil("it has been started", () => mac.started.length > 0);
  assert.deepEqual(mac.started, [`-ims -w ${PID}`], "once");
  assert.match(mac.said.join(), /another one was started/);
});

void test("one that is listed a moment after the start is not doubled", async () => {
  const mac = new AwakeMac("AC Power", []);
  mac.onLook = () => mac.set("AC Power", [held(7)]);
  await mac.keep("always", 2);
  assert.deepEqual([mac.started, mac.said], [[], []]);
});

void test("on battery the Mac may sleep where the job says so, and is held again on mains", async () => {
  const holder = await sleeper();
  const mac = new AwakeMac("Battery Power", [held(holder.pid ?? 0)]);
  const gone = once(holder, "exit");
  mac.onLook = (look) => {
    if (look === 1) mac.set("Battery Power", []);
    if (look === 2) mac.set("AC Power", []);
  };
  await mac.keep("ac", 3);
  const [, signal] = (await gone) as [number | null, string | null];
  assert.equal(signal, "SIGTERM");
  assert.match(mac.said[0] ?? "", /draws from Battery Power, and power\.awake is ac/);
  await pollUntil("it is held again", () => mac.started.length > 0);
  assert.equal(mac.said.length, 2);
});

void test("on battery a job that is always held awake stays so", async () => {
  const mac = new AwakeMac("Battery Power", [held(7)]);
  await mac.keep("always", 2);
  assert.deepEqual([mac.started, mac.said], [[], []]);
});

void test("what cannot be asked or started is said, and the run goes on", async () => {
  const broken = new AwakeMac("AC Power", []);
  broken.breakPmset();
  await broken.keep("ac", 3);
  assert.match(
    broken.said.join(),
    /^whether the Mac is held awake is not known: pmset[^,]*$/,
    "once",
  );
  assert.equal(broken.looks, 3);
  const none = new AwakeMac("AC Power", []);
  none.breakCaffeinate();
  await none.keep("ac", 2);
  assert.match(none.said.join(), /caffeinate cannot be started/);
});

void test("a pmset that does not answer once is asked again, and the run is held then", async () => {
  const mac = new AwakeMac("AC Power", []);
  mac.breakPmset();
  mac.onLook = (look) => {
    if (look === 1) mac.mendPmset();
    if (look === 2) mac.set("AC Power", [held(8)]);
  };
  await mac.keep("ac", 3);
  await pollUntil("it has been started", () => mac.started.length > 0);
  assert.deepEqual(mac.started, [`-ims -w ${PID}`]);
  assert.match(mac.said[0] ?? "", /is not known/);
  assert.match(mac.said[1] ?? "", /another one was started/);
});

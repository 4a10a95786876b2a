import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { HostUnit } from "../../../src/host/hosted-home.ts";
import { launchctlRegistrar } from "../../../src/host/launchd/launchctl.ts";
import { parseDisabled, parsePrinted } from "../../../src/host/launchd/print-text.ts";
import type { Clock } from "../../../src/system/clock.ts";
import type { Registrar } from "../../../src/host/registrar.ts";
import { ManualClock } from "../../rig/manual-clock.ts";

const FAKE = path.resolve(import.meta.dirname, "../../rig/launchctl-fake.ts");
const NONE: ReadonlySet<string> = new Set();

void test("a unit is loaded once, and left alone while nothing changes", async () => {
  const mac = new FakeMac();
  await mac.launchd.register([mac.unit], [], NONE);
  assert.deepEqual(await mac.launchd.read([mac.unit]), [
    { name: mac.unit.name, isLoaded: true, isRunning: false, isEnabled: true, next: undefined },
  ]);
  const loads = (): number => mac.calls().filter((call) => call.startsWith("bootstrap")).length;
  assert.equal(loads(), 1);
  await mac.launchd.register([mac.unit], [], NONE);
  assert.equal(loads(), 1);
});

void test("an edited list is read anew: out, awaited, enabled, in", async () => {
  const mac = new FakeMac();
  await mac.launchd.register([mac.unit], [], NONE);
  writeFileSync(mac.unit.file, "<plist>new</plist>");
  await mac.launchd.register([mac.unit], [], new Set([mac.unit.file]));
  assert.match(mac.known(), /new/);
  const verbs = mac.calls().map((call) => call.split(" ")[0]);
  assert.deepEqual(verbs.slice(verbs.indexOf("bootout")), [
    "bootout",
    "print",
    "print",
    "print",
    "print",
    "enable",
    "bootstrap",
  ]);
});

void test("a label that somebody disabled is enabled before it is loaded", async () => {
  const mac = new FakeMac();
  writeFileSync(path.join(mac.folder, "disabled"), mac.unit.name);
  const [before] = await mac.launchd.read([mac.unit]);
  assert.equal(before?.isEnabled, false);
  await mac.launchd.register([mac.unit], [], NONE);
  const [after] = await mac.launchd.read([mac.unit]);
  assert.deepEqual([after?.isLoaded, after?.isEnabled], [true, true]);
});

void test("a run that is under way is not ended for new times", async () => {
  const mac = new FakeMac();
  await mac.launchd.register([mac.unit], [], NONE);
  mac.setState("running");
  const changed = new Set([mac.unit.file]);
  await assert.rejects(mac.launchd.register([mac.unit], [], changed), {
    code: "CBI_RUN_UNDER_WAY",
  });
  assert.ok(!mac.calls().some((call) => call.startsWith("bootout")));
});

void test("which units run is told beforehand, and a forced registration ends them", async () => {
  const mac = new FakeMac();
  await mac.launchd.register([mac.unit], [], NONE);
  assert.deepEqual(await mac.launchd.running?.([mac.unit]), []);
  mac.setState("running");
  assert.deepEqual(await mac.launchd.running?.([mac.unit]), [mac.unit.name]);
  const changed = new Set([mac.unit.file]);
  await mac.registrar({ isForced: true }).register([mac.unit], [], changed);
  assert.ok(mac.calls().some((call) => call.startsWith("bootout")));
  assert.deepEqual(await mac.launchd.running?.([mac.unit]), []);
});

void test("code 5 is tried again, and what launchd has in the end decides", async () => {
  for (const code of [5, 37, 17]) {
    const mac = new FakeMac();
    mac.refuse("bootstrap", code);
    await mac.launchd.register([mac.unit], [], NONE);
    const [unit] = await mac.launchd.read([mac.unit]);
    assert.equal(unit?.isLoaded, true, `after ${code}`);
  }
  const mac = new FakeMac();
  chmodSync(mac.unit.file, 0o666);
  await assert.rejects(mac.launchd.register([mac.unit], [], NONE), /122/);
});

void test("an unloaded unit is gone when the call returns, and one that never was is no failure", async () => {
  const mac = new FakeMac();
  await mac.launchd.unregister([mac.unit]);
  await mac.launchd.register([mac.unit], [], NONE);
  await mac.launchd.unregister([mac.unit]);
  const [unit] = await mac.launchd.read([mac.unit]);
  assert.equal(unit?.isLoaded, false);
});

void test("without a session of the user's, the answer says where to get one", async () => {
  const mac = new FakeMac();
  mac.refuse("print-disabled", 112);
  await assert.rejects(mac.launchd.mustAnswer(), { code: "CBI_HOST_UNREACHABLE" });
});

void test("only lines of one tab are fields of the service, in both dialects of the disabled", () => {
  const text =
    "x = {\n\tpath = /a b.plist\n\tstate = running\n\tpid = 893\n\tb = {\n\t\tstate = 1\n\t\tpid = 2\n\t}\n}\n";
  const { path: list, state, pid } = parsePrinted(text);
  assert.deepEqual({ list, state, pid }, { list: "/a b.plist", state: "running", pid: 893 });
  const both = '\t"a" => disabled\n\t"b" => enabled\n\t"c" => true\n\t"d" => false\n';
  assert.deepEqual([...parseDisabled(both)], ["a", "c"]);
});

void test("what may take its time to end is awaited as long as launchd gives it", async () => {
  for (const [seconds, hasTime] of [
    [600, true],
    [5, false],
  ] as const) {
    const mac = new FakeMac();
    const clock = new ManualClock("2026-11-20T12:00:00Z", () => true);
    const begunMs = clock.now();
    // A minute passes with each look, and it ends after five.
    const text = `gui/501/x = {\n\tstate = SIGTERMed\n\texit timeout = ${seconds}\n}`;
    const script = `#!/bin/sh
[ "$1" = print ] || exit 0
echo >> "$LAUNCHD/looks"
[ $(wc -l < "$LAUNCHD/looks") -le 5 ] && { printf '${text}\n'; exit 0; }
echo 'Could not find service' >&2; exit 113\n`;
    const program = path.join(mac.folder, "slow");
    writeFileSync(program, script, { mode: 0o755 });
    const slow: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      async sleep(_ms, signal) {
        await clock.sleep(60_000, signal);
      },
    };
    const environment = { PATH: "/usr/bin:/bin", LAUNCHD: mac.folder };
    const { signal } = new AbortController();
    const world = { environment, signal, clock: slow };
    const ended = launchctlRegistrar("gui/501", world, { program }).unregister([mac.unit]);
    if (hasTime) {
      await ended;
      assert.equal(clock.now() - begunMs, 300_000);
    } else await assert.rejects(ended, /still ends com\.cbi\.nightly after 120 s/);
  }
});

/** A domain with one list on disk, and the fake in launchctl's place. */
class FakeMac {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "cbi-launchd-"));
  readonly unit: HostUnit = {
    name: "com.cbi.nightly",
    domain: "gui",
    file: path.join(this.folder, "com.cbi.nightly.plist"),
  };
  readonly launchd: Registrar;

  constructor() {
    const bin = path.join(this.folder, "bin");
    mkdirSync(bin);
    const script = `#!/bin/sh\nexec '${process.execPath}' '${FAKE}' "$@"\n`;
    writeFileSync(path.join(bin, "launchctl"), script, { mode: 0o755 });
    writeFileSync(this.unit.file, "<plist>old</plist>", { mode: 0o644 });
    this.launchd = this.registrar({});
  }

  registrar(rest: { isForced?: boolean }): Registrar {
    const world = {
      environment: { PATH: "/usr/bin:/bin", LAUNCHD: this.folder },
      signal: new AbortController().signal,
      clock: new ManualClock("2026-11-20T12:00:00Z", () => true),
      ...rest,
    };
    const program = path.join(this.folder, "bin", "launchctl");
    return launchctlRegistrar("gui/501", world, { program });
  }

  calls(): string[] {
    return readFileSync(path.join(this.folder, "calls"), "utf8").trim().split("\n");
  }

  known(): string {
    return readFileSync(path.join(this.folder, "known", this.unit.name), "utf8");
  }

  setState(state: string): void {
    const known = JSON.parse(this.known()) as object;
    writeFileSync(
      path.join(this.folder, "known", this.unit.name),
      JSON.stringify({ ...known, state }),
    );
  }

  /** The next call of the verb ends with the code and does nothing. */
  refuse(verb: string, code: number): void {
    writeFileSync(path.join(this.folder, "refuse"), `${verb} ${code}`);
  }
}

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { HostFile, HostFiles, HostScope, HostUnit } from "../../../src/host/hosted-home.ts";
import { ownDisk, type HostDisk } from "../../../src/host/disk.ts";
import type { Registrar, RegistrarWorld } from "../../../src/host/registrar.ts";
import { schtasksRegistrar } from "../../../src/host/windows/schtasks.ts";
import { parseTask } from "../../../src/host/windows/task-scheduler.ts";
import { windowsProbe } from "../../../src/host/windows/windows-probe.ts";
import { windowsFiles } from "../../../src/host/windows/windows-files.ts";
import { bytesOf } from "../../../src/install/look.ts";
import {
  registrarContract,
  type Edition,
  type RegistrarUnderTest,
} from "../../contract/registrar.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { hostedHome } from "../hosted-home.ts";
import { twoEditions } from "../two-editions.ts";

const FAKE = path.resolve(import.meta.dirname, "../../rig/schtasks-fake.ts");
const NIGHTLY = "\\cbi\\nightly";
const THEIRS = "\\cbi\\theirs";
const NONE: ReadonlySet<string> = new Set();

registrarContract("an imitated Windows", {
  open: () => Promise.resolve(new FakeWindows("user")),
  hasSwitch: true,
});
registrarContract("an imitated Windows in German, asked as an administrator", {
  open: () => Promise.resolve(new FakeWindows("system", { isGerman: true, isElevated: true })),
  hasSwitch: true,
});

void test("the machine's tasks need an administrator, which is said with what helps", async () => {
  await using windows = new FakeWindows("system");
  const files = windows.place("first");
  await assert.rejects(windows.registrar.register(windows.units, files, NONE), {
    code: "CBI_NEEDS_ROOT",
    remedy: /Run as administrator.*cbi install --user/,
  });
});

void test("a file that Windows would not take is refused by what it says of it", async () => {
  await using windows = new FakeWindows("user");
  const [file] = windows.place("first");
  assert.ok(file);
  writeFileSync(file.path, file.content);
  await assert.rejects(windows.registrar.register(windows.units, [file], NONE), {
    code: "CBI_HOST_REFUSED",
    message: /ended with 1: ERROR: The task XML is malformed\./,
  });
  assert.equal(windows.told(), "");
});

void test("somebody else's task of one of our names is neither replaced nor deleted", async () => {
  await using windows = new FakeWindows("user");
  const { registrar, units } = windows;
  windows.schtasks("/Create", "/TN", NIGHTLY, "/XML", windows.theirs);
  const theirs = windows.told();
  const files = windows.place("first");
  await assert.rejects(registrar.register(units, files, NONE), /did not make/);
  await registrar.unregister(units);
  assert.equal(windows.told(), theirs);
  const [read] = await registrar.read(units);
  assert.equal(read?.isLoaded, false);
});

void test("a task of another compilation than its file is seen to differ, and made anew", async () => {
  await using windows = new FakeWindows("user");
  const { registrar, units, marks } = windows;
  await registrar.register(units, windows.place("first"), NONE);
  const files = windows.place("second");
  const [read] = await registrar.read(units);
  assert.deepEqual(read?.differs, ["fingerprint"]);
  await registrar.register(units, files, NONE);
  assert.ok(windows.told().includes(marks.second));
});

void test("a task is read whatever has become of its letters", () => {
  const text = "<Source>cbi 0123456789abcdef</Source><Description>?</Description>";
  const off = `${text}<Enabled>true</Enabled><Settings>\r\n<Enabled>false</Enabled></Settings>`;
  const wide = Buffer.from(off, "utf16le").toString("latin1");
  for (const printed of [off, wide]) {
    assert.deepEqual(parseTask(printed), { fingerprint: "0123456789abcdef", isEnabled: false });
  }
  assert.deepEqual(parseTask("<Settings />"), { fingerprint: undefined, isEnabled: true });
});

void test("a probe is a task that Windows starts on request, and nothing is left of it", async () => {
  await using windows = new FakeWindows("user");
  const home = hostedHome({ scope: "user" });
  const request = { answer: "C:\\answer.json", isOffline: true };
  const probe = windowsProbe(home, request, windows.disk, windows.world);
  await probe.clear();
  await probe.start();
  assert.match(
    windows.task("\\cbi\\probe"),
    /probe --home .* --answer C:\\answer\.json --offline</,
  );
  assert.equal(await probe.ended(), undefined);
  writeFileSync(path.join(windows.folder, "result"), "78");
  assert.equal(await probe.ended(), "it ended with 78");
  await probe.clear();
  assert.equal(windows.task("\\cbi\\probe"), "");
  assert.equal(existsSync(path.join(windows.folder, "probe.xml")), false);
});

/** A user's tasks on disk, the fake in the place of schtasks.exe, and a task of somebody else's. */
class FakeWindows implements RegistrarUnderTest {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "cbi-windows-"));
  readonly theirs = path.join(this.folder, "theirs.xml");
  readonly marks = { first: "T03:04:00", second: "T16:05:00" };
  readonly world: RegistrarWorld;
  readonly registrar: Registrar;
  readonly withoutProgram: Registrar;
  readonly units: readonly HostUnit[];
  readonly #editions: Readonly<Record<Edition, HostFiles>>;
  readonly #bin = path.join(this.folder, "bin");

  constructor(scope: HostScope, { isGerman = false, isElevated = false } = {}) {
    mkdirSync(this.#bin);
    const script = `#!/bin/sh\nexec '${process.execPath}' '${FAKE}' "$@"\n`;
    writeFileSync(path.join(this.#bin, "schtasks.exe"), script, { mode: 0o755 });
    if (isGerman) writeFileSync(path.join(this.folder, "german"), "");
    if (isElevated) writeFileSync(path.join(this.folder, "elevated"), "");
    const account = { name: "PC\\Jörg 日本", folder: "C:\\Users\\Jörg 日本" };
    this.#editions = twoEditions(windowsFiles, { scope, account });
    this.units = this.#editions.first.units.map((unit) => ({ ...unit, file: this.#at(unit.file) }));
    this.world = this.#worldWith(this.#bin);
    this.registrar = schtasksRegistrar(this.world);
    this.withoutProgram = schtasksRegistrar(this.#worldWith(path.join(this.folder, "none")));
    const theirs = `<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><RegistrationInfo><Source>theirs</Source></RegistrationInfo><Settings><Enabled>true</Enabled></Settings></Task>`;
    writeFileSync(this.theirs, Buffer.from(`\uFEFF${theirs}`, "utf16le"));
    this.schtasks("/Create", "/TN", THEIRS, "/XML", this.theirs);
  }

  schtasks(...words: string[]): void {
    const environment = { ...process.env, SCHTASKS: this.folder };
    const end = spawnSync(path.join(this.#bin, "schtasks.exe"), words, { env: environment });
    assert.equal(end.status, 0, end.stderr.toString());
  }

  place(edition: Edition): HostFile[] {
    return this.#editions[edition].files.map((planned) => {
      const file = { ...planned, path: this.#at(planned.path) };
      writeFileSync(file.path, bytesOf(file));
      return file;
    });
  }

  clear(): void {
    for (const { file } of this.units) rmSync(file);
  }

  told(): string {
    return this.task(NIGHTLY);
  }

  foreign(): string {
    return this.task(THEIRS);
  }

  /** A disk whose paths are those of Windows. */
  get disk(): HostDisk {
    return {
      ...ownDisk,
      write: async (file, bytes) => ownDisk.write({ ...file, path: this.#at(file.path) }, bytes),
      removeFile: async (file) => ownDisk.removeFile(this.#at(file)),
    };
  }

  readonly switchOff = (): void => this.schtasks("/Change", "/TN", NIGHTLY, "/DISABLE");

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.folder, { recursive: true });
  }

  task(name: string): string {
    const file = path.join(this.folder, "tasks", encodeURIComponent(name));
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Where a file of Windows lies on the machine that the test runs on. */
  #at(file: string): string {
    return path.join(this.folder, path.win32.basename(file));
  }

  #worldWith(programs: string): RegistrarWorld {
    return {
      environment: { PATH: programs, SCHTASKS: this.folder },
      signal: new AbortController().signal,
      clock: new ManualClock("2026-11-20T12:00:00Z"),
    };
  }
}

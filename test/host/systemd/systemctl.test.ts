import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import type { RegistrarWorld } from "../../../src/host/registrar.ts";
import type { Root } from "../../../src/host/root.ts";
import { systemctlRegistrar } from "../../../src/host/systemd/systemctl.ts";
import { systemdFiles } from "../../../src/host/systemd/systemd-files.ts";
import { shellWord } from "../../../src/system/shell-word.ts";
import { registrarContract, type RegistrarUnderTest } from "../../contract/registrar.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { RealSystemd } from "../../rig/real-systemd.ts";
import { twoEditions } from "../two-editions.ts";

const TIMER = "cbi-nightly.timer";
const FOREIGN = "[Timer]\nOnCalendar=*-*-* 04:05:00\n[Install]\nWantedBy=timers.target\n";
const EDITIONS = twoEditions(systemdFiles, { scope: "system" });

let booted: Promise<RealSystemd> | undefined;
after(async () => (await booted)?.[Symbol.asyncDispose]());

registrarContract("a real systemd", { open, hasSwitch: true, skip: RealSystemd.unavailable });

/** One machine serves all, and each leaves it as it was. */
async function open(): Promise<RegistrarUnderTest> {
  booted ??= RealSystemd.boot();
  const machine = await booted;
  const run = (...words: string[]): string => {
    const end = machine.run(words);
    assert.equal(end.status, 0, `${words.join(" ")}: ${end.stderr}`);
    return end.stdout;
  };
  const write = (file: string, text: string): string =>
    run("sh", "-c", 'printf %s "$2" > "$1"', "sh", file, text);
  write("/etc/systemd/system/theirs.service", "[Service]\nExecStart=/bin/true\n");
  write("/etc/systemd/system/theirs.timer", FOREIGN);
  run("systemctl", "daemon-reload");
  run("systemctl", "enable", "--now", "theirs.timer");
  const bin = mkdtempSync(path.join(os.tmpdir(), "cbi-systemctl-"));
  const words = machine.entering(["systemctl"]).map((word) => shellWord(word));
  const script = `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`;
  writeFileSync(path.join(bin, "systemctl"), script, { mode: 0o755 });
  const files = EDITIONS.first.files.map((file) => file.path);
  const registrar = systemctlRegistrar("system", world(machine, `${bin}:${process.env["PATH"]}`));
  const { units } = EDITIONS.first;
  return {
    registrar,
    withoutProgram: systemctlRegistrar("system", world(machine, path.join(bin, "none"))),
    units,
    place(edition) {
      for (const file of EDITIONS[edition].files) write(file.path, file.content);
      return EDITIONS[edition].files;
    },
    clear: () => void run("rm", "-f", ...files),
    told: () => run("systemctl", "show", "--property=TimersCalendar", TIMER),
    marks: { first: "03:04:00", second: "16:05:00" },
    foreign: () =>
      run("systemctl", "show", "--property=TimersCalendar,ActiveState", "theirs.timer"),
    switchOff: () => void run("systemctl", "disable", "--now", TIMER),
    async [Symbol.asyncDispose]() {
      await registrar.unregister(units);
      run("rm", "-f", ...files);
      await registrar.forgetFiles(units);
      rmSync(bin, { recursive: true });
    },
  };
}

/** What is done as root is done inside: nothing of this machine's own is touched. */
function world(machine: RealSystemd, programs: string): RegistrarWorld {
  const run: Root["run"] = (words) => {
    const { status, stdout, stderr } = machine.run(words);
    return Promise.resolve({ exitCode: status ?? undefined, stdout, stderr, isTimedOut: false });
  };
  const root: Root = {
    isAllowed: () => Promise.resolve(true),
    allow: () => Promise.resolve(),
    keepAllowed: () => ({ [Symbol.dispose]: () => undefined }),
    run,
    must: run,
  };
  return {
    environment: { PATH: programs },
    signal: new AbortController().signal,
    clock: new ManualClock("2026-11-20T12:00:00Z"),
    root,
  };
}

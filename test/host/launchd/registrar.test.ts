import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import type { HostUnit } from "../../../src/host/hosted-home.ts";
import { launchctlRegistrar } from "../../../src/host/launchd/launchctl.ts";
import { registrarContract, type RegistrarUnderTest } from "../../contract/registrar.ts";
import { ManualClock } from "../../rig/manual-clock.ts";

const FAKE = path.resolve(import.meta.dirname, "../../rig/launchctl-fake.ts");
const DOMAIN = "gui/501";
const THEIRS = "org.example.theirs";
const OFF = "org.example.off";

registrarContract("an imitated launchd", { open, hasSwitch: true });

function open(): Promise<RegistrarUnderTest> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-launchd-"));
  const program = path.join(folder, "launchctl");
  const environment = { PATH: "/usr/bin:/bin", LAUNCHD: folder };
  const script = `#!/bin/sh\nexec '${process.execPath}' '${FAKE}' "$@"\n`;
  writeFileSync(program, script, { mode: 0o755 });
  const launchctl = (...words: string[]): void =>
    void spawnSync(program, words, { env: environment });
  const known = (label: string): string => {
    const file = path.join(folder, "known", label);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const units = ["com.cbi.nightly", "com.cbi.watchdog"].map((name): HostUnit => {
    return { name, domain: "gui", file: path.join(folder, `${name}.plist`) };
  });
  const [nightly = ""] = units.map(({ name }) => name);
  const theirs = path.join(folder, `${THEIRS}.plist`);
  writeFileSync(theirs, "<plist>theirs</plist>", { mode: 0o644 });
  launchctl("bootstrap", DOMAIN, theirs);
  launchctl("disable", `${DOMAIN}/${OFF}`);
  const world = {
    environment,
    signal: new AbortController().signal,
    clock: new ManualClock("2026-11-20T12:00:00Z", () => true),
  };
  const none = path.join(folder, "none");
  return Promise.resolve({
    registrar: launchctlRegistrar(DOMAIN, world, { program }),
    withoutProgram: launchctlRegistrar(DOMAIN, world, { program: none }),
    units,
    place: (edition) =>
      units.map(({ name, file }) => {
        const content = `<plist>${name} ${edition}</plist>`;
        writeFileSync(file, content, { mode: 0o644 });
        return { path: file, mode: 0o644, owner: "user", content, encoding: "utf8" };
      }),
    clear: () => units.forEach(({ file }) => rmSync(file)),
    told: () => known(nightly),
    marks: { first: `${nightly} first`, second: `${nightly} second` },
    foreign: () => `${known(THEIRS)}\n${readFileSync(path.join(folder, "disabled"), "utf8")}`,
    switchOff: () => launchctl("disable", `${DOMAIN}/${nightly}`),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }),
  });
}

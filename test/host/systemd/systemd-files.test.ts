import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { HostedHome } from "../../../src/host/hosted-home.ts";
import { systemdFiles } from "../../../src/host/systemd/systemd-files.ts";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { slotsBetween } from "../../../src/schedule/slots.ts";
import { hostedHome, hostedJob } from "../hosted-home.ts";

const NEEDS_ANALYZE = isThere("systemd-analyze") ? false : "needs systemd-analyze";
const JOBS = [
  hostedJob("nightly", { schedule: ["0 0 * * *"] }),
  hostedJob("scan", { schedule: ["open-1h"], days: "session", calendar: calendarNamed("XNYS") }),
  hostedJob("manage", { every: "1m" }, { power: { wake: false, awake: "never" } }),
  hostedJob("execute", { schedule: ["40 8 * * *"] }, { isService: true, stopSeconds: 40 }),
];

void test("a service of the system runs as its user and a user's as whoever it is", () => {
  const files = texts(hostedHome());
  assert.match(files.get("cbi-nightly.service") ?? "", /^User=you$/m);
  assert.match(
    files.get("cbi-nightly.timer") ?? "",
    /^OnCalendar=\*-\*-\* 00:00:00 America\/New_York$/m,
  );
  assert.match(files.get("cbi-nightly.timer") ?? "", /^WakeSystem=true$/m);
  const users = texts(hostedHome({ scope: "user" }));
  assert.doesNotMatch(users.get("cbi-nightly.service") ?? "", /^User=/m);
  assert.doesNotMatch(users.get("cbi-nightly.timer") ?? "", /WakeSystem/);
});

void test("a time in its zone's gap has a further entry, since systemd skips it", () => {
  const job = hostedJob("nightly", { schedule: ["30 2 * * *"] });
  const timer = texts(hostedHome({ jobs: [job] })).get("cbi-nightly.timer") ?? "";
  assert.match(timer, /^OnCalendar=\*-\*-\* 02:30:00 America\/New_York$/m);
  assert.match(timer, /^OnCalendar=Sun \*-\*-\* 03:00:00 America\/New_York$/m);
});

void test("a service's keeper is started again after a crash alone, and not for ever", () => {
  const units = texts(hostedHome({ jobs: JOBS }));
  const service = units.get("cbi-execute.service") ?? "";
  for (const line of [
    "Restart=on-abnormal",
    "RestartForceExitStatus=70",
    "StartLimitBurst=10",
    "KillMode=control-group",
    "TimeoutStopSec=40",
  ]) {
    assert.ok(service.split("\n").includes(line), line);
  }
  const command = units.get("cbi-scan.service") ?? "";
  assert.match(command, /^KillMode=mixed$/m);
  assert.doesNotMatch(command, /^(Restart|StartLimit|ExecStop=)/m);
});

void test("a service without a schedule has a unit that nothing rings", () => {
  const loop = hostedJob("loop", { schedule: ["0 0 * * *"] }, { isService: true });
  const job = { ...loop, schedule: { ...loop.schedule, times: [] } };
  const { files, units } = systemdFiles(hostedHome({ jobs: [job] }));
  const names = files.map(({ path: file }) => path.basename(file));
  assert.deepEqual(names, ["cbi-loop.service", "cbi-watchdog.service", "cbi-watchdog.timer"]);
  assert.deepEqual(
    units.map(({ name }) => name),
    ["cbi-watchdog.timer"],
  );
});

for (const scope of ["system", "user"] as const) {
  void test(`systemd takes the units of a ${scope} without a word`, { skip: NEEDS_ANALYZE }, () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-units-"));
    const home = oddHome(folder, scope);
    const units = texts(home);
    for (const [name, text] of units) writeFileSync(path.join(folder, name), text);
    const names = [...units.keys()].map((name) => path.join(folder, name));
    const { status, stderr, stdout } = spawnSync(
      "systemd-analyze",
      [`--${scope}`, "verify", ...names],
      {
        encoding: "utf8",
        env: { ...process.env, XDG_RUNTIME_DIR: folder, LC_ALL: "C" },
      },
    );
    // It speaks of this machine's own units too, and exits 0 for bad lines among good ones.
    const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("cbi"));
    assert.deepEqual(ours, []);
    assert.equal(status, 0, stderr);
  });
}

void test("systemd-analyze catches a planted offence", { skip: NEEDS_ANALYZE }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-units-"));
  const units = texts(oddHome(folder, "system"));
  for (const [name, text] of units) {
    writeFileSync(path.join(folder, name), text.replace("00:00:00 America", "00:00:00 Americo"));
  }
  const { stderr } = spawnSync(
    "systemd-analyze",
    ["verify", path.join(folder, "cbi-nightly.timer")],
    {
      encoding: "utf8",
    },
  );
  assert.match(stderr, /cbi-nightly\.timer.*Failed to parse calendar/);
});

void test(
  "systemd rings for every slot of the next days at its due instant",
  { skip: NEEDS_ANALYZE },
  () => {
    for (const job of JOBS.slice(0, 2)) {
      const timer = texts(hostedHome({ jobs: [job] })).get(`cbi-${job.name}.timer`) ?? "";
      const calendars = [...timer.matchAll(/^OnCalendar=(.*)$/gm)].map(([, text = ""]) => text);
      // Over both clock changes of New York in 2026.
      for (const from of [Date.UTC(2026, 2, 5), Date.UTC(2026, 9, 29)]) {
        const rings = new Set(calendars.flatMap((text) => ringsOf(text, from, 8)));
        for (const { dueMs, name } of slotsBetween(job.schedule, from, from + 6 * 86_400_000)) {
          assert.ok(rings.has(dueMs), `${job.name}@${name}`);
        }
      }
    }
  },
);

/** A home whose paths need every kind of escape; its programs are there. */
function oddHome(folder: string, scope: HostedHome["scope"]): HostedHome {
  const appFolder = path.join(folder, `it's "100%" $HOME \\ Öl`);
  mkdirSync(path.join(appFolder, "bin"), { recursive: true });
  const node = path.join(appFolder, "bin", "node");
  writeFileSync(node, "#!/bin/sh\n");
  chmodSync(node, 0o755);
  return hostedHome({
    scope,
    root: `${appFolder}/home`,
    account: { name: "daemon", folder: "/nonexistent" },
    program: { appFolder, node, entry: `${appFolder}/cbi.js` },
    environment: { HOME: appFolder, PATH: "/usr/bin:/bin" },
    jobs: JOBS,
  });
}

function texts(home: HostedHome): Map<string, string> {
  return new Map(
    systemdFiles(home).files.map(({ path: file, content }) => [path.basename(file), content]),
  );
}

/** The next instants of a calendar text, in milliseconds, as systemd says them. */
function ringsOf(text: string, fromMs: number, count: number): number[] {
  const base = new Date(fromMs).toISOString().slice(0, 19).replace("T", " ");
  const args = ["calendar", `--iterations=${count}`, `--base-time=${base} UTC`, text];
  const said = spawnSync("systemd-analyze", args, {
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
  });
  assert.equal(said.stderr, "");
  const found = [...said.stdout.matchAll(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g)];
  assert.ok(found.length >= count, said.stdout);
  return found.map(([, day, time]) => Date.parse(`${day}T${time}Z`));
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

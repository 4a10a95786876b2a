import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Imported } from "../../../src/jobs/import/imported.ts";
import { readUnit } from "../../../src/jobs/import/read-source.ts";
import { readCalendar, spanSeconds } from "../../../src/jobs/import/systemd-time.ts";
import { importSystemd } from "../../../src/jobs/import/systemd.ts";
import { assertLoads, only, said } from "./support.ts";

function systemd(timer: string, service: string): Imported {
  const texts = (name: string, text: string): { name: string; text: string }[] =>
    text === "" ? [] : [{ name, text }];
  const imported = importSystemd(
    { name: "scan", timer: texts("scan.timer", timer), service: texts("scan.service", service) },
    { zone: "UTC" },
  );
  assertLoads(imported);
  return imported;
}

void test("calendar events become cron texts that mean the same", () => {
  // Beside each the form of systemd.time(7) that it is an example of.
  const table: [string, string | RegExp, string?][] = [
    ["Mon..Fri 08:30 America/New_York", "30 8 * * mon-fri", "America/New_York"],
    ["Mon..Fri *-*-* 08:30:00", "30 8 * * mon-fri"],
    ["Sat,Sun 10:00", "0 10 * * sat,sun"],
    ["Fri..Mon 10:00 UTC", "0 10 * * mon,fri,sat,sun", "UTC"],
    ["Monday 10:00", "0 10 * * mon"],
    ["Mon-Fri 10:00", "0 10 * * mon-fri"],
    ["minutely", "* * * * *"],
    ["hourly", "0 * * * *"],
    ["daily", "0 0 * * *"],
    ["weekly", "0 0 * * mon"],
    ["monthly", "0 0 1 * *"],
    ["quarterly", "0 0 1 1,4,7,10 *"],
    ["yearly", "0 0 1 1 *"],
    ["daily America/New_York", "0 0 * * *", "America/New_York"],
    ["*:0/15", "0-59/15 * * * *"],
    ["*-*-* 9..16:00/30:00", "0-59/30 9-16 * * *"],
    ["*:5/15", "5-59/15 * * * *"],
    ["*-*-1,15 04:15", "15 4 1,15 * *"],
    ["12-24 09:00", "0 9 24 12 *"],
    ["08:30:30", "30 8 * * *"],
    ["*-*-* 08:30:0/10", /repeats within a minute/],
    ["2026-*-* 08:30", /names a year/],
    ["*-*~01 08:30", /from the month's end/],
    ["Mon *-*-1..7 08:30", /weekday and date both/],
    ["Mon..Fri 25:00", /hour/],
    ["noon", /no weekday/],
    ["", /neither weekday/],
  ];
  for (const [text, expected, zone] of table) {
    const read = readCalendar(text);
    if (typeof expected === "string") {
      assert.ok("cron" in read, `${text}: ${JSON.stringify(read)}`);
      assert.equal(read.cron, expected, text);
      assert.equal(read.zone, zone, text);
    } else {
      assert.match("problem" in read ? read.problem : "read", expected, text);
    }
  }
});

void test("time spans add up, in seconds where no unit is named", () => {
  const table: [string, number | undefined][] = [
    ["90", 90],
    ["15min", 900],
    ["1h 30min", 5400],
    ["1h30m", 5400],
    ["2 days", 172_800],
    ["500ms", 0.5],
    ["infinity", undefined],
    ["1 fortnight", undefined],
    ["", undefined],
  ];
  for (const [text, seconds] of table) assert.equal(spanSeconds(text), seconds, text);
});

void test("a timer and its service are one command", () => {
  const imported = systemd(
    `[Unit]
Description=Daily scan
[Timer]
OnCalendar=Mon..Fri 08:30 America/New_York
Persistent=true
WakeSystem=yes
RandomizedDelaySec=30
`,
    `[Unit]
ConditionACPower=true
[Service]
Type=oneshot
User=trader
WorkingDirectory=/srv/scanner
Environment="A=1 2" B=two
Environment=C={slot}
EnvironmentFile=/srv/scanner/.env
ExecStartPre=/srv/scanner/bin/check.sh --quiet
ExecStart=/srv/venv/bin/python run_scan.py \\
  --name "a b" 100%%
SuccessExitStatus=3
TimeoutStartSec=10min
TimeoutStopSec=20
ProtectHome=yes
`,
  );
  assert.deepEqual(only(imported).settings, {
    kind: "command",
    description: "Daily scan",
    schedule: ["30 8 * * mon-fri"],
    zone: "America/New_York",
    catch_up: { policy: "latest" },
    power: { wake: true },
    cwd: "/srv/scanner",
    env: { A: "1 2", B: "two", C: "{{slot}}" },
    env_file: "/srv/scanner/.env",
    gates: [{ ac_power: true }, { command: ["/srv/scanner/bin/check.sh", "--quiet"] }],
    argv: ["/srv/venv/bin/python", "run_scan.py", "--name", "a b", "100%"],
    timeout: "10m",
    exit_codes: { 3: "done" },
    grace: "20s",
  });
  assert.match(said(imported, 7), /RandomizedDelaySec: slots are due at their time/);
  assert.match(said(imported, 5), /User: it runs as the user who runs cbi/);
  assert.match(said(imported, 10), /ExecStartPre is a gate/);
  assert.match(JSON.stringify(imported.remarks), /ProtectHome has no counterpart/);
});

void test("a service that is restarted is a service, its limits kept", () => {
  const imported = systemd(
    "",
    `[Unit]
StartLimitBurst=3
StartLimitIntervalSec=10min
[Service]
ExecStartPre=/srv/check.sh
ExecStart=/srv/loop
Restart=always
RestartSec=5
RestartPreventExitStatus=78 2 SIGKILL
`,
  );
  const { settings } = only(imported);
  assert.equal(settings["kind"], "service");
  assert.deepEqual(settings["restart"], {
    max: 3,
    within: "10m",
    delay: "5s",
    never_on: [78, 2],
  });
  assert.match(said(imported), /asked of the main process alone, never of ExecStartPre/);
  assert.match(said(imported), /no slot: give it a schedule/);
});

void test("what only systemd can fill in, or starts another unit, is a comment", () => {
  const table: [string, RegExp][] = [
    ["ExecStart=/bin/a ${HOME}", /a variable \(\$\)/],
    ["ExecStart=/bin/a %h/x", /a specifier \(%\)/],
    ["ExecStart=/bin/sh -c 'a | b'", /a shell's line/],
    ["ExecStart=/bin/a\nExecStart=/bin/b", /several ExecStart lines/],
    ["ExecStart=/bin/a ; /bin/b", /several commands in one line/],
    ["ExecStart=/bin/systemctl restart loop.service", /it starts another unit/],
    ["Type=oneshot", /no ExecStart: write argv/],
  ];
  for (const [lines, reason] of table) {
    const imported = systemd("[Timer]\nOnCalendar=daily\n", `[Service]\n${lines}\n`);
    assert.match(only(imported).held ?? "", reason, lines);
  }
  const twice = "[Timer]\nOnCalendar=08:00 UTC\nOnCalendar=08:00 Europe/London\n";
  assert.match(only(systemd(twice, "[Service]\nExecStart=/a\n")).held ?? "", /a job has one zone/);
  const both = "[Timer]\nOnCalendar=08:00\nOnCalendar=\nOnCalendar=09:00\n";
  const reset = only(systemd(both, "[Service]\nExecStart=-/a\n")).settings;
  assert.deepEqual(reset["schedule"], ["0 9 * * *"], "an empty value forgets those before it");
  assert.deepEqual(reset["exit_codes"], { other: "done" });
});

void test("an interval is elapsed time", () => {
  const service = "[Service]\nExecStart=/a\n";
  const timer = (span: string): string => `[Timer]\nOnBootSec=5min\nOnUnitActiveSec=${span}\n`;
  assert.equal(only(systemd(timer("15min"), service)).settings["every"], "15m");
  assert.match(only(systemd(timer("10s"), service)).held ?? "", /whole minutes/);
});

void test("units are read from their own folder alone, with their drop-ins", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-units-"));
  try {
    const write = (name: string, text: string): Promise<void> =>
      writeFile(path.join(folder, name), text);
    await mkdir(path.join(folder, "units/loop.service.d"), { recursive: true });
    await write("secret.service", "[Service]\nExecStart=/secret\n");
    await write("units/loop.service", "[Service]\nExecStart=/loop\nRestart=always\n");
    await write("units/loop.service.d/10-gate.conf", "[Service]\nExecStartPre=/gate\n");
    await write("units/loop.service.d/ignored.txt", "[Service]\nExecStart=/ignored\n");
    await symlink("../../secret.service", path.join(folder, "units/loop.service.d/20-link.conf"));
    await write("units/a.timer", "[Timer]\nOnCalendar=daily\nUnit=../secret.service\n");
    await symlink("../secret.service", path.join(folder, "units/b.service"));
    await write("units/b.timer", "[Timer]\nOnCalendar=daily\n");
    const loop = await readUnit(path.join(folder, "units/loop.service"));
    assert.deepEqual(
      loop.service.map(({ name }) => name),
      ["loop.service", "loop.service.d/10-gate.conf"],
    );
    for (const name of ["a.timer", "b.timer"]) {
      assert.deepEqual((await readUnit(path.join(folder, "units", name))).service, []);
    }
    await assert.rejects(readUnit(path.join(folder, "units/missing.timer")), {
      code: "CBI_IMPORT_UNREADABLE",
    });
    await write("large.timer", "x".repeat(300_000));
    await assert.rejects(readUnit(path.join(folder, "large.timer")), /at most 262144 bytes/);
    await assert.rejects(readUnit("/dev/zero"), /ends in .timer or .service/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

void test("no unit makes the importer throw, and what it writes loads", () => {
  const pieces = fc.constantFrom(
    ..."[Timer]\n|[Service]\n|[Unit]\n|OnCalendar=|ExecStart=|Environment=|OnUnitActiveSec=|Restart=always\n|RestartSec=|Mon..Fri|*-*-*|08:30|0/15|daily|\n|\\\n|=|%|$|'|\"|/bin/a| |;|#|{slot}|\u0000|15min|-|~".split(
      "|",
    ),
  );
  const text = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, (timer, service) => {
      systemd(timer, service);
    }),
    { numRuns: 300 },
  );
});

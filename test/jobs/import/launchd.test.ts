import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { build } from "plist";
import type { Imported } from "../../../src/jobs/import/imported.ts";
import { importLaunchd } from "../../../src/jobs/import/launchd.ts";
import { assertLoads, only, said } from "./support.ts";

function launchd(text: string): Imported {
  const imported = importLaunchd(text, { zone: "America/New_York" });
  assertLoads(imported);
  return imported;
}

function plist(agent: Parameters<typeof build>[0]): string {
  return build(agent);
}

void test("an agent becomes a command at its times, caught up as after a sleep", () => {
  const imported = launchd(
    plist({
      Label: "com.example.nightly-train",
      ProgramArguments: ["/usr/local/bin/node", "train.js", "{slot}"],
      WorkingDirectory: "/srv/train",
      EnvironmentVariables: { MODE: "night" },
      StartCalendarInterval: [
        { Hour: 2, Minute: 30 },
        { Weekday: 7, Hour: 3, Minute: 0 },
        { Day: 1, Month: 6, Hour: 4, Minute: 5 },
      ],
      StandardOutPath: "/tmp/x.log",
      ExitTimeOut: 20,
      Exotic: true,
    }),
  );
  assert.deepEqual(only(imported).settings, {
    kind: "command",
    description: "was com.example.nightly-train",
    schedule: ["30 2 * * *", "0 3 * * 7", "5 4 1 6 *"],
    zone: "America/New_York",
    catch_up: { policy: "latest" },
    cwd: "/srv/train",
    env: { MODE: "night" },
    argv: ["/usr/local/bin/node", "train.js", "{{slot}}"],
    grace: "20s",
  });
  assert.equal(only(imported).name, "nightly-train");
  const all = JSON.stringify(imported.remarks);
  assert.match(all, /StandardOutPath: output goes to Logs/);
  assert.match(all, /Exotic has no counterpart/);
  assert.match(all, /never after power-off/);
});

void test("an interval, a service and a program alone are what they are", () => {
  const interval = launchd(plist({ Label: "a", Program: "/bin/a", StartInterval: 900 }));
  assert.equal(only(interval).settings["every"], "15m");
  assert.deepEqual(only(interval).settings["argv"], ["/bin/a"]);
  const service = launchd(
    plist({ Label: "b", ProgramArguments: ["/bin/b"], KeepAlive: true, ThrottleInterval: 30 }),
  );
  assert.equal(only(service).settings["kind"], "service");
  assert.deepEqual(only(service).settings["restart"], { delay: "30s" });
  const off = launchd(
    plist({ Label: "c", Program: "/bin/c", Disabled: true, StartInterval: 3600 }),
  );
  assert.equal(only(off).settings["enabled"], false);
});

void test("what is no job of ours is a comment", () => {
  const table: [Parameters<typeof build>[0], RegExp][] = [
    [{ Label: "a", StartInterval: 60 }, /names no program/],
    [{ Label: "a", Program: "/a", StartInterval: 10 }, /whole minutes/],
    [{ Label: "a", Program: "/a" }, /nothing in it says when/],
    [
      { Label: "a", ProgramArguments: ["/bin/sh", "-c", "a | b"], StartInterval: 60 },
      /a shell's line/,
    ],
  ];
  for (const [agent, reason] of table) {
    assert.match(only(launchd(plist(agent))).held ?? "", reason, JSON.stringify(agent));
  }
  const hourly = launchd(plist({ Label: "a", Program: "/a", StartCalendarInterval: { Hour: 3 } }));
  assert.match(JSON.stringify(hourly.remarks), /every minute of its hours/);
  const both = { Day: 1, Weekday: 1, Hour: 3, Minute: 0 };
  const either = launchd(plist({ Label: "a", Program: "/a", StartCalendarInterval: both }));
  assert.match(JSON.stringify(either.remarks), /either may name the day/);
});

void test("a label cannot leave its comment, nor a hostile file take the machine's memory", () => {
  const label = "com.example.x\njobs:\n  evil: { kind: command, argv: [rm] }";
  const job = only(launchd(plist({ Label: label, Program: "/a", StartInterval: 60 })));
  assert.match(job.name, /^[a-z][a-z0-9-]*$/);
  const bomb = `<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><plist><dict><key>Label</key><string>&b;</string></dict></plist>`;
  assert.match(said(launchd(bomb)), /declares entities/);
  const deep = `<plist>${"<array>".repeat(5000)}${"</array>".repeat(5000)}</plist>`;
  assert.match(said(launchd(deep)), /nested deeper/);
  for (const text of [
    "",
    "bplist00xx",
    "<plist>",
    "<plist/>",
    "{ a = 1; }",
    "[]",
    "<plist><dict><key>Label</key></dict></plist>",
  ]) {
    const { jobs, remarks } = launchd(text);
    assert.ok(
      jobs.every(({ held }) => held !== undefined),
      text,
    );
    assert.ok(remarks.length > 0, text);
  }
  assert.match(said(launchd("bplist00")), /plutil -convert xml1/);
});

void test("no property list makes the importer throw", () => {
  const pieces = fc.constantFrom(
    ..."<plist>|</plist>|<dict>|</dict>|<array>|</array>|<key>Label</key>|<key>StartInterval</key>|<key>ProgramArguments</key>|<string>a</string>|<integer>60</integer>|<integer>-1</integer>|<true/>|<string>|&amp;|&x;|<|>|x".split(
      "|",
    ),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      launchd(parts.join(""));
    }),
    { numRuns: 300 },
  );
});

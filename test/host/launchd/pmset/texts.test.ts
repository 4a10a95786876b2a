import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseAssertions } from "../../../../src/host/launchd/pmset/assertions-text.ts";
import { parseAutoWake } from "../../../../src/host/launchd/pmset/autowake-plist.ts";
import { parseLogLine } from "../../../../src/host/launchd/pmset/log-text.ts";
import { DAY_NAMES, parseSchedule } from "../../../../src/host/launchd/pmset/sched-text.ts";
import {
  idleSleepMinutes,
  parseCustomSettings,
} from "../../../../src/host/launchd/pmset/settings-text.ts";
import { assertionsText, logLine, schedText } from "../../../rig/mac/pmset-print.ts";

void test("repeating and one-time events are read as pmset prints them", () => {
  const text = [
    "Repeating power events:",
    "  wakepoweron at 11:59PM every day",
    "  shutdown at 6:00AM Some days",
    "Scheduled power events:",
    " [0]  wake at 12/05/2022 17:00:00 by 'com.apple.alarm.user-visible-com.apple.calaccessd.alarmEngine.alarm.name'",
    " [1]  wake at 12/05/2022 19:00:00 by 'x.timer' User visible: true",
    " [12]  wakeorpoweron at 11/22/2026 06:00:00 by 'com.cbi.wake' leeway secs: 30",
    " [13]  restart at 11/22/2026 06:00:00",
    "",
  ].join("\n");
  const { on, off, events } = parseSchedule(text);
  assert.deepEqual(on, { type: "wakepoweron", minuteOfDay: 1439, days: 127 });
  assert.deepEqual(off, { type: "shutdown", minuteOfDay: 360, days: undefined });
  assert.deepEqual(
    events.map(({ index, type, wall, owner }) => [index, type, wall, owner]),
    [
      [
        0,
        "wake",
        "2022-12-05T17:00:00",
        "com.apple.alarm.user-visible-com.apple.calaccessd.alarmEngine.alarm.name",
      ],
      [1, "wake", "2022-12-05T19:00:00", "x.timer"],
      [12, "wakepoweron", "2026-11-22T06:00:00", "com.cbi.wake"],
      [13, "restart", "2026-11-22T06:00:00", undefined],
    ],
  );
});

void test("midnight is 0 and noon 12, and one day alone has its name", () => {
  const read = (line: string) => parseSchedule(`Repeating power events:\n  ${line}\n`);
  assert.equal(read("wakepoweron at 0:05AM weekdays only").on?.minuteOfDay, 5);
  assert.equal(read("wake at 12:00PM weekends only").on?.minuteOfDay, 720);
  assert.deepEqual(read("sleep at 1:30PM Sunday").off, {
    type: "sleep",
    minuteOfDay: 13 * 60 + 30,
    days: 64,
  });
});

void test("nothing scheduled, in both of its forms, and forms that never were", () => {
  const none = { on: undefined, off: undefined, events: [] };
  for (const text of [
    "",
    "No scheduled events.\n",
    "  wake at 25:00PM every day\n",
    " [x]  wake at",
  ]) {
    assert.deepEqual(parseSchedule(text), none);
  }
});

const event = fc.record({
  type: fc.constantFrom("wake", "poweron", "wakepoweron", "sleep", "shutdown", "restart"),
  wall: fc
    .date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 19)),
  owner: fc.option(
    fc.string({ minLength: 1 }).filter((name) => !/[\n\r]/.test(name)),
    { nil: undefined },
  ),
  leeway: fc.constantFrom(0, 5, 30),
  isVisible: fc.boolean(),
} as const);

/** Days that pmset has a name for. */
const namedDays = fc.constantFrom(127, 31, 96, ...DAY_NAMES.map((_name, index) => 1 << index));

void test("whatever pmset prints of a schedule is read as it was meant", () => {
  const minute = fc.integer({ min: 0, max: 1439 });
  const on = fc.record({
    type: fc.constantFrom("wake", "poweron", "wakepoweron"),
    minuteOfDay: minute,
    days: namedDays,
  } as const);
  const off = fc.record({
    type: fc.constantFrom("sleep", "shutdown", "restart"),
    minuteOfDay: minute,
    days: namedDays,
  } as const);
  const maybe = { nil: undefined };
  const schedule = fc.record({
    on: fc.option(on, maybe),
    off: fc.option(off, maybe),
    events: fc.array(event, { maxLength: 8 }),
  });
  fc.assert(
    fc.property(schedule, ({ on, off, events }) => {
      const meant = events.map((one, index) => ({ ...one, index }));
      const read = parseSchedule(schedText({ on, off, events: meant }));
      assert.deepEqual([read.on, read.off], [on && { ...on }, off && { ...off }]);
      assert.deepEqual(
        read.events,
        meant.map(({ index, type, wall, owner }) => ({ index, type, wall, owner })),
      );
    }),
  );
});

void test("the exact days come from powerd's own file", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
  <key>RepeatingPowerOff</key>
  <dict><key>eventtype</key><string>shutdown</string><key>time</key><integer>360</integer><key>weekdays</key><integer>21</integer></dict>
  <key>wakepoweron</key><array><dict><key>scheduledby</key><string>x</string></dict></array>
</dict></plist>`;
  assert.deepEqual(parseAutoWake(xml), {
    on: undefined,
    off: { type: "shutdown", minuteOfDay: 360, days: 21 },
  });
  assert.equal(parseAutoWake("bplist00\u0001"), undefined);
  assert.equal(parseAutoWake(""), undefined);
  assert.deepEqual(parseAutoWake(xml.replace("shutdown", "explode")), {
    on: undefined,
    off: undefined,
  });
});

void test("the log's lines of waking, sleeping and starting are read, and no others", () => {
  const read = (line: string) => parseLogLine(line);
  const sleep = read(
    "2026-07-28 23:14:02 -0700 Sleep               \tEntering Sleep state due to 'Clamshell Sleep':TCPKeepAlive=active Using Batt (Charge:98%) 41 secs",
  );
  assert.deepEqual(sleep, {
    atMs: Date.parse("2026-07-29T06:14:02Z"),
    kind: "sleep",
    reason: "Clamshell Sleep",
    source: "battery",
  });
  const dark = read(
    "2026-07-29 02:30:11 -0700 DarkWake            \tDarkWake from Deep Idle [CDNVA] : due to smc.sysState.Wake(0x70070000) wifibt SMC.OutboxNotEmpty/ Using BATT (Charge:91%)",
  );
  assert.deepEqual([dark?.kind, dark?.source], ["dark", "battery"]);
  const full = read(
    "2026-10-05 09:04:10 +0300 Wake                \tDarkWake to FullWake from Deep Idle [CDNVA] : due to UserActivity Assertion Using AC (Charge:80%)",
  );
  assert.deepEqual([full?.kind, full?.source], ["wake", "ac"]);
  assert.equal(
    read("2026-10-05 09:04:10 +0300 Start               \tpowerd process is started")?.kind,
    "start",
  );
  const half =
    "2026-10-05 09:04:10 +0300 Sleep               \tEntering DarkWake state due to 'Idle Sleep':";
  assert.equal(read(half)?.kind, "dark");
  for (const other of [
    "",
    "UUID: 6A4C",
    "Time stamp                Domain              \tMessage",
    "2026-10-05 09:04:10 +0300 Assertions          \tPID 301(powerd) Created UserIsActive",
    "2026-10-05 09:04:10 +0300 Wake Requests       \t[process=x request=Sleep]",
    "2026-10-05 09:04:10 +0300 WakeTime            \tWakeTime: 1.3 sec",
  ]) {
    assert.equal(read(other), undefined, other);
  }
});

void test("whatever the log prints of a moment is read as it was meant", () => {
  const moment = fc.record({
    atMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
    kind: fc.constantFrom("wake", "dark", "sleep", "start"),
    reason: fc.constantFrom(
      "Idle Sleep",
      "Clamshell Sleep",
      "Low Power Sleep",
      "Software Sleep pid=7",
    ),
    source: fc.constantFrom("ac", "battery"),
  } as const);
  fc.assert(
    fc.property(moment, (meant) => {
      const read = parseLogLine(logLine(meant));
      const isStart = meant.kind === "start";
      assert.deepEqual(read, {
        ...meant,
        reason: meant.kind === "sleep" ? meant.reason : undefined,
        source: isStart ? undefined : meant.source,
      });
    }),
  );
});

void test("an assertion names whom it serves, in either of caffeinate's forms", () => {
  const text = `2026-08-28 06:16:10 +0800 
Assertion status system-wide:
   PreventUserIdleSystemSleep     1
Listed by owning process:
   pid 58281(caffeinate): [0x00048f2d00079ce4] 07:11:56 PreventSystemSleep named: "caffeinate command-line tool"  
\tDetails: caffeinate asserting on behalf of '/opt/cycle.sh' (pid 58280)
\tLocalized=THE CAFFEINATE TOOL IS PREVENTING SLEEP.
   pid 7(caffeinate): [0x00048f2d00079ce5] PreventUserIdleSystemSleep named: "caffeinate command-line tool"  
\tDetails: caffeinate asserting on behalf of Process ID 6
\tCreated for PID: 6. 
   pid 301(powerd (x)): [0x00048f2d00079ce6] 00:00:01 UserIsActive named: "a" 
No kernel assertions.
Idle sleep preventers: IODisplayWrangler
`;
  assert.deepEqual(
    parseAssertions(text).map(({ pid, process, type, onBehalfOfPid }) => [
      pid,
      process,
      type,
      onBehalfOfPid,
    ]),
    [
      [58281, "caffeinate", "PreventSystemSleep", 58280],
      [7, "caffeinate", "PreventUserIdleSystemSleep", 6],
      [301, "powerd (x)", "UserIsActive", undefined],
    ],
  );
});

void test("whatever pmset lists of assertions is read as it was meant", () => {
  const one = fc.record({
    pid: fc.integer({ min: 1, max: 99_999 }),
    process: fc.constantFrom("caffeinate", "powerd", "Google Chrome Helper (Renderer)"),
    type: fc.constantFrom("PreventSystemSleep", "PreventUserIdleSystemSleep"),
    onBehalfOfPid: fc.option(fc.integer({ min: 1, max: 99_999 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 6 }), (meant) => {
      const listed = meant.map((row) => ({ ...row }));
      assert.deepEqual(parseAssertions(assertionsText(listed)), listed);
    }),
  );
});

void test("the settings of each source are read, with names of several words and what prevents sleep", () => {
  const text = `Battery Power:
 Sleep On Power Button 1
 lowpowermode         0
 sleep                1 (sleep prevented by powerd, sharingd)
AC Power:
 hibernatefile        /var/vm/sleepimage
 sleep                0
`;
  const { ac, battery } = parseCustomSettings(text);
  assert.equal(battery?.get("Sleep On Power Button"), "1");
  assert.equal(idleSleepMinutes(battery), 1);
  assert.equal(idleSleepMinutes(ac), 0);
  assert.equal(idleSleepMinutes(parseCustomSettings("AC Power:\n").battery), undefined);
});

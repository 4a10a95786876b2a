import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { calendarNamed } from "../../src/schedule/calendar/named.ts";
import { parseSchedule, type ScheduleText } from "../../src/schedule/schedule.ts";
import { parseMoment, parseTiming } from "../../src/schedule/timing.ts";

const calendar = calendarNamed("XNYS");
const GOOD: ScheduleText = { schedule: ["0 9 * * *"], zone: "America/New_York" };

void test("each kind of time is read", () => {
  const read = (text: string) => {
    const result = parseTiming(text);
    assert.ok(result.ok, text);
    return result.value;
  };
  assert.deepEqual(read("every 15m"), { kind: "every", minutes: 15 });
  assert.deepEqual(read(" every  2h "), { kind: "every", minutes: 120 });
  assert.deepEqual(read("every 1d"), { kind: "every", minutes: 1440 });
  assert.deepEqual(read("every 120s"), { kind: "every", minutes: 2 });
  assert.deepEqual(read("open"), { kind: "session", edge: "open", offsetMinutes: 0 });
  assert.deepEqual(read("open-15m"), { kind: "session", edge: "open", offsetMinutes: -15 });
  assert.deepEqual(read("close+1h"), { kind: "session", edge: "close", offsetMinutes: 60 });
  assert.equal(read("@daily").kind, "cron");
});

void test("a moment is a time of day or of the session", () => {
  assert.deepEqual(parseMoment("09:30"), {
    ok: true,
    value: { kind: "clock", minuteOfDay: 570 },
  });
  assert.equal(parseMoment("close-5m").ok, true);
  for (const text of ["9:30", "24:00", "noon", "open*2", ""]) {
    assert.equal(parseMoment(text).ok, false, text);
  }
});

void test("times that are none say where and what was expected", () => {
  const refused: [text: string, position: number, found: string][] = [
    ["every", 6, ""],
    ["every 5", 7, "5"],
    ["every 90s", 7, "90s"],
    ["every 0m", 7, "0m"],
    ["every 8d", 7, "8d"],
    ["open-", 1, "open-"],
    ["open-15", 6, "15"],
    ["  close+90s", 9, "90s"],
    ["close+25h", 7, "25h"],
    ["closed", 1, "closed"],
  ];
  for (const [text, position, found] of refused) {
    const result = parseTiming(text);
    assert.ok(!result.ok, text);
    assert.deepEqual([result.problem.position, result.problem.found], [position, found], text);
  }
});

void test("every problem of a schedule is found at once, by its key", () => {
  const result = parseSchedule({
    schedule: ["0 9 * * *", "0 25 * * *"],
    every: "5x",
    between: { from: "9", to: "close+x" },
    zone: "America/New_Yrok",
    days: "sesion",
    onHoliday: "shif",
    phase: "opn",
    calendar,
  });
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map(({ key, nearest }) => [key, nearest]),
    [
      ["schedule[1]", undefined],
      ["every", undefined],
      ["zone", "America/New_York"],
      ["between.from", undefined],
      ["between.to", undefined],
      ["days", "session"],
      ["on_holiday", "shift"],
      ["phase", "open"],
    ],
  );
});

void test("a schedule without any time is refused", () => {
  assert.deepEqual(keysOf({ zone: "UTC" }), ["schedule"]);
  assert.deepEqual(keysOf({ zone: "UTC", schedule: [] }), ["schedule"]);
});

void test("what asks for sessions needs a calendar", () => {
  assert.deepEqual(keysOf({ ...GOOD, days: "session" }), ["days"]);
  assert.deepEqual(keysOf({ ...GOOD, onHoliday: "skip" }), ["on_holiday"]);
  assert.deepEqual(keysOf({ ...GOOD, phase: "open" }), ["phase"]);
  assert.deepEqual(keysOf({ ...GOOD, schedule: ["open-15m"] }), ["schedule"]);
  assert.deepEqual(keysOf({ ...GOOD, between: { from: "open", to: "16:00" } }), ["schedule"]);
  assert.deepEqual(keysOf({ ...GOOD, days: "session", phase: "open", calendar }), []);
});

void test("a phase that the calendar does not know is refused", () => {
  const grains = calendarNamed("CBOT_GRAINS");
  assert.deepEqual(keysOf({ ...GOOD, phase: "pre", calendar: grains }), ["phase"]);
  assert.deepEqual(keysOf({ ...GOOD, phase: "open", calendar: grains }), []);
});

void test("no text makes the parser throw", () => {
  const word = fc.oneof(fc.string(), fc.constantFrom("every 5m", "open-15m", "close", "* * * * *"));
  fc.assert(
    fc.property(fc.array(word), word, word, word, (schedule, every, zone, days) => {
      const result = parseSchedule({ schedule, every, zone, days, calendar });
      assert.ok(result.ok || result.problems.length > 0);
    }),
  );
});

function keysOf(text: ScheduleText): string[] {
  const result = parseSchedule(text);
  return result.ok ? [] : result.problems.map(({ key }) => key);
}

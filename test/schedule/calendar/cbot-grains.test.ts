import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";

const calendar = calendarNamed("CBOT_GRAINS");

void test("2026 has the closures and early closes of CME Group's holiday hours", () => {
  assert.deepEqual(
    calendar.closures(2026).map(({ day }) => day.slice(5)),
    "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25".split(" "),
  );
  assert.deepEqual(
    calendar.earlyCloses(2026).map(({ day, close }) => `${day} ${close}`),
    ["2026-11-27 12:05", "2026-12-24 12:05"],
  );
});

void test("holidays that move follow the days on which the exchange was closed", () => {
  for (const day of ["2020-07-03", "2021-07-05", "2021-12-24", "2022-06-20", "2022-12-26"]) {
    assert.equal(calendar.isSession(day), false, day);
  }
  assert.equal(calendar.isSession("2021-12-31"), true, "New Year on a Saturday is not observed");
  assert.equal(calendar.session("2024-07-03")?.close, "13:20");
});

void test("on the day of mourning of 2025 grains closed early while stocks stayed closed", () => {
  assert.equal(calendar.session("2025-01-09")?.close, "12:15");
  assert.equal(calendarNamed("XNYS").isSession("2025-01-09"), false);
});

void test("a session closes at 13:20 in Chicago", () => {
  const at = (text: string) => calendar.lastClosedSession(Date.parse(text));
  assert.equal(at("2026-06-10T18:19:59Z"), "2026-06-09");
  assert.equal(at("2026-06-10T18:20:00Z"), "2026-06-10");
});

void test("the calendar claims no more than one announced year", () => {
  assert.equal(calendar.recordedFrom, "2026-01-01");
  assert.equal(calendar.announcedThrough, "2026-12-31");
  assert.equal(calendar.extendedHours, undefined);
});

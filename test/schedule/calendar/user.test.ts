import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { horizonRemark } from "../../../src/schedule/calendar/horizon.ts";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { parseCalendarRows, type CalendarRow } from "../../../src/schedule/calendar/rows.ts";
import { userCalendar } from "../../../src/schedule/calendar/user.ts";
import { zoneNamed } from "../../../src/schedule/zone.ts";

const FILE = `# what the exchange announced on Tuesday
date,kind,close,name
2026-11-23,closed,,"Day of mourning, national"
2026-12-23, early, 12:30, Snow

2026-12-25,open,,
2026-11-28,open,,Saturday session
2026-11-27,early,14:00,Later than usual
`;

void test("rows of a file win over the built-in days, and all other days stay", () => {
  const calendar = calendarNamed("XNYS", read(FILE));
  assert.equal(calendar.closureName("2026-11-23"), "Day of mourning, national");
  assert.equal(calendar.session("2026-12-23")?.close, "12:30");
  assert.equal(calendar.session("2026-12-23")?.earlyCloseName, "Snow");
  assert.equal(calendar.session("2026-12-25")?.close, "16:00");
  assert.equal(calendar.isSession("2026-11-28"), true, "a Saturday");
  assert.equal(calendar.session("2026-11-27")?.close, "14:00");
  assert.equal(calendar.closureName("2026-11-26"), "Thanksgiving Day");
  assert.equal(calendar.sessionsBetween("2025-12-31", "2026-12-31"), 251 - 1 + 1 + 1);
  assert.equal(
    calendarNamed("XNYS").isSession("2026-11-23"),
    true,
    "the built-in one is untouched",
  );
});

void test("an early row opens a day that was closed", () => {
  const calendar = calendarNamed("XNYS", read("2026-11-26,early,12:00,Half a day"));
  assert.deepEqual(calendar.session("2026-11-26"), {
    day: "2026-11-26",
    open: "09:30",
    close: "12:00",
    earlyCloseName: "Half a day",
  });
});

const REFUSED: [text: string, line: string, position: number, found: string][] = [
  ["2026-11-23,closed", "line 1", 1, "2026-11-23,closed"],
  ["date,kind,close,name\n\n2026-02-30,closed,,x", "line 3", 1, "2026-02-30"],
  ["2026-11-23,shut,,x", "line 1", 12, "shut"],
  ["2026-11-23,early,1pm,x", "line 1", 18, "1pm"],
  ["2026-11-23,early,,x", "line 1", 18, ""],
  ["2026-11-23,closed,13:00,x", "line 1", 19, "13:00"],
  ["2026-11-23,closed,,x\n2026-11-23,open,,y", "line 2", 1, "2026-11-23"],
];

for (const [text, line, position, found] of REFUSED) {
  void test(`'${text.replaceAll("\n", "|")}' is refused in ${line} at position ${position}`, () => {
    const result = parseCalendarRows(text);
    assert.ok(!result.ok);
    const { problem } = result;
    assert.deepEqual([problem.field, problem.position, problem.found], [line, position, found]);
  });
}

void test("a file with a byte order mark and the line ends of Windows reads the same", () => {
  assert.deepEqual(read(`\uFEFF${FILE.replaceAll("\n", "\r\n")}`), read(FILE));
});

void test("no text makes the reader throw", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseCalendarRows(text);
    }),
  );
});

void test("a calendar of the user's own is weekdays but for its rows, and says how far it goes", () => {
  const zone = zoneNamed("Europe/London");
  assert.ok(zone);
  const rows = read(
    "2026-12-25,closed,,Christmas\n2026-12-24,early,12:30,Eve\n2026-05-04,closed,,May",
  );
  const calendar = userCalendar(
    { name: "LSE", zone, hours: { open: "08:00", close: "16:30" } },
    rows,
  );
  assert.equal(calendar.isSession("2026-12-25"), false);
  assert.equal(calendar.isSession("2026-12-26"), false, "a Saturday");
  assert.equal(calendar.session("2026-12-24")?.close, "12:30");
  assert.equal(calendar.nextSession("2026-12-24"), "2026-12-28");
  assert.equal(calendar.recordedFrom, "2026-01-01");
  assert.equal(calendar.announcedThrough, "2026-12-25");
  assert.match(horizonRemark(calendar, "2026-06-01", "2027-01-01") ?? "", /through 2026-12-25/);
});

void test("a calendar without rows claims nothing", () => {
  const zone = zoneNamed("UTC");
  assert.ok(zone);
  const calendar = userCalendar(
    { name: "mine", zone, hours: { open: "00:00", close: "23:59" } },
    [],
  );
  assert.ok(horizonRemark(calendar, "2026-01-01", "2026-01-02"));
});

function read(text: string): CalendarRow[] {
  const result = parseCalendarRows(text);
  assert.ok(result.ok, result.ok ? "" : result.problem.message);
  return result.value;
}

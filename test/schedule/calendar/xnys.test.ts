import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { addDays, dayNumber, dayOfNumber, weekday } from "../../../src/schedule/day.ts";

const calendar = calendarNamed("XNYS");

/**
 * Written down from the exchange: "NYSE Special Closings" for the years to 2011, the yearly
 * announcements of holidays and early closings after that. Closures, then early closes; one o'clock
 * where no time is given.
 */
const ANNOUNCED: Record<number, [closures: string, earlyCloses: string]> = {
  1990: ["01-01 02-19 04-13 05-28 07-04 09-03 11-22 12-25", "12-24@14:00"],
  1991: ["01-01 02-18 03-29 05-27 07-04 09-02 11-28 12-25", "12-24@14:00"],
  1992: ["01-01 02-17 04-17 05-25 07-03 09-07 11-26 12-25", "11-27@14:00 12-24@14:00"],
  1993: ["01-01 02-15 04-09 05-31 07-05 09-06 11-25 12-24", "11-26"],
  1994: ["02-21 04-01 04-27 05-30 07-04 09-05 11-24 12-26", "02-11@14:30 11-25"],
  1995: ["01-02 02-20 04-14 05-29 07-04 09-04 11-23 12-25", "07-03 11-24"],
  1996: ["01-01 02-19 04-05 05-27 07-04 09-02 11-28 12-25", "01-08@14:00 07-05 11-29 12-24"],
  1997: ["01-01 02-17 03-28 05-26 07-04 09-01 11-27 12-25", "07-03 10-27@15:30 11-28 12-24 12-26"],
  1998: ["01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25", "11-27 12-24"],
  1999: ["01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24", "11-26 12-31"],
  2000: ["01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25", "07-03 11-24"],
  2001: [
    "01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25",
    "07-03 11-23 12-24",
  ],
  2002: ["01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25", "07-05 11-29 12-24"],
  2003: ["01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25", "07-03 11-28 12-24 12-26"],
  2004: ["01-01 01-19 02-16 04-09 05-31 06-11 07-05 09-06 11-25 12-24", "11-26"],
  2005: ["01-17 02-21 03-25 05-30 07-04 09-05 11-24 12-26", "06-01@15:56 11-25"],
  2006: ["01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25", "07-03 11-24"],
  2007: ["01-01 01-02 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25", "07-03 11-23 12-24"],
  2012: ["01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25", "07-03 11-23 12-24"],
  2013: ["01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25", "07-03 11-29 12-24"],
  2018: ["01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25", "07-03 11-23 12-24"],
  2020: ["01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25", "11-27 12-24"],
  2021: ["01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24", "11-26"],
  2022: ["01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26", "11-25"],
  2023: ["01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24"],
  2024: ["01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25", "07-03 11-29 12-24"],
  2025: ["01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25", "07-03 11-28 12-24"],
  2026: ["01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25", "11-27 12-24"],
  2027: ["01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24", "11-26"],
  2028: ["01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24"],
};

/** Trading days a year, as published with the exchange's statistics. */
const SESSIONS: Record<number, number> = {
  1996: 254,
  1997: 253,
  1998: 252,
  1999: 252,
  2000: 252,
  2001: 248,
  2002: 252,
  2003: 252,
  2004: 252,
  2005: 252,
  2006: 251,
  2007: 251,
  2008: 253,
  2009: 252,
  2010: 252,
  2011: 252,
  2012: 250,
  2013: 252,
  2014: 252,
  2015: 252,
  2016: 252,
  2017: 251,
  2018: 251,
  2019: 252,
  2020: 253,
  2021: 252,
  2022: 251,
  2023: 250,
  2024: 252,
  2025: 250,
  2026: 251,
};

for (const [year, [closures, earlyCloses]] of Object.entries(ANNOUNCED)) {
  void test(`the closures and early closes of ${year} are those that the exchange announced`, () => {
    const tail = (day: string) => day.slice(5);
    assert.deepEqual(
      calendar.closures(Number(year)).map(({ day }) => tail(day)),
      closures.split(" "),
    );
    assert.deepEqual(
      calendar.earlyCloses(Number(year)).map(({ day, close }) => `${tail(day)}@${close}`),
      earlyCloses.split(" ").map((text) => (text.includes("@") ? text : `${text}@13:00`)),
    );
  });
}

void test("each year has as many sessions as the exchange held", () => {
  for (const [year, count] of Object.entries(SESSIONS)) {
    const before = `${Number(year) - 1}-12-31`;
    assert.equal(calendar.sessionsBetween(before, `${year}-12-31`), count, year);
  }
});

void test("a day's session has the regular hours, or the early close with its name", () => {
  assert.deepEqual(calendar.session("2026-11-25"), {
    day: "2026-11-25",
    open: "09:30",
    close: "16:00",
  });
  assert.deepEqual(calendar.session("2026-11-27"), {
    day: "2026-11-27",
    open: "09:30",
    close: "13:00",
    earlyCloseName: "Day after Thanksgiving",
  });
  assert.equal(calendar.session("2026-11-26"), undefined);
  assert.equal(calendar.closureName("2026-11-26"), "Thanksgiving Day");
  assert.equal(calendar.closureName("2026-11-28"), undefined, "a weekend is no closure");
});

void test("Good Friday of 2026 is April 3, and April 10 is a session", () => {
  assert.equal(calendar.closureName("2026-04-03"), "Good Friday");
  assert.equal(calendar.isSession("2026-04-10"), true);
});

void test("a New Year's Day on a Saturday is not observed", () => {
  for (const year of [1994, 2000, 2005, 2011, 2022, 2028]) {
    assert.equal(calendar.isSession(`${year - 1}-12-31`), true, `${year}`);
  }
});

void test("the calendar says how far the exchange has announced and since when it is complete", () => {
  assert.equal(calendar.announcedThrough, "2028-12-31");
  assert.equal(calendar.recordedFrom, "1990-01-01");
});

void test("a session is closed from the instant of its close in New York", () => {
  const at = (text: string) => calendar.lastClosedSession(Date.parse(text));
  assert.equal(at("2026-11-20T20:59:59.999Z"), "2026-11-19");
  assert.equal(at("2026-11-20T21:00:00Z"), "2026-11-20");
  assert.equal(at("2026-11-27T17:59:59Z"), "2026-11-25", "Thanksgiving lies between");
  assert.equal(at("2026-11-27T18:00:00Z"), "2026-11-27", "an early close");
  assert.equal(at("2026-11-30T05:00:00Z"), "2026-11-27", "Monday's midnight in New York");
  assert.equal(at("2026-07-02T19:59:59Z"), "2026-07-01", "in summer time");
  assert.equal(at("2026-07-02T20:00:00Z"), "2026-07-02");
});

const dayNumbers = fc.integer({ min: dayNumber("1990-01-01"), max: dayNumber("2030-12-31") });

void test("no session of 1990 to 2030 is a weekend day, and no gap is longer than the one of 2001", () => {
  let previous = calendar.nextSession("1989-12-31");
  let longest = 0;
  for (let day = calendar.nextSession(previous); day <= "2030-12-31";) {
    assert.ok(weekday(day) >= 1 && weekday(day) <= 5, day);
    longest = Math.max(longest, dayNumber(day) - dayNumber(previous));
    previous = day;
    day = calendar.nextSession(day);
  }
  assert.equal(longest, dayNumber("2001-09-17") - dayNumber("2001-09-10"));
});

void test("stepping over sessions and counting them agree with looking at each day", () => {
  fc.assert(
    fc.property(dayNumbers, fc.integer({ min: -600, max: 600 }), (number, count) => {
      const day = dayOfNumber(number);
      const stepped = calendar.addSessions(day, count);
      let walked = day;
      for (let left = Math.abs(count); left > 0;) {
        walked = addDays(walked, Math.sign(count));
        if (calendar.isSession(walked)) left -= 1;
      }
      assert.equal(stepped, walked);
      if (count > 0) assert.equal(calendar.sessionsBetween(day, stepped), count);
      if (calendar.isSession(day)) assert.equal(calendar.addSessions(stepped, -count), day);
    }),
    { numRuns: 300 },
  );
});

void test("counts of sessions add up, and their sign follows the order of the days", () => {
  fc.assert(
    fc.property(dayNumbers, dayNumbers, dayNumbers, (first, second, third) => {
      const [left, middle, right] = [dayOfNumber(first), dayOfNumber(second), dayOfNumber(third)];
      assert.equal(
        calendar.sessionsBetween(left, middle) + calendar.sessionsBetween(middle, right),
        calendar.sessionsBetween(left, right),
      );
    }),
  );
});

void test("no sessions between two days are zero sessions in either order", () => {
  assert.ok(Object.is(calendar.sessionsBetween("2026-04-03", "2026-04-05"), 0));
  assert.ok(Object.is(calendar.sessionsBetween("2026-04-05", "2026-04-03"), 0));
});

void test("every early close lies on a session and before the regular close", () => {
  for (let year = 1990; year <= 2030; year++) {
    for (const { day, close } of calendar.earlyCloses(year)) {
      assert.equal(calendar.isSession(day), true, day);
      assert.ok(close < calendar.hours.close, day);
    }
  }
});

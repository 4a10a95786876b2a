import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  addDays,
  compareDays,
  dayNumber,
  dayOfNumber,
  daysBetween,
  isDay,
  weekday,
} from "../../src/schedule/day.ts";

void test("a day is ISO text of a day that exists", () => {
  for (const text of ["2024-02-29", "2000-02-29", "0004-02-29", "9999-12-31"]) {
    assert.equal(isDay(text), true, text);
  }
  for (const text of ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-1-1"]) {
    assert.equal(isDay(text), false, text);
  }
  for (const text of ["", "2024-04-31", "2024-04-00", "2024-04-01T00:00", "+2024-04-01"]) {
    assert.equal(isDay(text), false, text);
  }
});

void test("days count and name as the platform's UTC calendar does, from year 1 to 9999", () => {
  const first = dayNumber("0001-01-01");
  const last = dayNumber("9999-12-31");
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (number) => {
      const date = new Date(number * 86_400_000);
      const day = dayOfNumber(number);
      assert.equal(day, date.toISOString().slice(0, 10));
      assert.equal(dayNumber(day), number);
      assert.equal(weekday(day), date.getUTCDay());
      assert.equal(isDay(day), true);
    }),
    { numRuns: 5000 },
  );
});

void test("adding days and counting them are each other's reverse", () => {
  assert.equal(addDays("2024-02-28", 1), "2024-02-29");
  assert.equal(addDays("2024-03-01", -1), "2024-02-29");
  assert.equal(addDays("1999-12-31", 1), "2000-01-01");
  assert.equal(daysBetween("2026-01-01", "2027-01-01"), 365);
  const days = fc.integer({ min: -200_000, max: 200_000 });
  fc.assert(
    fc.property(days, days, (left, right) => {
      const from = dayOfNumber(left);
      const to = dayOfNumber(right);
      assert.equal(addDays(from, daysBetween(from, to)), to);
      assert.equal(Math.sign(compareDays(from, to)), Math.sign(left - right));
    }),
  );
});

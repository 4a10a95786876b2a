import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { replayDays } from "../../../src/pipeline/replay/days.ts";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { addDays } from "../../../src/schedule/day.ts";
import { Failure } from "../../../src/system/failure.ts";

const calendar = calendarNamed("XNYS");
const NEWEST = "2025-12-31";

void test("nights are every n-th session from the first day on", () => {
  assert.deepEqual(
    replayDays({ from: "2024-01-01", to: "2024-01-16", every: 3 }, calendar, NEWEST),
    // New Year's Day and the 15th, Martin Luther King's, are no sessions.
    ["2024-01-02", "2024-01-05", "2024-01-10", "2024-01-16"],
  );
  assert.deepEqual(
    replayDays({ from: "2024-07-03", to: "2024-07-08", every: 1 }, calendar, NEWEST),
    ["2024-07-03", "2024-07-05", "2024-07-08"],
  );
});

void test("whatever the range, nights are sessions in it, evenly apart, the first as early as can be", () => {
  const day = fc.integer({ min: 0, max: 9000 }).map((count) => addDays("2001-01-01", count));
  fc.assert(
    fc.property(
      day,
      fc.integer({ min: 5, max: 400 }),
      fc.integer({ min: 1, max: 60 }),
      (from, length, every) => {
        const to = addDays(from, length);
        const days = replayDays({ from, to, every }, calendar, "2026-12-31");
        const [first = ""] = days;
        assert.ok(days.every((one) => calendar.isSession(one) && one >= from && one <= to));
        assert.ok(calendar.previousSession(first) < from);
        for (const [index, one] of days.entries()) {
          assert.equal(one, calendar.addSessions(first, index * every));
        }
        assert.ok(calendar.addSessions(first, days.length * every) > to);
      },
    ),
  );
});

void test("a range without nights is refused with the days that would do", () => {
  const refused: [from: string, to: string, expected: RegExp][] = [
    ["2024-02-01", "2024-01-01", /lies after --to 2024-01-01/],
    ["2024-01-02", "2026-01-02", /after the newest price that is known, of 2025-12-31/],
    ["2024-01-13", "2024-01-15", /no session of XNYS from 2024-01-13 to 2024-01-15/],
  ];
  for (const [from, to, expected] of refused) {
    assert.throws(
      () => replayDays({ from, to, every: 1 }, calendar, NEWEST),
      (error: unknown) =>
        error instanceof Failure &&
        error.code === "CBI_REPLAY_RANGE" &&
        error.exit === 64 &&
        expected.test(error.message),
      `${from} to ${to}`,
    );
  }
});

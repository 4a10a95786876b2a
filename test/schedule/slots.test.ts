import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarNamed } from "../../src/schedule/calendar/named.ts";
import { parseSchedule, type ScheduleText } from "../../src/schedule/schedule.ts";
import { slotsBetween, type Slot } from "../../src/schedule/slots.ts";
import { utcText } from "../../src/schedule/wall.ts";

const calendar = calendarNamed("XNYS");
const NEW_YORK = { zone: "America/New_York", calendar };

/** What is asked, from which instant, and the names of the slots that follow. */
const CASES: [says: string, text: Partial<ScheduleText>, from: string, names: string][] = [
  [
    "weekdays leave out the weekend and nothing else",
    { schedule: ["0 9 * * *"], days: "weekdays" },
    "2026-04-02",
    "2026-04-02T09:00 2026-04-03T09:00 2026-04-06T09:00",
  ],
  [
    "weekdays can skip holidays too",
    { schedule: ["0 9 * * *"], days: "weekdays", onHoliday: "skip" },
    "2026-04-02",
    "2026-04-02T09:00 2026-04-06T09:00 2026-04-07T09:00",
  ],
  [
    "every day can skip holidays and keep the weekend",
    { schedule: ["0 9 * * *"], days: "every-day", onHoliday: "skip" },
    "2026-04-02",
    "2026-04-02T09:00 2026-04-04T09:00 2026-04-05T09:00",
  ],
  [
    "sessions leave out weekends and holidays",
    { schedule: ["0 9 * * *"], days: "session" },
    "2026-04-02",
    "2026-04-02T09:00 2026-04-06T09:00 2026-04-07T09:00",
  ],
  [
    "sessions with holidays run on Good Friday but not on Saturday",
    { schedule: ["0 9 * * *"], days: "session", onHoliday: "run" },
    "2026-04-02",
    "2026-04-02T09:00 2026-04-03T09:00 2026-04-06T09:00",
  ],
  [
    "a weekly slot on a holiday moves to the next session",
    { schedule: ["0 17 * * 5"], days: "session", onHoliday: "shift" },
    "2026-04-01",
    "2026-04-06T17:00 2026-04-10T17:00 2026-04-17T17:00",
  ],
  [
    "several slots that move to one day are one",
    { schedule: ["0 9 * * *"], days: "session", onHoliday: "shift" },
    "2026-04-02",
    "2026-04-02T09:00 2026-04-06T09:00 2026-04-07T09:00",
  ],
  [
    "a slot that moved before the first instant is not lost",
    { schedule: ["0 17 * * 5"], days: "session", onHoliday: "shift" },
    "2026-04-05",
    "2026-04-06T17:00 2026-04-10T17:00",
  ],
  [
    "days without a session",
    { schedule: ["0 10 * * *"], days: "non-session" },
    "2026-04-02",
    "2026-04-03T10:00 2026-04-04T10:00 2026-04-05T10:00 2026-04-11T10:00",
  ],
  [
    "mornings after a session, for those who live ahead of New York",
    { schedule: ["0 6 * * *"], days: "after-session", zone: "Asia/Tokyo" },
    "2026-04-02",
    "2026-04-03T06:00 2026-04-07T06:00 2026-04-08T06:00",
  ],
  [
    "the first session of the week, after a Monday that was closed",
    { schedule: ["0 8 * * *"], days: "first-session-of-week" },
    "2026-05-18",
    "2026-05-18T08:00 2026-05-26T08:00 2026-06-01T08:00",
  ],
  [
    "the last session of the week, before a Friday that is closed",
    { schedule: ["0 8 * * *"], days: "last-session-of-week" },
    "2026-03-27",
    "2026-03-27T08:00 2026-04-02T08:00 2026-04-10T08:00",
  ],
  [
    "the first session of the month",
    { schedule: ["0 8 * * *"], days: "first-session-of-month" },
    "2026-01-01",
    "2026-01-02T08:00 2026-02-02T08:00 2026-03-02T08:00",
  ],
  [
    "the last session of the month",
    { schedule: ["0 8 * * *"], days: "last-session-of-month" },
    "2026-05-01",
    "2026-05-29T08:00 2026-06-30T08:00 2026-07-31T08:00",
  ],
  [
    "times of the session follow an early close",
    { schedule: ["open-15m", "close+30m"] },
    "2026-11-25",
    "2026-11-25T09:15 2026-11-25T16:30 2026-11-27T09:15 2026-11-27T13:30 2026-11-30T09:15",
  ],
  [
    "times of the session are named by the job's own clock",
    { schedule: ["close+1h"], zone: "Europe/London" },
    "2026-03-06",
    "2026-03-06T22:00 2026-03-09T21:00 2026-03-10T21:00",
  ],
  [
    "times of the last session of the month only",
    { schedule: ["close-10m"], days: "last-session-of-month" },
    "2026-11-01",
    "2026-11-30T15:50 2026-12-31T15:50",
  ],
  [
    "two times of one schedule that meet are one slot",
    { schedule: ["0 9 * * 1", "0 9 * * 1-2", "0 8 * * 2"] },
    "2026-06-01",
    "2026-06-01T09:00 2026-06-02T08:00 2026-06-02T09:00 2026-06-08T09:00",
  ],
  [
    "the open market takes its first minute and leaves its last",
    { schedule: ["30 9,12 * * *", "0 13,16 * * *"], phase: "open" },
    "2026-11-25",
    "2026-11-25T09:30 2026-11-25T12:30 2026-11-25T13:00 2026-11-27T09:30 2026-11-27T12:30 2026-11-30T09:30",
  ],
  [
    "before the open",
    { schedule: ["0 */2 * * *", "30 9 * * *"], phase: "pre" },
    "2026-11-27",
    "2026-11-27T04:00 2026-11-27T06:00 2026-11-27T08:00 2026-11-30T04:00",
  ],
  [
    "after the close, shorter on a short day",
    { schedule: ["0 * * * *"], phase: "post" },
    "2026-11-27",
    "2026-11-27T13:00 2026-11-27T14:00 2026-11-27T15:00 2026-11-27T16:00 2026-11-30T16:00",
  ],
  [
    "a window keeps a cron text to its hours, both ends included",
    { schedule: ["0 * * * *"], between: { from: "10:00", to: "12:00" } },
    "2026-06-01",
    "2026-06-01T10:00 2026-06-01T11:00 2026-06-01T12:00 2026-06-02T10:00",
  ],
  [
    "a window may cross midnight",
    { schedule: ["0 */4 * * *"], between: { from: "20:00", to: "04:00" } },
    "2026-06-01T12:00",
    "2026-06-01T20:00 2026-06-02T00:00 2026-06-02T04:00 2026-06-02T20:00",
  ],
  [
    "an interval begins anew with each session's window and ends at an early close",
    { every: "90m", between: { from: "open+30m", to: "close" }, days: "session" },
    "2026-11-25",
    "2026-11-25T15:00Z 2026-11-25T16:30Z 2026-11-25T18:00Z 2026-11-25T19:30Z 2026-11-25T21:00Z 2026-11-27T15:00Z 2026-11-27T16:30Z 2026-11-27T18:00Z 2026-11-30T15:00Z",
  ],
  [
    "an interval is elapsed time, across a gap as well",
    { every: "1h" },
    "2026-03-08T06:00:00Z",
    "2026-03-08T07:00Z 2026-03-08T08:00Z 2026-03-08T09:00Z",
  ],
  [
    "an interval fires in both hours of an overlap, under two names",
    { every: "30m" },
    "2026-11-01T05:00:00Z",
    "2026-11-01T05:30Z 2026-11-01T06:00Z 2026-11-01T06:30Z 2026-11-01T07:00Z",
  ],
  [
    "an interval keeps to its days",
    { every: "12h", days: "session" },
    "2026-04-02T12:00:00Z",
    "2026-04-03T00:00Z 2026-04-06T12:00Z 2026-04-07T00:00Z 2026-04-07T12:00Z",
  ],
  [
    "an interval in the open market",
    { every: "2h", phase: "open" },
    "2026-11-27",
    "2026-11-27T16:00Z 2026-11-30T16:00Z 2026-11-30T18:00Z 2026-11-30T20:00Z",
  ],
];

for (const [says, text, from, names] of CASES) {
  void test(says, () => {
    const expected = names.split(" ");
    assert.deepEqual(
      next(text, from, expected.length).map(({ name }) => name),
      expected,
    );
  });
}

void test("a gap's slots are all due at its end, in order of their names", () => {
  const slots = next({ schedule: ["*/20 2 * * *"] }, "2026-03-08", 4);
  assert.deepEqual(
    slots.map(({ name, dueMs, change }) => [name, utcText(dueMs), change]),
    [
      ["2026-03-08T02:00", "2026-03-08T07:00:00Z", "gap"],
      ["2026-03-08T02:20", "2026-03-08T07:00:00Z", "gap"],
      ["2026-03-08T02:40", "2026-03-08T07:00:00Z", "gap"],
      ["2026-03-09T02:00", "2026-03-09T06:00:00Z", undefined],
    ],
  );
});

void test("a gap over midnight and a day that never was still have their slots", () => {
  const nuuk = next({ schedule: ["30 23 * * *"], zone: "America/Nuuk" }, "2026-03-27", 3);
  assert.deepEqual(
    nuuk.map(({ name, dueMs }) => `${name} ${utcText(dueMs)}`),
    [
      "2026-03-27T23:30 2026-03-28T01:30:00Z",
      "2026-03-28T23:30 2026-03-29T01:00:00Z",
      "2026-03-29T23:30 2026-03-30T00:30:00Z",
    ],
  );
  const apia = next({ schedule: ["0 12 * * *"], zone: "Pacific/Apia" }, "2011-12-30T09:59:59Z", 2);
  assert.deepEqual(
    apia.map(({ name, dueMs }) => `${name} ${utcText(dueMs)}`),
    ["2011-12-30T12:00 2011-12-30T10:00:00Z", "2011-12-31T12:00 2011-12-30T22:00:00Z"],
  );
});

void test("what is left out can be asked for, with the reason", () => {
  const reasons = (text: Partial<ScheduleText>, from: string, count: number) =>
    [...take(slots(text, from, true), count)].map(({ name, excluded }) => [name, excluded]);
  assert.deepEqual(reasons({ schedule: ["0 9 * * *"], days: "session" }, "2026-04-03", 4), [
    ["2026-04-03T09:00", "XNYS closed: Good Friday"],
    ["2026-04-04T09:00", "a weekend"],
    ["2026-04-05T09:00", "a weekend"],
    ["2026-04-06T09:00", undefined],
  ]);
  assert.deepEqual(
    reasons({ schedule: ["0 9 * * 5"], days: "session", onHoliday: "shift" }, "2026-04-03", 2),
    [
      ["2026-04-03T09:00", "XNYS closed: Good Friday; moved to 2026-04-06"],
      ["2026-04-06T09:00", undefined],
    ],
  );
  assert.deepEqual(reasons({ schedule: ["0 9,10 * * *"], phase: "open" }, "2026-06-01", 2), [
    ["2026-06-01T09:00", "the market is not open"],
    ["2026-06-01T10:00", undefined],
  ]);
  assert.deepEqual(
    reasons(
      { every: "12h", between: { from: "01:00", to: "02:00" }, days: "session" },
      "2026-04-03",
      2,
    ),
    [
      ["2026-04-03T05:00Z", "XNYS closed: Good Friday"],
      ["2026-04-04T05:00Z", "a weekend"],
    ],
  );
});

void test("a slot that one time leaves out and another means is due", () => {
  const text = { schedule: ["@hourly", "close-6h"], days: "session", zone: "Asia/Tokyo" };
  const saturday = [...take(slots(text, "2024-01-05T14:59:59Z", true), 2)];
  assert.deepEqual(
    saturday.map(({ name, excluded }) => [name, excluded]),
    [
      ["2024-01-06T00:00", undefined],
      ["2024-01-06T01:00", "a weekend"],
    ],
  );
});

void test("a moved slot says from which day", () => {
  const [moved, own] = next(
    { schedule: ["0 17 * * 5"], days: "session", onHoliday: "shift" },
    "2026-04-01",
    2,
  );
  assert.equal(moved?.movedFrom, "2026-04-03");
  assert.equal(own?.movedFrom, undefined);
});

void test("a schedule that can never be due ends instead of searching on", () => {
  assert.deepEqual(next({ schedule: ["0 3 * * *"], phase: "open" }, "2026-01-01", 1), []);
  assert.deepEqual(next({ schedule: ["close+1h"], days: "non-session" }, "2026-01-01", 1), []);
  assert.equal(next({ schedule: ["0 0 29 2 *"] }, "2097-01-01", 1)[0]?.name, "2104-02-29T00:00");
});

void test("spans that hold nothing, or are none, give nothing", () => {
  const schedule = read({ schedule: ["* * * * *"] });
  const now = Date.parse("2026-01-01T00:00:00Z");
  for (const [after, through] of [
    [now, now],
    [now, now - 1],
    [Number.NaN, now],
    [now, Number.NaN],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ] as const) {
    assert.deepEqual([...slotsBetween(schedule, after, through)], []);
  }
  assert.equal([...slotsBetween(schedule, now - 1, now)].length, 1, "through is included");
  const [first] = slotsBetween(schedule, Number.NEGATIVE_INFINITY, now);
  assert.ok(first && first.name.startsWith("000"), "the first years that are answered for");
});

function next(text: Partial<ScheduleText>, from: string, count: number): Slot[] {
  return [...take(slots(text, from, false), count)];
}

function* take<T>(values: Iterable<T>, count: number): Generator<T, void, undefined> {
  let left = count;
  for (const value of values) {
    if (left-- <= 0) return;
    yield value;
  }
}

/** From the midnight of a day in New York, itself included, or after an instant; for forty years. */
function slots(text: Partial<ScheduleText>, from: string, withExcluded: boolean) {
  const isInstant = from.includes("T");
  const fromMs = Date.parse(isInstant ? from : `${from}T04:59:59Z`);
  const afterMs = isInstant && !from.endsWith("Z") ? Date.parse(`${from}Z`) : fromMs;
  return slotsBetween(read(text), afterMs, afterMs + 40 * 365.25 * 86_400_000, { withExcluded });
}

function read(text: Partial<ScheduleText>) {
  const result = parseSchedule({ ...NEW_YORK, ...text });
  assert.ok(result.ok, result.ok ? "" : result.problems.map(({ message }) => message).join());
  return result.schedule;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { calendarNamed } from "../../src/schedule/calendar/named.ts";
import { addDays, weekday } from "../../src/schedule/day.ts";
import { DAY_RULES, HOLIDAY_RULES } from "../../src/schedule/days.ts";
import { parseSchedule, PHASES, type ScheduleText } from "../../src/schedule/schedule.ts";
import { nextSlots, slotsBetween } from "../../src/schedule/slots.ts";

const calendar = calendarNamed("XNYS");

const timing = fc.oneof(
  fc.constantFrom("0 9 * * *", "*/20 1-3 * * *", "30 2 1,15 * 5", "15 23 * * 1-5", "@hourly"),
  fc.constantFrom("every 7m", "every 1h", "every 36h"),
  fc.constantFrom("open-15m", "close+30m", "open", "close-6h", "close+12h"),
);
const scheduleTexts: fc.Arbitrary<ScheduleText> = fc
  .record(
    {
      schedule: fc.array(timing, { minLength: 1, maxLength: 3 }),
      zone: fc.constantFrom(
        "America/New_York",
        "Asia/Tokyo",
        "Australia/Lord_Howe",
        "America/Nuuk",
      ),
      days: fc.constantFrom(...DAY_RULES),
      calendar: fc.constant(calendar),
    },
    { requiredKeys: ["schedule", "zone", "days", "calendar"] },
  )
  .chain((text) =>
    fc
      .record(
        {
          onHoliday: fc.constantFrom(...HOLIDAY_RULES),
          phase: fc.constantFrom(...PHASES),
          between: fc.constantFrom(
            { from: "open-1h", to: "close+1h" },
            { from: "22:00", to: "03:00" },
            { from: "00:00", to: "23:59" },
          ),
        },
        { requiredKeys: [] },
      )
      .map((rest) => ({ ...text, ...rest })),
  );
const instants = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 0, 1) });
const hours = fc.integer({ min: 1, max: 24 * 20 });

void test("a span cut in two has the same slots, in order and each name once", () => {
  fc.assert(
    fc.property(
      scheduleTexts,
      instants,
      hours,
      hours,
      fc.boolean(),
      (text, from, one, two, all) => {
        const schedule = read(text);
        const [middle, end] = [from + one * 3_600_000, from + (one + two) * 3_600_000];
        const options = { withExcluded: all };
        const whole = [...slotsBetween(schedule, from, end, options)];
        const cut = [
          ...slotsBetween(schedule, from, middle, options),
          ...slotsBetween(schedule, middle, end, options),
        ];
        assert.deepEqual(cut, whole);
        assert.equal(new Set(whole.map(({ name }) => name)).size, whole.length);
        for (const [index, slot] of whole.entries()) {
          const before = whole[index - 1];
          assert.ok(slot.dueMs > from && slot.dueMs <= end);
          assert.ok(!before || before.dueMs <= slot.dueMs);
        }
      },
    ),
    { numRuns: 200 },
  );
});

void test("asking for what is left out changes nothing about what is not", () => {
  fc.assert(
    fc.property(scheduleTexts, instants, hours, (text, from, length) => {
      const schedule = read(text);
      const end = from + length * 3_600_000;
      const kept = [...slotsBetween(schedule, from, end)];
      const all = [...slotsBetween(schedule, from, end, { withExcluded: true })];
      assert.deepEqual(
        all.filter(({ excluded }) => excluded === undefined),
        kept,
      );
      assert.deepEqual(nextSlots(schedule, from, kept.length), kept);
    }),
    { numRuns: 150 },
  );
});

void test("a daily slot has every date of thirty years once, in zones with the oddest clocks", () => {
  const zones = [
    "America/New_York",
    "Africa/Cairo",
    "America/Nuuk",
    "Australia/Lord_Howe",
    "Pacific/Apia",
  ];
  for (const zone of zones) {
    for (const cron of ["30 2 * * *", "0 0 * * *", "30 23 * * *", "45 1 * * *"]) {
      const schedule = read({ schedule: [cron], zone });
      const [after, through] = [Date.UTC(2000, 0, 1), Date.UTC(2030, 0, 1)];
      let previous: string | undefined;
      for (const { day } of slotsBetween(schedule, after, through)) {
        if (previous !== undefined) assert.equal(day, addDays(previous, 1), `${zone} ${cron}`);
        previous = day;
      }
      assert.ok(previous && previous >= "2029-12-30");
    }
  }
});

void test("a day of the week is the day of the name", () => {
  const schedule = read({ schedule: ["0 23 * * sun"], zone: "Pacific/Apia" });
  for (const { day } of nextSlots(schedule, Date.UTC(2011, 11, 1), 20)) {
    assert.equal(weekday(day), 0);
  }
});

function read(text: ScheduleText) {
  const result = parseSchedule({ calendar, ...text });
  assert.ok(result.ok, result.ok ? "" : result.problems.map(({ message }) => message).join());
  return result.schedule;
}

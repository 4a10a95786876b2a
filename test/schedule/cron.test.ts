import assert from "node:assert/strict";
import { test } from "node:test";
import { CronExpressionParser } from "cron-parser";
import { Cron as Croner } from "croner";
import * as fc from "fast-check";
import { cronMatchesDay, parseCron, type Cron } from "../../src/schedule/cron.ts";
import { pointAt } from "../../src/schedule/problem.ts";
import { parseSchedule } from "../../src/schedule/schedule.ts";
import { nextSlots } from "../../src/schedule/slots.ts";

void test("fields take values, ranges, lists, steps and names", () => {
  const cron = read("0,30 9-11,13-17/2 1-7 jan,MAR-May mon-Fri");
  assert.deepEqual(
    cron.minutesOfDay,
    [9, 10, 11, 13, 15, 17].flatMap((hour) => [hour * 60, hour * 60 + 30]),
  );
  assert.deepEqual(set(cron.daysOfMonth), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(set(cron.months), [1, 3, 4, 5]);
  assert.deepEqual(set(cron.weekdays), [1, 2, 3, 4, 5]);
});

void test("a step after one value runs to the end of the field", () => {
  assert.deepEqual(read("5/20 0 * * *").minutesOfDay, [5, 25, 45]);
  assert.deepEqual(set(read("0 0 * * 2/2").weekdays), [2, 4, 6]);
});

void test("Sunday is 0 and 7, also as the end of a range", () => {
  for (const text of ["0", "7", "sun", "0,7", "7-7"]) {
    assert.deepEqual(set(read(`0 0 * * ${text}`).weekdays), [0], text);
  }
  for (const text of ["fri-sun", "5-7", "5-0", "FRI-7"]) {
    assert.deepEqual(set(read(`0 0 * * ${text}`).weekdays), [0, 5, 6], text);
  }
  assert.deepEqual(set(read("0 0 * * */2").weekdays), [0, 2, 4, 6]);
});

void test("nicknames stand for their five fields", () => {
  const pairs = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@Midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
  };
  for (const [nickname, fields] of Object.entries(pairs)) {
    assert.deepEqual({ ...read(nickname), text: "" }, { ...read(fields), text: "" }, nickname);
  }
});

void test("two restricted day fields mean either, and a star in one means both", () => {
  const fridayThe13th = read("0 0 13 * 5");
  assert.equal(matches(fridayThe13th, 13, 2), true);
  assert.equal(matches(fridayThe13th, 6, 5), true);
  assert.equal(matches(fridayThe13th, 6, 2), false);
  const everyTenthAndFriday = read("0 0 */10 * 5");
  assert.equal(matches(everyTenthAndFriday, 11, 5), true);
  assert.equal(matches(everyTenthAndFriday, 11, 4), false);
  assert.equal(matches(everyTenthAndFriday, 12, 5), false);
});

/** Text, then field, position, what was found and the nearest name. */
const REFUSED: [
  text: string,
  field: string | undefined,
  position: number,
  found: string,
  nearest?: string,
][] = [
  ["60 0 * * *", "minute", 1, "60"],
  ["0 24 * * *", "hour", 3, "24"],
  ["0 0 0 * *", "day of month", 5, "0"],
  ["0 0 1,32 * *", "day of month", 7, "32"],
  ["0 0 * 13 *", "month", 7, "13"],
  ["0 0 * sept *", "month", 7, "sept", "sep"],
  ["0 0 * Jna *", "month", 7, "Jna", "jan"],
  ["0 0 * * 8", "day of week", 9, "8"],
  ["0 0 * * monday", "day of week", 9, "monday", "mon"],
  ["0 0 * * mon-fry", "day of week", 13, "fry", "fri"],
  ["  5   9  *  *  mon,thx", "day of week", 20, "thx", "thu"],
  ["0 0 * * FRI-MON", "day of week", 9, "FRI-MON"],
  ["30-10 0 * * *", "minute", 1, "30-10"],
  ["*/0 0 * * *", "minute", 3, "0"],
  ["*/61 0 * * *", "minute", 3, "61"],
  ["*/5/2 0 * * *", "minute", 1, "*/5/2"],
  ["1--2 0 * * *", "minute", 1, "1--2"],
  ["-5 0 * * *", "minute", 1, "-5"],
  ["1, 0 * * *", "minute", 3, ""],
  ["1.5 0 * * *", "minute", 1, "1.5"],
  ["0 0 L * *", "day of month", 5, "L"],
  ["0 0 ? * *", "day of month", 5, "?"],
  ["0 0 30 2 *", "day of month", 5, "30"],
  ["0 0 31 4,6,9,11 *", "day of month", 5, "31"],
  ["0 9 * *", "day of week", 8, ""],
  ["", "minute", 1, ""],
  ["0 0 0 * * *", "day of month", 5, "0"],
  ["0 0 1 * * *", undefined, 11, "*"],
  ["@dayly", undefined, 1, "@dayly", "@daily"],
  ["@reboot", undefined, 1, "@reboot"],
  [" @every 5m", undefined, 2, "@every 5m"],
];

for (const [text, field, position, found, nearest] of REFUSED) {
  void test(`'${text}' is refused at position ${position}`, () => {
    const result = parseCron(text);
    assert.equal(result.ok, false);
    if (result.ok) return;
    const { problem } = result;
    assert.deepEqual(
      [problem.field, problem.position, problem.found, problem.nearest],
      [field, position, found, nearest],
    );
    assert.ok(problem.expected.length > 0 && problem.message.includes(problem.expected));
  });
}

void test("a day that only the weekday can bring is no error", () => {
  assert.equal(parseCron("0 0 31 2 1").ok, true);
  assert.equal(parseCron("0 0 29 2 *").ok, true);
});

void test("a problem can be shown under the text", () => {
  const text = "0 0 * * monday";
  const result = parseCron(text);
  assert.ok(!result.ok);
  assert.equal(pointAt(text, result.problem), "0 0 * * monday\n        ^^^^^^");
});

void test("no text of any kind makes the parser throw", () => {
  const piece = fc.constantFrom("*", "/", "-", ",", " ", "0", "7", "59", "mon", "@daily", "L", "é");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((list) => list.join("")),
      ),
      (text) => {
        const result = parseCron(text);
        if (!result.ok) assert.ok(result.problem.position >= 1);
      },
    ),
    { numRuns: 2000 },
  );
});

void test("random cron texts name the same days and times as in two other libraries", () => {
  const texts = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7));
  const instants = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2035, 0, 1) });
  fc.assert(
    fc.property(texts, instants, (fields, afterMs) => {
      const text = fields.join(" ");
      // Star steps in a day field join by `and` in crontab(5) and by `or` in both libraries.
      const [, , dayOfMonth, , weekday] = fields;
      fc.pre(!dayOfMonth.startsWith("*/") && !weekday.startsWith("*/"));
      const result = parseSchedule({ schedule: [text], zone: "UTC" });
      assert.ok(result.ok, text);
      const ours = nextSlots(result.schedule, afterMs, 5).map(({ dueMs }) => dueMs);
      const after = new Date(afterMs);
      const croner = new Croner(text, { timezone: "UTC" }).nextRuns(5, after);
      assert.deepEqual(
        ours,
        croner.map((date) => date.getTime()),
        `${text} in croner`,
      );
      const parser = parserOf(text, after);
      if (!parser) return;
      const parsed = ours.map(() => parser.next().getTime());
      assert.deepEqual(ours, parsed, `${text} in cron-parser`);
    }),
    { numRuns: 300 },
  );
});

/** Undefined for a list that names a value twice, which cron takes and this library refuses. */
function parserOf(
  text: string,
  after: Date,
): ReturnType<typeof CronExpressionParser.parse> | undefined {
  try {
    return CronExpressionParser.parse(text, { tz: "UTC", currentDate: after });
  } catch (error) {
    assert.match(String(error), /duplicate values/, text);
    return undefined;
  }
}

/** Any field text whose values lie between the two. */
function field(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const range = fc
    .tuple(value, value)
    .map(([left, right]) => `${Math.min(left, right)}-${Math.max(left, right)}`);
  const step = fc.integer({ min: 1, max: Math.min(max, 20) });
  const item = fc.oneof(
    value.map(String),
    range,
    fc.tuple(range, step).map((parts) => parts.join("/")),
  );
  return fc.oneof(
    fc.constant("*"),
    step.map((size) => `*/${size}`),
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(",")),
  );
}

function read(text: string): Cron {
  const result = parseCron(text);
  assert.ok(result.ok, text);
  return result.value;
}

function set(flags: readonly boolean[]): number[] {
  return [...flags.keys()].filter((index) => flags[index]);
}

function matches(cron: Cron, dayOfMonth: number, weekday: number): boolean {
  return cronMatchesDay(cron, { month: 3, dayOfMonth, weekday });
}

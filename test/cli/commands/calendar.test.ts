import assert from "node:assert/strict";
import { test } from "node:test";
import { command } from "../../../src/cli/commands/calendar.ts";
import type { CommandContext } from "../../../src/cli/command.ts";
import { Failure } from "../../../src/system/failure.ts";

void test("the JSON of a year has exactly the public shape", async () => {
  const { answer, remarks } = await run(["XNYS"], { year: 2026, json: true });
  const parsed: unknown = JSON.parse(answer);
  assert.deepEqual(parsed, {
    calendar: "XNYS",
    year: 2026,
    announced_through: "2028-12-31",
    closures: [
      { date: "2026-01-01", name: "New Year's Day" },
      { date: "2026-01-19", name: "Martin Luther King, Jr. Day" },
      { date: "2026-02-16", name: "Washington's Birthday" },
      { date: "2026-04-03", name: "Good Friday" },
      { date: "2026-05-25", name: "Memorial Day" },
      { date: "2026-06-19", name: "Juneteenth National Independence Day" },
      { date: "2026-07-03", name: "Independence Day" },
      { date: "2026-09-07", name: "Labor Day" },
      { date: "2026-11-26", name: "Thanksgiving Day" },
      { date: "2026-12-25", name: "Christmas Day" },
    ],
    early_closes: [
      { date: "2026-11-27", close: "13:00", name: "Day after Thanksgiving" },
      { date: "2026-12-24", close: "13:00", name: "Christmas Eve" },
    ],
  });
  assert.deepEqual(remarks, []);
});

void test("without a year it shows the exchange's own, not the machine's or UTC's", async () => {
  const { answer } = await run([undefined], { json: true }, "2027-01-01T03:00:00Z");
  assert.match(answer, /"year": 2026/);
});

void test("the table counts the sessions and names each day", async () => {
  const { answer } = await run(["xnys"], { year: 2026 });
  assert.match(answer, /^XNYS 2026: 251 sessions, 09:30 to 16:00 America\/New_York\n/);
  assert.match(answer, /\n {2}Fri 2026-04-03 {2}closed {2}Good Friday\n/);
  assert.match(answer, /\n {2}Fri 2026-11-27 {2}13:00 {3}Day after Thanksgiving\n/);
});

void test("a year past what is announced, or before the record, is shown with a remark", async () => {
  const later = await run(["XNYS"], { year: 2029, json: true });
  assert.match(later.remarks.join(), /announced through 2028-12-31/);
  const earlier = await run(["XNYS"], { year: 1987, json: true });
  assert.match(earlier.remarks.join(), /on record from 1990-01-01/);
});

void test("an unknown calendar is a usage error that names the nearest", async () => {
  await assert.rejects(run(["XNYZ"], {}), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exit, 64);
    assert.match(error.remedy ?? "", /Did you mean: XNYS/);
    return true;
  });
});

void test("a year that is none is a usage error", () => {
  const parse = command.options?.find(({ flags }) => flags.startsWith("--year"))?.parse;
  assert.equal(parse?.("2026"), 2026);
  for (const text of ["26", "2026.5", "next", "0000", "9999", ""]) {
    assert.throws(() => parse?.(text), Failure, text);
  }
});

async function run(
  words: (string | undefined)[],
  options: Record<string, unknown>,
  now = "2026-11-20T12:00:00Z",
): Promise<{ answer: string; remarks: string[] }> {
  const written: string[] = [];
  const remarks: string[] = [];
  const context: CommandContext = {
    clock: { now: () => Date.parse(now), monotonic: () => 0, sleep: () => Promise.resolve() },
    environment: {},
    workingDirectory: "/",
    write: (text) => void written.push(text),
    remark: (line) => void remarks.push(line),
    isTerminal: false,
    signal: new AbortController().signal,
  };
  assert.equal(await command.run(context, { arguments: words, options }), 0);
  return { answer: written.join(""), remarks };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { command } from "../../../src/cli/commands/next.ts";
import type { CommandContext } from "../../../src/cli/command.ts";
import { Failure } from "../../../src/system/failure.ts";

const NEW_YORK = { zone: "America/New_York", json: true };

void test("a slot in a gap has exactly the public shape", async () => {
  const { answer } = await run({
    ...NEW_YORK,
    cron: "30 2 * * *",
    from: "2026-03-07T12:00:00Z",
    count: 2,
  });
  assert.deepEqual(JSON.parse(answer), [
    {
      slot: "2026-03-08T02:30",
      due: "2026-03-08T07:00:00Z",
      local: "2026-03-08T03:00:00-04:00",
      note: "gap",
    },
    {
      slot: "2026-03-09T02:30",
      due: "2026-03-09T06:30:00Z",
      local: "2026-03-09T02:30:00-04:00",
      note: null,
    },
  ]);
});

void test("a slot in an overlap is due at the first pass, and says so", async () => {
  const { answer } = await run({
    ...NEW_YORK,
    cron: "30 1 * * *",
    from: "2026-11-01",
    count: 1,
  });
  assert.deepEqual(JSON.parse(answer), [
    {
      slot: "2026-11-01T01:30",
      due: "2026-11-01T05:30:00Z",
      local: "2026-11-01T01:30:00-04:00",
      note: "overlap",
    },
  ]);
});

void test("a calendar leaves out the days without a session", async () => {
  const { answer } = await run({
    ...NEW_YORK,
    cron: "30 16 * * *",
    calendar: "XNYS",
    from: "2026-11-25",
    count: 3,
  });
  assert.deepEqual(slotsIn(answer), ["2026-11-25T16:30", "2026-11-27T16:30", "2026-11-30T16:30"]);
});

void test("without --from the clock says when to begin, and the instant itself is past", async () => {
  const { answer } = await run(
    { zone: "Asia/Tokyo", cron: "0 9 * * *", json: true, count: 1 },
    "2026-11-20T00:00:00Z",
  );
  assert.deepEqual(slotsIn(answer), ["2026-11-21T09:00"]);
});

void test("a day as --from includes its midnight in the zone, an instant does not include itself", async () => {
  const midnight = { ...NEW_YORK, cron: "@daily", count: 1 };
  const byDay = await run({ ...midnight, from: "2026-06-01" });
  const byInstant = await run({ ...midnight, from: "2026-06-01T04:00:00Z" });
  const byClock = await run({ ...midnight, from: "2026-06-01T00:00" });
  assert.deepEqual(slotsIn(byDay.answer), ["2026-06-01T00:00"]);
  assert.deepEqual(slotsIn(byInstant.answer), ["2026-06-02T00:00"]);
  assert.deepEqual(slotsIn(byClock.answer), ["2026-06-02T00:00"]);
});

void test("slots past the announced calendar carry a remark, and the JSON stays clean", async () => {
  const { answer, remarks } = await run({
    ...NEW_YORK,
    cron: "0 9 * * *",
    calendar: "XNYS",
    from: "2028-12-29",
    count: 2,
  });
  assert.deepEqual(slotsIn(answer), ["2028-12-29T09:00", "2029-01-02T09:00"]);
  assert.match(remarks.join(), /announced through 2028-12-31/);
});

void test("the table is readable, and ten rows long unless told otherwise", async () => {
  const { answer } = await run({ zone: "UTC", cron: "0 0 * * *", from: "2026-01-01" });
  const lines = answer.trimEnd().split("\n");
  assert.equal(lines.length, 11);
  assert.equal(lines[1], "2026-01-01T00:00  2026-01-01T00:00:00+00:00  2026-01-01T00:00:00Z");
});

void test("what cannot be understood is a usage error that points at it", async () => {
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ zone: "UTC" }, /--cron is needed/],
    [{ cron: "0 0 * * *" }, /--zone is needed/],
    [{ cron: "0 0 * * *", zone: "America/New_Yrok" }, /did you mean 'America\/New_York'/],
    [{ cron: "0 25 * * *", zone: "UTC" }, /hour, position 3: expected 0 to 23/],
    [{ cron: "0 0 * * *", zone: "UTC", from: "2026-02-30" }, /'2026-02-30' came/],
  ];
  for (const [options, message] of bad) {
    await assert.rejects(run(options), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.exit, 64);
      assert.match(error.message, message);
      return true;
    });
  }
});

function slotsIn(answer: string): string[] {
  const rows = JSON.parse(answer) as { slot: string }[];
  return rows.map(({ slot }) => slot);
}

async function run(
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
  assert.equal(await command.run(context, { arguments: [], options }), 0);
  return { answer: written.join(""), remarks };
}

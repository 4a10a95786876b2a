import assert from "node:assert/strict";
import { test } from "node:test";
import { HomeJobs, type ScheduledJob } from "../../../src/jobs/schedules.ts";
import { endTimeOf } from "../../../src/jobs/service/end-time.ts";
import { nextSlots } from "../../../src/schedule/slots.ts";
import { homePaths } from "../../../src/system/home.ts";
import { parse, SMALL } from "../../config/support.ts";

function serviceOf(keys: string): ScheduledJob {
  const text = `${SMALL}zone: America/New_York\njobs: { loop: { kind: service, argv: [x], ${keys} } }\n`;
  const home = {
    ...parse(text),
    configHash: "",
    paths: homePaths("/home"),
    text,
  };
  const job = new HomeJobs(home).find("loop");
  if (!job) throw new Error("no job");
  return job;
}

/** The end of the first slot after an instant, or of a person's run then. */
function endAfter(keys: string, from: string, start?: string): string {
  const job = serviceOf(keys);
  const { settings } = job;
  if (settings.kind !== "service") throw new Error("no service");
  const fromMs = Date.parse(from);
  const slot =
    start === undefined ? job.schedule && nextSlots(job.schedule, fromMs, 1)[0] : undefined;
  const startMs = start === undefined ? (slot?.dueMs ?? fromMs) : Date.parse(start);
  const end = endTimeOf({ ...job, settings }, { slot, startMs });
  if (end.kind === "none") return `none: ${end.reason}`;
  if (end.atMs === Infinity) return "never";
  return `${new Date(end.atMs).toISOString()}${end.isNextSlot ? " next slot" : ""}`;
}

const EXECUTE = "schedule: ['40 8 * * *'], days: session, until: close+5m";

void test("a service ends by its session, early closes and both clock changes included", () => {
  const table: [string, string, string][] = [
    [EXECUTE, "2026-11-20T05:00:00Z", "2026-11-20T21:05:00.000Z"],
    // The day after Thanksgiving closes at 13:00.
    [EXECUTE, "2026-11-27T05:00:00Z", "2026-11-27T18:05:00.000Z"],
    // The Friday before and the Monday after the clocks go back.
    [EXECUTE, "2026-10-30T05:00:00Z", "2026-10-30T20:05:00.000Z"],
    [EXECUTE, "2026-11-02T06:00:00Z", "2026-11-02T21:05:00.000Z"],
    [
      "schedule: ['40 8 * * *'], until: '16:30'",
      "2026-11-20T05:00:00Z",
      "2026-11-20T21:30:00.000Z",
    ],
    // A futures session that goes on overnight.
    [
      "schedule: ['0 18 * * *'], until: '17:00'",
      "2026-11-20T05:00:00Z",
      "2026-11-21T22:00:00.000Z",
    ],
    // A time that the clocks jump over is the end of the gap.
    ["schedule: ['0 1 * * *'], until: '02:30'", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00.000Z"],
  ];
  for (const [keys, from, expected] of table) assert.equal(endAfter(keys, from), expected, keys);
});

void test("its next slot ends a service that nothing else ends before", () => {
  const table: [string, string][] = [
    ["schedule: ['40 8 * * 1-5']", "2026-11-23T13:40:00.000Z next slot"],
    ["schedule: ['40 8 * * *'], until: '07:00'", "2026-11-21T12:00:00.000Z"],
    ["schedule: ['40 8 * * *', '0 12 * * *'], until: close", "2026-11-20T17:00:00.000Z next slot"],
  ];
  for (const [keys, expected] of table) {
    assert.equal(endAfter(keys, "2026-11-20T13:00:00Z"), expected, keys);
  }
});

void test("a person's run ends as one of its day would, and does not begin where that is over", () => {
  const table: [string, string, string][] = [
    ["until: never", "2026-11-20T15:00:00Z", "never"],
    ["until: '16:30'", "2026-11-20T15:00:00Z", "2026-11-20T21:30:00.000Z"],
    ["until: '16:30'", "2026-11-20T22:00:00Z", "2026-11-21T21:30:00.000Z"],
    ["until: close", "2026-11-20T15:00:00Z", "2026-11-20T21:00:00.000Z"],
    [
      "until: close",
      "2026-11-20T22:00:00Z",
      "none: its end had passed: close, which was 2026-11-20T21:00:00Z",
    ],
    [
      "until: close",
      "2026-11-21T15:00:00Z",
      "none: XNYS has no session on 2026-11-21, and it ends at close",
    ],
    [EXECUTE, "2026-11-20T12:00:00Z", "2026-11-20T13:40:00.000Z next slot"],
  ];
  for (const [keys, start, expected] of table) {
    assert.equal(endAfter(keys, start, start), expected, `${keys} ${start}`);
  }
});

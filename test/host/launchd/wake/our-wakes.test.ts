import assert from "node:assert/strict";
import { test } from "node:test";
import { endsOfRuns } from "../../../../src/host/launchd/pmset/ends-run.ts";
import type { PowerSchedule } from "../../../../src/host/launchd/pmset/sched-text.ts";
import { upcomingEvents } from "../../../../src/host/launchd/pmset/upcoming.ts";
import {
  cancelCommand,
  ourWakes,
  theirsGone,
} from "../../../../src/host/launchd/wake/our-wakes.ts";
import { knownZone } from "../../hosted-home.ts";

const ours = {
  index: 0,
  type: "wakepoweron",
  wall: "2026-11-22T06:00:00",
  owner: "com.cbi.wake",
} as const;
const alarm = { index: 1, type: "wake", wall: "2026-11-22T07:00:00", owner: "x" } as const;
const off = { type: "shutdown", minuteOfDay: 1, days: 127 } as const;
const schedule: PowerSchedule = { on: undefined, off, events: [ours, alarm] };

void test("ours are cancelled by type, date and owner, and by nothing that could hit others", () => {
  assert.deepEqual(ourWakes(schedule), [ours]);
  assert.deepEqual(cancelCommand(ours), [
    "/usr/bin/pmset",
    "schedule",
    "cancel",
    "wakeorpoweron",
    "11/22/26 06:00:00",
    "com.cbi.wake",
  ]);
});

void test("what others lost is seen, and what has come in between is not", () => {
  const now = "2026-11-21T12:00:00";
  const later: PowerSchedule = { ...schedule, events: [{ ...alarm, index: 0 }] };
  assert.deepEqual(theirsGone(schedule, later, now), []);
  const lost: PowerSchedule = { on: off, off: undefined, events: [] };
  assert.deepEqual(theirsGone(schedule, lost, now), [
    "repeating shutdown",
    "wake 2026-11-22T07:00:00 x",
  ]);
  assert.deepEqual(theirsGone(schedule, { ...later, events: [] }, "2026-11-22T07:00:00"), []);
  const other: PowerSchedule = { ...later, off: { ...off, days: 1 } };
  assert.deepEqual(theirsGone(schedule, other, now), ["repeating shutdown"]);
});

void test("what turns the Mac off within hours of a start is told once a type, and what wakes never", () => {
  const dueMs = Date.parse("2026-11-22T05:00:00Z");
  const zone = knownZone("Europe/Berlin");
  const upcoming = (minuteOfDay: number) =>
    upcomingEvents(
      { ...schedule, off: { ...off, minuteOfDay } },
      zone,
      dueMs - 86_400_000,
      dueMs + 3 * 86_400_000,
    );
  const wakes = [0, 1, 2].map((day) => ({ job: "nightly", atMs: dueMs + day * 86_400_000 }));
  // The start is at six in the morning there.
  const found = endsOfRuns(upcoming(6 * 60 + 30), wakes);
  assert.deepEqual(found, [
    "pmset has a shutdown at 2026-11-22T05:30:00Z, when nightly may be at work: see pmset -g sched",
  ]);
  assert.deepEqual(endsOfRuns(upcoming(11 * 60), wakes), []);
  assert.deepEqual(endsOfRuns(upcoming(5 * 60 + 59), wakes), []);
});

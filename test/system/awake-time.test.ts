import assert from "node:assert/strict";
import { test } from "node:test";
import { AwakeTime } from "../../src/system/awake-time.ts";
import { ManualClock } from "../rig/manual-clock.ts";

/** A clock whose waits last so much longer than was asked for. */
class LateClock extends ManualClock {
  lateMs = 0;

  override async sleep(ms: number): Promise<void> {
    this.advance(ms + this.lateMs);
    await Promise.resolve();
  }
}

const never = new AbortController().signal;

void test("a wait counts as it passed, on a loaded machine too", async () => {
  const clock = new LateClock("2026-11-20T00:00:00Z");
  const awake = new AwakeTime(clock);
  assert.equal(await awake.wait(30_000, never), 30_000);
  clock.lateMs = 5_000;
  assert.equal(await awake.wait(30_000, never), 35_000);
  assert.equal(awake.totalMs, 65_000);
});

void test("of a wait that the machine slept through hardly anything counts", async () => {
  const clock = new LateClock("2026-11-20T00:00:00Z");
  const awake = new AwakeTime(clock);
  clock.lateMs = 8 * 3_600_000;
  assert.equal(await awake.wait(30_000, never), 1_000);
  assert.equal(await awake.wait(25, never), 25);
  assert.equal(awake.totalMs, 1_025);
});

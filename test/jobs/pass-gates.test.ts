import assert from "node:assert/strict";
import { test } from "node:test";
import { RoadUnderTest } from "./road-under-test.ts";

const HOUR = 3_600_000;
const NOON = "2026-11-20T17:00:00Z";

void test("a gate that holds is asked every minute until its wait is over", async () => {
  const gates = "gates: [{ fresh: a.csv, wait: 3m }]";
  using rig = new RoadUnderTest(
    `{ scan: { kind: command, argv: [x], schedule: ['30 8 * * *'], ${gates} } }`,
    NOON,
  );
  await rig.scheduled("scan");
  rig.clock.advance(20.5 * HOUR);
  rig.gates = [hold("old"), hold("old")];
  const passed = await rig.scheduled("scan");
  assert.equal(passed.slots[0]?.verdict, "done");
  assert.deepEqual(rig.clock.slept, [60_000, 60_000]);
  rig.clock.advance(24 * HOUR);
  rig.gates = [hold("1"), hold("2"), hold("3"), hold("a.csv is of yesterday")];
  const held = await rig.scheduled("scan");
  assert.equal(held.exitCode, 77);
  assert.deepEqual(held.slots[0]?.reason, "gate fresh: a.csv is of yesterday");
});

void test("a gate that passed before another was waited for is asked again", async () => {
  const gates = "gates: [{ ac_power: true }, { fresh: a.csv, wait: 3m }]";
  using rig = new RoadUnderTest(
    `{ scan: { kind: command, argv: [x], schedule: ['30 8 * * *'], ${gates} } }`,
    NOON,
  );
  await rig.scheduled("scan");
  rig.clock.advance(20.5 * HOUR);
  const pass = { outcome: "pass", evidence: "well" } as const;
  rig.gates = [pass, hold("old"), pass, hold("on battery")];
  const held = await rig.scheduled("scan");
  assert.deepEqual(held.slots[0]?.reason, "gate ac_power: on battery");
  assert.equal(rig.ran.length, 0);
});

void test("a gate's error holds, and passes only where that is written", async () => {
  for (const [text, verdict] of [
    ["{ ac_power: true }", "skipped"],
    ["{ ac_power: true, on_error: pass }", "done"],
  ] as const) {
    using rig = new RoadUnderTest(
      `{ scan: { kind: command, argv: [x], every: 1d, gates: [${text}] } }`,
      NOON,
    );
    await rig.scheduled("scan");
    rig.clock.advance(24 * HOUR);
    rig.gates = [{ outcome: "error", evidence: "pmset is gone" }];
    assert.equal((await rig.scheduled("scan")).slots[0]?.verdict, verdict);
  }
});

function hold(evidence: string): { outcome: "hold"; evidence: string } {
  return { outcome: "hold", evidence };
}

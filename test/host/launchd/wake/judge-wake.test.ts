import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { PowerMoment } from "../../../../src/host/launchd/pmset/log-text.ts";
import {
  isWakeWell,
  judgeWake,
  WAKE_STATES,
  type WakeFacts,
  type WakeState,
} from "../../../../src/host/launchd/wake/judge-wake.ts";

const DUE = Date.parse("2026-11-20T05:00:00Z");
const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function at(
  offsetMs: number,
  kind: PowerMoment["kind"],
  rest: Partial<PowerMoment> = {},
): PowerMoment {
  return { atMs: DUE + offsetMs, kind, reason: undefined, source: undefined, ...rest };
}

const idle = at(-6 * HOUR, "sleep", { reason: "Idle Sleep", source: "ac" });
const lid = at(-6 * HOUR, "sleep", { reason: "Clamshell Sleep", source: "battery" });
const morning = at(4 * HOUR, "wake");
/** A Mac that has been on for a week, and whose cbi ran all that time. */
const well: WakeFacts = {
  job: "nightly",
  dueMs: DUE,
  moments: [idle, at(2 * SECOND, "wake"), at(2 * HOUR, "sleep"), morning],
  bootMs: DUE - 7 * 24 * HOUR,
  firstRunMs: DUE - 7 * 24 * HOUR + MINUTE,
  isFileVaultOn: true,
  handledMs: DUE + 5 * SECOND,
};
const unhandled = { handledMs: undefined };

const CASES: [string, Partial<WakeFacts>, WakeState][] = [
  ["a Mac that woke at the second", {}, "woke"],
  ["one that was just awake before", { moments: [idle, at(-20 * SECOND, "wake")] }, "woke"],
  ["one that somebody was working at", { moments: [idle, at(-HOUR, "wake")] }, "awake"],
  [
    "a dark wake that became a whole one",
    { moments: [idle, at(SECOND, "dark"), at(3 * SECOND, "wake")] },
    "woke",
  ],
  [
    "a dark wake and no more",
    { moments: [lid, at(SECOND, "dark"), at(MINUTE, "sleep"), morning], ...unhandled },
    "dark",
  ],
  [
    "a dark wake in which the job began, and froze",
    { moments: [lid, at(SECOND, "dark"), morning] },
    "dark",
  ],
  ["a lid that was shut, on battery", { moments: [lid, morning], ...unhandled }, "lid"],
  [
    "a lid that was shut, on mains",
    { moments: [{ ...lid, source: "ac" }, morning], ...unhandled },
    "asleep",
  ],
  ["a Mac that slept on", { moments: [idle, morning], ...unhandled }, "asleep"],
  [
    "one that woke twenty minutes late",
    { moments: [idle, at(20 * MINUTE, "wake")], ...unhandled },
    "late",
  ],
  [
    "a battery that ran out",
    {
      moments: [at(-3 * HOUR, "sleep", { reason: "Low Power Sleep", source: "battery" }), morning],
      ...unhandled,
    },
    "drained",
  ],
  [
    "a Mac that was shut down in the evening and started in the morning",
    {
      moments: [at(-9 * HOUR, "wake"), at(4 * HOUR, "start")],
      bootMs: DUE + 4 * HOUR,
      firstRunMs: DUE + 4 * HOUR + MINUTE,
      ...unhandled,
    },
    "off",
  ],
  [
    "one that started, at the due minute, into FileVault",
    {
      moments: [at(-9 * HOUR, "wake"), at(MINUTE, "start")],
      bootMs: DUE + MINUTE,
      firstRunMs: DUE + 3 * HOUR,
      ...unhandled,
    },
    "locked",
  ],
  [
    "one that an update restarted in the evening, with FileVault",
    {
      moments: [at(-2 * HOUR, "start")],
      bootMs: DUE - 2 * HOUR,
      firstRunMs: DUE + 3 * HOUR,
      ...unhandled,
    },
    "locked",
  ],
  [
    "the same without FileVault: then launchd would have started it",
    {
      moments: [at(-2 * HOUR, "start")],
      bootMs: DUE - 2 * HOUR,
      firstRunMs: DUE - 2 * HOUR,
      isFileVaultOn: false,
      ...unhandled,
    },
    "disallowed",
  ],
  [
    "a Mac that was awake, and launchd silent",
    { moments: [idle, at(-HOUR, "wake")], ...unhandled },
    "disallowed",
  ],
  [
    "a Mac that woke, where the run waited for another one",
    { handledMs: DUE + 20 * MINUTE },
    "woke",
  ],
  ["a Mac that woke, and launchd silent", { ...unhandled }, "disallowed"],
  [
    "a slot that was caught up hours later",
    { handledMs: DUE + 4 * HOUR, moments: [idle, morning] },
    "asleep",
  ],
  ["a log that begins later", { moments: [morning], ...unhandled }, "unknown"],
  ["no log at all", { moments: [] }, "unknown"],
];

for (const [name, facts, state] of CASES) {
  void test(`${name}: ${state}`, () => {
    const judged = judgeWake({ ...well, ...facts });
    assert.equal(judged.state, state);
    assert.equal(judged.remedy === undefined, isWakeWell(state), judged.remedy);
    assert.doesNotMatch(`${judged.evidence} ${judged.remedy}`, /NaN|Invalid/);
  });
}

void test("every state but those that are well has a remedy of its own kind, and all were tried", () => {
  const tried = new Set(CASES.map(([, , state]) => state));
  assert.deepEqual([...tried].sort(), [...WAKE_STATES].sort());
});

void test("any log whatever gives a state, and words for it", () => {
  const moment = fc.record({
    atMs: fc.integer({ min: DUE - 12 * HOUR, max: DUE + 12 * HOUR }),
    kind: fc.constantFrom("wake", "dark", "sleep", "start"),
    reason: fc.constantFrom(undefined, "Clamshell Sleep", "Low Power Sleep", "Idle Sleep"),
    source: fc.constantFrom(undefined, "ac", "battery"),
  } as const);
  const facts = fc.record({
    moments: fc
      .array(moment, { maxLength: 8 })
      .map((found) => found.toSorted((left, right) => left.atMs - right.atMs)),
    bootMs: fc.integer({ min: DUE - 12 * HOUR, max: DUE + 12 * HOUR }),
    firstRunMs: fc.integer({ min: DUE - 12 * HOUR, max: DUE + 12 * HOUR }),
    isFileVaultOn: fc.constantFrom(undefined, true, false),
    handledMs: fc.option(fc.integer({ min: DUE, max: DUE + 12 * HOUR }), { nil: undefined }),
  });
  fc.assert(
    fc.property(facts, (found) => {
      const { state, evidence, remedy } = judgeWake({ ...well, ...found });
      assert.ok(WAKE_STATES.includes(state));
      assert.ok(evidence.length > 0);
      assert.equal(remedy === undefined, isWakeWell(state));
      // A Mac that is told to have done well was there for it.
      if (state === "awake") assert.ok(found.handledMs !== undefined);
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Ledger } from "../../src/ledger/ledger.ts";
import { alertsOf, openIncidents } from "../../src/ledger/incidents.ts";
import { tellAlerts } from "../../src/watchdog/tell-alerts.ts";
import type { Finding } from "../../src/watchdog/finding.ts";
import { countQuiet, LOOK_MAX_MS, type QuietRecord } from "../../src/watchdog/quiet.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-20T12:00:00Z");

function finding(rest: Partial<Finding> = {}): Finding {
  return {
    key: "failed:nightly",
    kind: "failed",
    job: "nightly",
    severity: "fail",
    message: "it failed",
    needsPerson: false,
    isBeingHealed: false,
    ...rest,
  };
}

void test("an incident is told once, reminded once a day, escalated once and recovers once", () => {
  using ledger = Ledger.open(":memory:");
  for (let hour = 0; hour < 50; hour++) tellAlerts(ledger, [finding()], NOW + hour * HOUR);
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), ["opened", "reminded", "reminded"]);
  for (let hour = 50; hour < 60; hour++) {
    tellAlerts(ledger, [finding({ needsPerson: true })], NOW + hour * HOUR);
  }
  tellAlerts(ledger, [], NOW + 61 * HOUR);
  tellAlerts(ledger, [], NOW + 62 * HOUR);
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), [
    "opened",
    "reminded",
    "reminded",
    "escalated",
    "recovered",
  ]);
  assert.deepEqual(openIncidents(ledger), []);
});

void test("an incident that wavers between warning and failure escalates twice at most", () => {
  using ledger = Ledger.open(":memory:");
  const wavering: Partial<Finding>[] = [
    { severity: "warn" },
    { severity: "fail" },
    { severity: "warn", needsPerson: true },
    { severity: "fail" },
  ];
  for (const state of wavering) tellAlerts(ledger, [finding(state)], NOW);
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), ["opened", "escalated", "escalated"]);
});

void test("an incident that comes back is another one", () => {
  using ledger = Ledger.open(":memory:");
  for (const findings of [[finding()], [], [finding()]]) tellAlerts(ledger, findings, NOW);
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), ["opened", "recovered", "opened"]);
});

void test("a clock that is not believed hides incidents and ends none", () => {
  using ledger = Ledger.open(":memory:");
  const clock = finding({ key: "clock", kind: "clock", job: undefined });
  for (const findings of [[finding()], [clock], [clock], [finding()], []]) {
    tellAlerts(ledger, findings, NOW);
  }
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), ["opened", "recovered"]);
  assert.deepEqual(alertsOf(ledger, "clock"), ["opened", "recovered"]);
});

void test("a clock that jumps reminds nobody more than once a day", () => {
  using ledger = Ledger.open(":memory:");
  const clock = finding({ key: "clock", kind: "clock", job: undefined });
  for (const day of [0, 5, 0, -3, 0, 5, 0]) tellAlerts(ledger, [finding()], NOW + day * 24 * HOUR);
  // A clock that is known to be behind says nothing of when people were told.
  tellAlerts(ledger, [clock], NOW - 3 * 24 * HOUR);
  tellAlerts(ledger, [finding()], NOW + HOUR);
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), [
    "opened",
    "reminded",
    "reminded",
    "reminded",
  ]);
});

void test("what is being healed opens nothing and ends nothing", () => {
  using ledger = Ledger.open(":memory:");
  tellAlerts(ledger, [finding({ isBeingHealed: true })], NOW);
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), []);
  tellAlerts(ledger, [finding()], NOW);
  tellAlerts(ledger, [finding({ isBeingHealed: true })], NOW);
  assert.deepEqual(alertsOf(ledger, "failed:nightly"), ["opened"]);
});

void test("whatever is found, openings and recoveries of a key take turns", () => {
  const pass = fc.record({
    hours: fc.integer({ min: -30, max: 30 }),
    found: fc.array(
      fc.record({
        key: fc.constantFrom("a", "b"),
        severity: fc.constantFrom("warn" as const, "fail" as const),
        needsPerson: fc.boolean(),
        isBeingHealed: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
  });
  fc.assert(
    fc.property(fc.array(pass, { maxLength: 30 }), (passes) => {
      using ledger = Ledger.open(":memory:");
      let nowMs = NOW;
      for (const { hours, found } of passes) {
        nowMs += hours * HOUR;
        tellAlerts(ledger, found.map(finding), nowMs);
      }
      for (const key of ["a", "b"]) {
        const turns = alertsOf(ledger, key).filter((edge) => /opened|recovered/.test(edge));
        turns.forEach((edge, index) => {
          assert.equal(edge, index % 2 === 0 ? "opened" : "recovered");
        });
        const states = alertsOf(ledger, key).join(" ").split("recovered");
        for (const incident of states) assert.ok(incident.split("escalated").length <= 3, incident);
      }
    }),
    { numRuns: 200 },
  );
});

const seen: QuietRecord = {
  run: "r1",
  progressMs: NOW,
  quietMs: 0,
  seenMs: NOW,
  uptimeMs: 1000,
  boot: "b1",
};
const quietCases: [string, Partial<QuietRecord>, number][] = [
  [
    "awake and silent for half an hour",
    { seenMs: NOW + HOUR / 2, uptimeMs: 1000 + HOUR / 2 },
    HOUR / 2,
  ],
  ["asleep, by a clock that stands still", { seenMs: NOW + 9 * HOUR, uptimeMs: 61_000 }, 60_000],
  [
    "asleep, by a clock that goes on",
    { seenMs: NOW + 9 * HOUR, uptimeMs: 1000 + 9 * HOUR },
    LOOK_MAX_MS,
  ],
  ["the clock set back", { seenMs: NOW - HOUR, uptimeMs: 1000 + HOUR }, 0],
  ["the clock set forward", { seenMs: NOW + 9 * HOUR, uptimeMs: 2000 }, 1000],
  ["another boot", { seenMs: NOW + HOUR, uptimeMs: 1000 + HOUR, boot: "b2" }, 0],
  ["progress", { seenMs: NOW + HOUR, uptimeMs: 1000 + HOUR, progressMs: NOW + 1 }, 0],
];

for (const [name, now, expected] of quietCases) {
  void test(`silence is counted: ${name}`, () => {
    assert.equal(countQuiet(seen, { ...seen, ...now }).quietMs, expected);
  });
}

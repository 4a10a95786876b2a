import assert from "node:assert/strict";
import * as fc from "fast-check";
import { test } from "node:test";
import { STAGE_NAMES } from "../../src/config/schema.ts";
import { judgeHealth, type HealthFacts } from "../../src/pipeline/health.ts";
import { asOfDay } from "../../src/pipeline/night.ts";
import { decideRetry } from "../../src/pipeline/retry.ts";
import { mayReuse } from "../../src/pipeline/reuse.ts";
import { calendarNamed } from "../../src/schedule/calendar/named.ts";
import { Failure } from "../../src/system/failure.ts";

const XNYS = calendarNamed("XNYS");

void test("without a wish the as-of day is the last session that has closed", () => {
  const cases: readonly [string, string][] = [
    ["2025-12-31T20:59:00Z", "2025-12-30"],
    ["2025-12-31T21:01:00Z", "2025-12-31"],
    ["2026-01-01T15:00:00Z", "2025-12-31"],
    ["2025-11-28T18:01:00Z", "2025-11-28"],
    ["2025-07-06T12:00:00Z", "2025-07-03"],
  ];
  for (const [now, expected] of cases) {
    assert.equal(asOfDay(undefined, XNYS, Date.parse(now)), expected, now);
  }
});

void test("an as-of day without a session means the session before it, and one to come is refused", () => {
  const now = Date.parse("2025-12-31T22:00:00Z");
  assert.equal(asOfDay("2025-12-25", XNYS, now), "2025-12-24");
  assert.equal(asOfDay("2020-04-20", XNYS, now), "2020-04-20");
  assert.equal(asOfDay("2026-01-01", XNYS, now), "2025-12-31");
  assert.throws(
    () => asOfDay("2026-01-02", XNYS, now),
    (error) =>
      error instanceof Failure &&
      error.exit === 64 &&
      error.remedy?.includes("2025-12-31") === true,
  );
});

void test("only what time may heal is tried again, and delays grow threefold within a fifth up to five minutes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, attemptsMax, chance) => {
        const decision = decideRetry({ class: "retryable", attempt, attemptsMax, chance });
        assert.equal(decision.retry, attempt < attemptsMax);
        for (const kind of ["data", "fatal"] as const) {
          assert.equal(decideRetry({ class: kind, attempt, attemptsMax, chance }).retry, false);
        }
        if (!decision.retry) return;
        const plain = Math.min(300_000, 2000 * 3 ** (attempt - 1));
        assert.ok(decision.delayMs >= Math.floor(plain * 0.8), `${decision.delayMs}`);
        assert.ok(decision.delayMs <= Math.ceil(plain * 1.2), `${decision.delayMs}`);
      },
    ),
    { seed: 7 },
  );
});

void test("a wish for stages is a table", () => {
  const table = (wish: Parameters<typeof mayReuse>[0]) =>
    STAGE_NAMES.map((stage) => mayReuse(wish, stage)).join(" ");
  assert.equal(table({}), "reuse reuse reuse reuse reuse reuse");
  assert.equal(table({ from: "train" }), "reuse reuse run run run run");
  assert.equal(table({ from: "train", force: true }), "run run run run run run");
  assert.equal(table({ only: "predict" }), "require require require run skip skip");
  assert.equal(table({ force: true }), "run run run run run run");
  assert.equal(table({ only: "audit", force: true }), "run run skip skip skip skip");
});

void test("a home's health names everything that is not well, the worst first", () => {
  const well: HealthFacts = {
    nowMs: Date.parse("2026-01-02T08:00:00Z"),
    job: "nightly",
    last: {
      id: "r1",
      state: "done",
      startedMs: 0,
      warnings: 0,
      error: undefined,
      isAlive: false,
    },
    lastSuccessMs: Date.parse("2026-01-02T05:00:00Z"),
    staleAfterMs: 26 * 3_600_000,
    staleAfter: "26h",
    data: { newest: "2025-12-31", sessions_behind: 0 },
    freshness: { warn: 1, error: 4 },
    models: [],
    alerts: [],
    halts: [],
    watchdogSilence: undefined,
    wake: null,
  };
  const last = well.last;
  assert.ok(last);
  const cases: readonly [Partial<HealthFacts>, string, RegExp][] = [
    [{}, "pass", /^$/],
    [{ last: { ...last, state: "failed", error: "no disk" } }, "fail", /failed: no disk/],
    [{ last: { ...last, state: "interrupted" } }, "warn", /interrupted; resume it/],
    [{ last: { ...last, state: "running", isAlive: false } }, "fail", /r1 died in mid-run/],
    [{ last: { ...last, state: "running", isAlive: true } }, "pass", /^$/],
    [{ last: { ...last, warnings: 2 } }, "warn", /2 warnings/],
    [{ lastSuccessMs: Date.parse("2026-01-01T05:59:00Z") }, "warn", /no success within 26h/],
    [{ halts: ["everything is paused"] }, "warn", /^everything is paused$/],
    [{ data: { newest: "2025-12-29", sessions_behind: 2 } }, "warn", /2 sessions behind/],
    [{ data: { newest: "2025-12-20", sessions_behind: 5 } }, "fail", /5 sessions behind/],
    [
      { last: { ...last, state: "failed", error: "no disk" }, lastSuccessMs: undefined },
      "fail",
      /^the last run failed: no disk\|no success/,
    ],
  ];
  for (const [change, verdict, says] of cases) {
    const health = judgeHealth({ ...well, ...change });
    assert.equal(health.verdict, verdict, JSON.stringify(change));
    assert.match(health.reasons.join("|"), says, JSON.stringify(change));
  }
  const { last: _last, ...never } = well;
  const health = judgeHealth({ ...never, lastSuccessMs: undefined, data: null });
  assert.deepEqual(health.reasons, ["nightly has never run: cbi run nightly"]);
});

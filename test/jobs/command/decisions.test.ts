import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { EXIT_MEANINGS, EXIT_PRESETS } from "../../../src/config/jobs-schema.ts";
import { exitCodeTable, meaningOfExitCode } from "../../../src/jobs/command/exit-codes.ts";
import { judgeEnd } from "../../../src/jobs/command/judge.ts";
import { decideNextAttempt, type RetryPolicy } from "../../../src/jobs/command/retry.ts";
import type { AttemptEnd } from "../../../src/jobs/command/supervise.ts";

void test("every preset calls 0 done, and every exit code means something", () => {
  for (const preset of EXIT_PRESETS) {
    const table = exitCodeTable(preset);
    assert.equal(meaningOfExitCode(table, 0), "done");
    for (let code = 1; code <= 255; code++) {
      const meaning = meaningOfExitCode(table, code);
      assert.ok(EXIT_MEANINGS.includes(meaning));
      assert.notEqual(meaning, "done", `${preset} ${code}`);
    }
  }
});

void test("the presets say what the programs that follow them say", () => {
  const table: [(typeof EXIT_PRESETS)[number], number, string][] = [
    ["cron", 1, "retry"],
    ["cron", 2, "fatal"],
    ["cron", 3, "fatal"],
    ["check", 1, "fatal"],
    ["check", 2, "warn"],
    ["check", 127, "fatal"],
    ["sysexits", 64, "fatal"],
    ["sysexits", 69, "retry"],
    ["sysexits", 75, "retry"],
    ["sysexits", 1, "fatal"],
    ["plain", 1, "retry"],
    ["plain", 255, "retry"],
  ];
  for (const [preset, code, meaning] of table) {
    assert.equal(meaningOfExitCode(exitCodeTable(preset), code), meaning, `${preset} ${code}`);
  }
});

void test("a table of one's own says what it names, and is plain in the rest", () => {
  const code = fc.integer({ min: 0, max: 255 });
  const named = fc.dictionary(code.map(String), fc.constantFrom(...EXIT_MEANINGS));
  fc.assert(
    fc.property(named, code, (codes, asked) => {
      const meaning = meaningOfExitCode(exitCodeTable(codes), asked);
      const expected = codes[String(asked)] ?? (asked === 0 ? "done" : "retry");
      assert.equal(meaning, expected);
    }),
  );
  assert.equal(meaningOfExitCode(exitCodeTable({ other: "warn" }), 9), "warn");
});

void test("only an exit code is looked up; every other end is told apart", () => {
  const done = exitCodeTable({ other: "done" });
  const table: [AttemptEnd, string, string][] = [
    [{ kind: "exited", exitCode: 9 }, "done", "CBI_COMMAND_FAILED"],
    [{ kind: "signalled", signal: "SIGKILL" }, "retry", "CBI_COMMAND_KILLED"],
    [{ kind: "signalled", signal: "SIGSEGV" }, "retry", "CBI_COMMAND_KILLED"],
    [{ kind: "deadline", limitMs: 600_000 }, "retry", "CBI_COMMAND_TIMED_OUT"],
    [{ kind: "silent", limitMs: 60_000 }, "retry", "CBI_COMMAND_SILENT"],
    [{ kind: "not-started", reason: "x", isPassing: false }, "fatal", "CBI_COMMAND_NOT_STARTED"],
    [{ kind: "not-started", reason: "x", isPassing: true }, "retry", "CBI_COMMAND_NOT_STARTED"],
    [{ kind: "interrupted" }, "interrupted", "CBI_INTERRUPTED"],
  ];
  for (const [end, meaning, code] of table) {
    const verdict = judgeEnd(end, done);
    assert.deepEqual([verdict.meaning, verdict.code], [meaning, code]);
    assert.equal(verdict.mayHeal, end.kind === "not-started" && end.isPassing);
  }
});

const policy: fc.Arbitrary<RetryPolicy> = fc.record({
  attempts: fc.integer({ min: 1, max: 20 }),
  delayMs: fc.integer({ min: 0, max: 3_600_000 }),
  factor: fc.constant(2),
  delayMaxMs: fc.integer({ min: 0, max: 3_600_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  budgetMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 1e8 })),
});
const chance = fc.double({ min: 0, max: 0.999999, noNaN: true });

void test("what means retry is tried again while attempts are left and the budget reaches", () => {
  fc.assert(
    fc.property(
      policy,
      fc.integer({ min: 1, max: 25 }),
      fc.integer({ min: 0, max: 1e8 }),
      chance,
      (rule, attempt, elapsedMs, luck) => {
        const ended = { meaning: "retry" as const, attempt, elapsedMs, chance: luck };
        const decision = decideNextAttempt(rule, ended);
        if (!decision.retry) {
          const steadyMs = Math.min(rule.delayMaxMs, rule.delayMs * 2 ** (attempt - 1));
          const isSpent = elapsedMs + steadyMs * (1 + rule.jitter) + 1 > rule.budgetMs;
          assert.ok(attempt >= rule.attempts || isSpent, decision.reason);
          return;
        }
        assert.ok(attempt < rule.attempts);
        assert.ok(elapsedMs + decision.delayMs <= rule.budgetMs);
        assert.ok(decision.delayMs >= 0);
        assert.ok(decision.delayMs <= Math.round(rule.delayMaxMs * (1 + rule.jitter)));
      },
    ),
  );
});

void test("nothing but retry is ever tried again", () => {
  fc.assert(
    fc.property(policy, fc.constantFrom("done", "warn", "skip", "fatal"), (rule, meaning) => {
      const ended = { meaning, attempt: 1, elapsedMs: 0, chance: 0 } as const;
      assert.equal(decideNextAttempt(rule, ended).retry, false);
    }),
  );
});

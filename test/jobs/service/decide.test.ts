import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  decideAfterCrash,
  lookAt,
  wakingPart,
  type Crash,
  type LookFacts,
  type RestartPolicy,
} from "../../../src/jobs/service/decide.ts";
import type { ServiceRequest } from "../../../src/jobs/service/request.ts";

const POLICY: RestartPolicy = {
  max: 3,
  withinMs: 600_000,
  delayMs: 5_000,
  delayMaxMs: 15_000,
  neverOn: [78],
};
const exited = (exitCode: number): Crash => ({ kind: "exited", exitCode });

void test("what follows the end of a life goes by its exit code, the storm limit and the delays", () => {
  const table: [Partial<RestartPolicy>, Crash, number[], number, string][] = [
    [{}, exited(1), [], 10, "restart in 5000"],
    [{}, exited(0), [], 10, "restart in 5000"],
    [{}, exited(1), [10], 20, "restart in 10000"],
    [{}, exited(1), [10, 20], 30, "restart in 15000"],
    [{}, exited(1), [10, 20, 30], 40, "failed CBI_SERVICE_STORM"],
    [{}, exited(1), [10, 20, 30], 600_010, "restart in 15000"],
    [{}, exited(1), [10, 20, 30], 900_000, "restart in 5000"],
    [{}, exited(78), [], 10, "failed CBI_SERVICE_FORBIDDEN"],
    [{ neverOn: [0] }, exited(0), [], 10, "done"],
    [{ neverOn: [0] }, exited(78), [], 10, "restart in 5000"],
    [{ max: 0 }, exited(1), [], 10, "failed CBI_SERVICE_ENDED"],
    [{}, { kind: "signalled", signal: "SIGSEGV" }, [], 10, "restart in 5000"],
    [{}, { kind: "hung", sign: "heartbeat", limitMs: 9 }, [], 10, "restart in 5000"],
    [{}, { kind: "hung", sign: "silence", limitMs: 9 }, [1, 2, 3], 10, "failed CBI_SERVICE_STORM"],
    [{}, notStarted(true), [], 0, "restart in 5000"],
    [{}, notStarted(false), [], 0, "failed CBI_SERVICE_NOT_STARTED"],
  ];
  for (const [policy, crash, crashes, livedMs, expected] of table) {
    const next = decideAfterCrash({ ...POLICY, ...policy }, crash, { crashes, livedMs });
    const said =
      next.step === "restart"
        ? `restart in ${next.delayMs}`
        : next.isDone
          ? "done"
          : `failed ${next.code}`;
    assert.equal(said, expected, JSON.stringify([policy, crash, crashes, livedMs]));
    assert.notEqual(next.reason, "");
  }
});

function notStarted(isPassing: boolean): Crash {
  return { kind: "not-started", reason: "there is no program 'x'", isPassing };
}

void test("a service that always crashes at once stops after its restarts, however long the delays", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 86_400_000 }),
      fc.integer({ min: 1_000, max: 86_400_000 }),
      (max, delayMs, withinMs) => {
        const policy = { ...POLICY, max, delayMs, delayMaxMs: 86_400_000, withinMs };
        let history = { livedMs: 0, crashes: [] as readonly number[] };
        for (let lives = 1; ; lives++) {
          history = { ...history, livedMs: history.livedMs + 10 };
          const next = decideAfterCrash(policy, exited(1), history);
          if (next.step === "end") return lives === max + 1;
          if (lives > max) return false;
          history = { ...history, crashes: next.crashes };
        }
      },
    ),
  );
});

void test("a look ends a service by a person's word, its time, and the signs of a hang", () => {
  const ask = (wish: "stop" | "restart"): ServiceRequest => ({
    id: "1",
    run: "r",
    wish,
    who: "ann",
    reason: "",
  });
  const well: LookFacts = {
    nowMs: 100,
    endMs: 200,
    isLost: false,
    request: undefined,
    silentMs: 5,
    silenceMaxMs: 10,
    beatlessMs: 5,
    beatlessMaxMs: 10,
  };
  const table: [Partial<LookFacts>, string | undefined][] = [
    [{}, undefined],
    [{ nowMs: 199 }, undefined],
    [{ nowMs: 200 }, "over"],
    [{ nowMs: 1e12, endMs: Infinity }, undefined],
    [{ request: ask("stop"), nowMs: 300 }, "asked stop"],
    [{ request: ask("restart"), nowMs: 300 }, "over"],
    [{ request: ask("restart") }, "asked restart"],
    [{ request: ask("stop"), isLost: true, nowMs: 300 }, "lost"],
    [{ silentMs: 10 }, "hung silence"],
    [{ silentMs: 1e12, silenceMaxMs: Infinity }, undefined],
    [{ beatlessMs: 10 }, "hung heartbeat"],
    [{ beatlessMs: 10, silentMs: 10, nowMs: 250 }, "over"],
  ];
  for (const [change, expected] of table) {
    const cause = lookAt({ ...well, ...change });
    const said =
      cause?.kind === "asked"
        ? `asked ${cause.request.wish}`
        : cause?.kind === "hung"
          ? `hung ${cause.sign}`
          : cause?.kind;
    assert.equal(said, expected, JSON.stringify(change));
  }
});

void test("time that was slept through is not counted as silence", () => {
  assert.deepEqual(
    [1000, 1500, 2000, 2500, 8 * 3_600_000, -5].map((passedMs) => wakingPart(passedMs, 1000)),
    [1000, 1500, 2000, 2000, 2000, 0],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Strike } from "./mac/mac.ts";
import { ownNode } from "./own-node.ts";

ownNode();
const { simulateWith } = await import("./nights.ts");

const EFFECTS_MAX = 2000;
const START = Date.parse("2026-11-20T04:55:00Z");
/** A night in New York, and the session's morning after it. */
const SWARM = {
  faults: new Set<never>(),
  parts: new Set<never>(),
  startMs: START,
  home: { zone: "America/New_York", policy: "latest" as const, maxAge: undefined },
  watchdogHours: [1, 13],
};

/** Gives how many effects there are. */
async function strikeAtEach(
  kind: Strike,
  { forgetting, step }: { forgetting: "all" | "some"; step: number },
): Promise<number> {
  for (let after = 0; after < EFFECTS_MAX; after += step) {
    const strike = { kind, after };
    const { violations, story, hasStruck } = await simulateWith(after, {
      nights: 1,
      peaceMs: 0,
      swarm: { ...SWARM, forgetting },
      strike,
    });
    const told = [`${kind} after ${after} effects`, ...violations, "", ...story].join("\n");
    assert.equal(violations.length, 0, told);
    if (!hasStruck) return after;
  }
  throw new Error(`a day has more than ${EFFECTS_MAX} effects`);
}

void test("the power may fail before each effect of a day, and each slot gets its verdict", async (t) => {
  const effects = await strikeAtEach("power-cut", { forgetting: "all", step: 1 });
  t.diagnostic(`${effects} effects`);
  // By chance this and that of what was not synced stays: the same, seen from one effect in three.
  await strikeAtEach("power-cut", { forgetting: "some", step: 3 });
});

void test("a process may be killed before each effect of a day, and each slot gets its verdict", async (t) => {
  const effects = await strikeAtEach("kill", { forgetting: "all", step: 1 });
  t.diagnostic(`${effects} effects`);
});

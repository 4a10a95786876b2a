import assert from "node:assert/strict";
import { test } from "node:test";
import type { Strike } from "./mac/mac.ts";
import { ownNode } from "./own-node.ts";

ownNode();
const { Nights } = await import("./nights.ts");

const EFFECTS_MAX = 2000;
const START = Date.parse("2026-11-20T04:55:00Z");
/** A night in New York, and the session's morning after it. */
const SWARM = {
  faults: new Set<never>(),
  startMs: START,
  home: { zone: "America/New_York", policy: "latest" as const, maxAge: undefined },
  watchdogHours: [0, 6, 12, 18],
};

async function strikeAtEach(kind: Strike, forgetting: "all" | "some"): Promise<number> {
  for (let after = 0; after < EFFECTS_MAX; after++) {
    const strike = { kind, after };
    const nights = new Nights(after, { nights: 1, swarm: { ...SWARM, forgetting }, strike });
    const { violations, story, hasStruck } = await nights.run();
    const told = [`${kind} after ${after} effects`, ...violations, "", ...story].join("\n");
    assert.equal(violations.length, 0, told);
    if (!hasStruck) return after;
  }
  throw new Error(`a day has more than ${EFFECTS_MAX} effects`);
}

void test("the power may fail before each effect of a day, and each slot gets its verdict", async (t) => {
  for (const forgetting of ["all", "some"] as const) {
    t.diagnostic(
      `${await strikeAtEach("power-cut", forgetting)} effects, forgetting ${forgetting}`,
    );
  }
});

void test("a process may be killed before each effect of a day, and each slot gets its verdict", async (t) => {
  t.diagnostic(`${await strikeAtEach("kill", "all")} effects`);
});

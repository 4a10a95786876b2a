import assert from "node:assert/strict";
import { test } from "node:test";
import { ownNode } from "./own-node.ts";
import type { Part } from "./swarm.ts";

ownNode();
const { simulateWith } = await import("./nights.ts");

/** What fuzzing found beyond the seeds of the other tests. An edit deals the cards anew, so each has a test of its own too. */
const KNOWN: readonly { seed: number; parts: readonly Part[]; story: string }[] = [
  {
    seed: 5122,
    parts: [],
    story: "a clock that was ahead brings a slot early, and its failure is told again in time",
  },
  {
    seed: 257541812,
    parts: ["gates", "edits"],
    story: "a job comes back to cbi.yaml, and what it left is told anew",
  },
];

for (const { seed, parts, story } of KNOWN) {
  void test(`seed ${seed} keeps every promise: ${story}`, async () => {
    const { violations, story: told } = await simulateWith(seed, {
      nights: 25,
      swarm: { parts: new Set(parts) },
    });
    assert.equal(violations.length, 0, [...violations, "", ...told].join("\n"));
  });
}

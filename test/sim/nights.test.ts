import assert from "node:assert/strict";
import { test } from "node:test";
import { ownNode } from "./own-node.ts";

ownNode();
const { simulate } = await import("./nights.ts");

const NIGHTS = 25;
const SEEDS = 400;

void test("ten thousand nights of a machine that sleeps, fails and is cut off keep every promise", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, story } = await simulate(seed, NIGHTS);
    const told = () => [`seed ${seed}`, ...violations, "", ...story].join("\n");
    assert.equal(violations.length, 0, violations.length > 0 ? told() : undefined);
  }
});

void test("the same seed gives the same nights", async () => {
  for (const seed of [3, 14, 47]) {
    const [one, other] = [await simulate(seed, 10), await simulate(seed, 10)];
    assert.deepEqual(one, other);
  }
});

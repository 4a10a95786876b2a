import assert from "node:assert/strict";
import { test } from "node:test";
import { ownNode } from "./own-node.ts";

ownNode();
const { simulate } = await import("./nights.ts");
const { assertPromises } = await import("./promises.ts");

// The other five thousand are in later-nights.test.ts: test files run side by side.
void test("five thousand nights of a machine that sleeps, fails and is cut off keep every promise", async () => {
  await assertPromises({ from: 1, through: 200 });
});

void test("the same seed gives the same nights", async () => {
  for (const seed of [3, 14, 47]) {
    const [one, other] = [await simulate(seed, 10), await simulate(seed, 10)];
    assert.deepEqual(one, other);
  }
});

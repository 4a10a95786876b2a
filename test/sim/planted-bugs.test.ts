import assert from "node:assert/strict";
import { test } from "node:test";
import { ownNode } from "./own-node.ts";

ownNode();
const { simulate } = await import("./nights.ts");
const { PLANTED_BUGS, plantedBugs } = await import("./planted/bugs.ts");

const NIGHTS = 12;
/** The rarest of them, a deadline that counts sleep, shows in one seed of a dozen. */
const SEEDS_MAX = 30;

for (const bug of PLANTED_BUGS) {
  void test(`a planted bug is found: ${bug}`, async (t) => {
    plantedBugs.add(bug);
    t.after(() => plantedBugs.clear());
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { violations } = await simulate(seed, NIGHTS);
      if (violations.length === 0) continue;
      t.diagnostic(`seed ${seed}: ${violations[0]}`);
      return;
    }
    assert.fail(`${SEEDS_MAX} seeds did not find it`);
  });
}

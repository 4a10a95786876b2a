import assert from "node:assert/strict";
import { test } from "node:test";
import { ownNode } from "./own-node.ts";

ownNode();
const { simulateWith } = await import("./nights.ts");
const { PARTS_OF, PLANTED_BUGS, plantedBugs } = await import("./planted/bugs.ts");

const NIGHTS = 12;
/** The rarest of them, a deadline that counts sleep, shows in one seed of a dozen. */
const SEEDS_MAX = 30;

for (const bug of PLANTED_BUGS) {
  void test(`a planted bug is found: ${bug}`, async (t) => {
    plantedBugs.add(bug);
    t.after(() => plantedBugs.clear());
    const parts = PARTS_OF[bug];
    const home = parts ? { swarm: { parts: new Set(parts) } } : {};
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { violations } = await simulateWith(seed, { nights: NIGHTS, ...home });
      if (violations.length === 0) continue;
      t.diagnostic(`seed ${seed}: ${violations[0]}`);
      return;
    }
    assert.fail(`${SEEDS_MAX} seeds did not find it`);
  });
}

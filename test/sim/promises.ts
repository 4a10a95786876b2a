import assert from "node:assert/strict";
import { simulate } from "./nights.ts";

const NIGHTS_A_SEED = 25;

/** Simulates 25 nights of each seed; a broken promise ends it with the seed and its story. */
export async function assertPromises(seeds: { from: number; through: number }): Promise<void> {
  for (let seed = seeds.from; seed <= seeds.through; seed++) {
    const { violations, story } = await simulate(seed, NIGHTS_A_SEED);
    const told = () => [`seed ${seed}`, ...violations, "", ...story].join("\n");
    assert.equal(violations.length, 0, violations.length > 0 ? told() : undefined);
  }
}

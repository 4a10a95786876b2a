/**
 * Simulates nights from one seed after the other until it is told to stop or finds a promise broken:
 * `node scripts/fuzz.ts [--from SEED] [--nights N] [--seed SEED] [--plant BUG]`. `--nights` ends it after so many
 * nights, `--seed` tells the story of one seed, `--plant` plants a known bug. A finding is printed with its seed
 * and its story, and the exit code is 1. docs/reliability.md says what is simulated.
 */
import { parseArgs } from "node:util";
import { ownNode } from "../test/sim/own-node.ts";

ownNode();
const { simulate } = await import("../test/sim/nights.ts");
const { PLANTED_BUGS, plantedBugs } = await import("../test/sim/planted/bugs.ts");

const NIGHTS_EACH = 25;

const { values } = parseArgs({
  options: {
    from: { type: "string" },
    nights: { type: "string" },
    seed: { type: "string" },
    plant: { type: "string" },
  },
});

const planted = PLANTED_BUGS.find((bug) => bug === values.plant);
if (values.plant !== undefined && !planted) {
  console.error(`expected one of ${PLANTED_BUGS.join(", ")}, got ${values.plant}`);
  process.exit(64);
}
if (planted) plantedBugs.add(planted);
process.exitCode = values.seed === undefined ? await fuzz() : await tell(Number(values.seed));

async function fuzz(): Promise<number> {
  const nightsMax = values.nights === undefined ? Number.POSITIVE_INFINITY : Number(values.nights);
  const first = values.from === undefined ? Date.now() % 1_000_000_000 : Number(values.from);
  const startedMs = performance.now();
  let nights = 0;
  for (let seed = first; nights < nightsMax; seed++) {
    const simulated = await simulate(seed, NIGHTS_EACH);
    nights += simulated.nights;
    if (simulated.violations.length > 0) return show(simulated);
    if ((seed - first) % 40 === 39) {
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      console.log(`${nights} nights from seed ${first} to ${seed} in ${seconds} s, all well`);
    }
  }
  console.log(`${nights} nights from seed ${first}, all well`);
  return 0;
}

async function tell(seed: number): Promise<number> {
  return show(await simulate(seed, NIGHTS_EACH));
}

function show({ seed, story, violations }: Awaited<ReturnType<typeof simulate>>): number {
  for (const line of story) console.log(line);
  console.log(`\nseed ${seed}: ${violations.length === 0 ? "all well" : "a promise was broken"}`);
  for (const violation of violations) console.log(`  ${violation}`);
  return violations.length === 0 ? 0 : 1;
}

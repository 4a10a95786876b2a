/** Bugs that a test plants into the machine or between the product and it, to see them found. */
export const PLANTED_BUGS = [
  "no-lock",
  "no-recheck",
  "no-sync",
  "ledger-not-synced",
  "interval-for-slots",
  "pid-proves-life",
  "claim-after-run",
  "alert-each-pass",
  "slot-lost-at-claim",
] as const;

export type PlantedBug = (typeof PLANTED_BUGS)[number];

/** Those that are planted now; of all simulations of this process, which run one after the other. */
export const plantedBugs = new Set<PlantedBug>();

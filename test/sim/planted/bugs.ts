/** Bugs that a test plants into the machine, or between two parts of the product, to see them found. */
export const PLANTED_BUGS = [
  /** The lock is never refused. */
  "no-lock",
  /** What was decided before the lock was had is done under it, whatever happened meanwhile. */
  "no-recheck",
  /** fsync does nothing. */
  "no-sync",
  /** The ledger is written with `synchronous=OFF`. */
  "ledger-not-synced",
  /** "Every day" is taken for "every 24 hours". */
  "interval-for-slots",
  /** A slot counts as handled before anybody has claimed it. */
  "slot-lost-at-claim",
  /** Children of a killed run are left to themselves. */
  "orphans-live",
  /** Finished stages are done again. */
  "no-checkpoint",
  /** Each pass of the watchdog reminds. */
  "reminds-each-pass",
  /** What the clock hides counts as over. */
  "clock-ends-incidents",
  /** Deadlines go by the clock on the wall. */
  "sleep-counts",
] as const;

export type PlantedBug = (typeof PLANTED_BUGS)[number];

/** Those that are planted now; of all simulations of this process, which run one after the other. */
export const plantedBugs = new Set<PlantedBug>();

import type { Part } from "../swarm.ts";

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
  /** What a dead keeper's service left running is left to itself. */
  "service-not-buried",
  /** The crashes of a service are not counted. */
  "storm-forgotten",
  /** A service that slept with its machine counts as silent. */
  "service-sleep-counts",
  /** Gates are asked at the slot's first start, and not again. */
  "gates-asked-once",
  /** A gate that errs lets the run pass. */
  "gate-fails-open",
  /** The resident mode sleeps for a day instead of looking each minute. */
  "daemon-long-timer",
  /** A schedule that was edited counts from days ago. */
  "edit-stampedes",
  /** What was due before an edit gets no verdict. */
  "edit-loses-slots",
  /** A pause goes on when its time is over. */
  "pause-never-ends",
] as const;

export type PlantedBug = (typeof PLANTED_BUGS)[number];

/** What a home must have for some of them to show. */
export const PARTS_OF: Partial<Record<PlantedBug, readonly Part[]>> = {
  "service-not-buried": ["service"],
  "storm-forgotten": ["service"],
  "service-sleep-counts": ["service"],
  "gates-asked-once": ["service", "gates"],
  "gate-fails-open": ["gates"],
  "daemon-long-timer": ["daemon"],
  "edit-stampedes": ["edits"],
  "edit-loses-slots": ["edits"],
  "pause-never-ends": ["gates"],
};

/** Those that are planted now; of all simulations of this process, which run one after the other. */
export const plantedBugs = new Set<PlantedBug>();

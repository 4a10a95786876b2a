import {
  beginAttempt,
  endAttempt,
  newestAttempts,
  noteAttemptProcess,
} from "../../ledger/attempts.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { findRun, newestRuns } from "../../ledger/runs.ts";
import { findSlot } from "../../ledger/slots.ts";
import type { Invocation, ServiceBook } from "../ports.ts";
import type { Road } from "../road.ts";

/** Runs of a job that may lie between two of the same slot. */
const RUNS_LOOKED_AT = 20;

/**
 * The ledger's side of a service. The ledger is let go of after each word, since a service runs for
 * months, and another process may have to put a restored ledger in the place of a damaged one.
 */
export function openServiceBook(
  road: Road,
  { run, job, slot }: Pick<Invocation, "run" | "job" | "slot">,
): ServiceBook {
  const { ledgers, world } = road;
  const use = <T>(work: (ledger: Ledger) => T): T => {
    try {
      return work(ledgers.ledger);
    } finally {
      ledgers.release();
    }
  };
  const nowMs = (): number => world.clock.now();
  return {
    begin: (number) => use((ledger) => beginAttempt(ledger, { run, number, startedMs: nowMs() })),
    running: (number, process) => use((ledger) => noteAttemptProcess(ledger, run, number, process)),
    end: (number, reason) =>
      use((ledger) => endAttempt(ledger, run, number, { endedMs: nowMs(), reason })),
    isOurs: () =>
      use((ledger) => {
        const taken = slot && findSlot(ledger, job, slot.name);
        const isTaken = taken?.run === run && taken.verdict === undefined;
        return findRun(ledger, run)?.state === "running" && (!slot || isTaken);
      }),
    hasDied: () =>
      use((ledger) => {
        const runs = newestRuns(ledger, { job, limit: RUNS_LOOKED_AT });
        const before = runs.find((one) => one.id !== run && one.slot === slot?.name);
        return slot !== undefined && before?.error?.code === "CBI_RUN_DIED";
      }),
    before: () =>
      use((ledger) => {
        for (const { id } of newestRuns(ledger, { job, limit: RUNS_LOOKED_AT })) {
          const [life] = id === run ? [] : newestAttempts(ledger, id, 1);
          if (life?.process) return { run: id, process: life.process, startedMs: life.startedMs };
        }
        return undefined;
      }),
  };
}

import { RunLock } from "../guard/run-lock.ts";
import { Ledger } from "../ledger/ledger.ts";
import { openCheckedLedger } from "../ledger/restore.ts";
import { pipelineLockFile } from "../pipeline/run-start.ts";
import type { Clock } from "../system/clock.ts";
import { Failure } from "../system/failure.ts";
import type { HomePaths } from "../system/home.ts";

/**
 * The road's hold on the ledger. It is let go while a pipeline runs, since a night that finds the file
 * damaged puts another in its place.
 */
export interface LedgerHandle extends Disposable {
  /** The open ledger; opened when it is first asked for. */
  readonly ledger: Ledger;
  /** Closes it until it is asked for again. */
  release(): void;
}

/** The ledger of a home. A damaged one is restored, if nobody else is at work on it. */
export function openHandle(paths: HomePaths, clock: Clock): LedgerHandle {
  let open: Ledger | undefined;
  const release = (): void => {
    open?.[Symbol.dispose]();
    open = undefined;
  };
  return {
    get ledger() {
      open ??= openOrRestore(paths, clock);
      return open;
    },
    release,
    [Symbol.dispose]: release,
  };
}

function openOrRestore(paths: HomePaths, clock: Clock): Ledger {
  try {
    return Ledger.open(paths.ledger);
  } catch (error) {
    if (!(error instanceof Failure && error.code === "CBI_LEDGER_DAMAGED")) throw error;
    using lock = RunLock.tryTake(pipelineLockFile(paths));
    if (!lock) throw error;
    return openCheckedLedger(paths.ledger, clock).ledger;
  }
}

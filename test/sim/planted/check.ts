import * as real from "../../../src/jobs/check.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { HomeJobs } from "../../../src/jobs/schedules.ts";
import { currentProcess, type SimProcess } from "../mac/process.ts";
import { plantedBugs } from "./bugs.ts";

// Stands before src/jobs/check.ts, and lets everything through unless a bug is planted.

export * from "../../../src/jobs/check.ts";

/** What each process saw before it had the lock. */
const seen = new WeakMap<SimProcess, Map<string, real.Checked>>();

export function openBook(jobs: HomeJobs, ledger: Ledger, nowMs: number): real.DueBook {
  const book = real.openBook(jobs, ledger, nowMs);
  if (plantedBugs.has("no-recheck")) forgetToLookAgain(book);
  if (plantedBugs.has("slot-lost-at-claim")) countAsHandled(book, ledger, nowMs);
  return book;
}

function forgetToLookAgain(book: real.DueBook): void {
  const process = currentProcess();
  const before = seen.get(process) ?? new Map<string, real.Checked>();
  seen.set(process, before);
  const check = book.check.bind(book);
  book.check = (name, options) => {
    const known = before.get(name);
    if (options.hasLock && known) return known;
    const checked = check(name, options);
    before.set(name, checked);
    return checked;
  };
}

function countAsHandled(book: real.DueBook, ledger: Ledger, nowMs: number): void {
  const record = book.record.bind(book);
  book.record = (checked) => {
    record(checked);
    if (checked.next.step !== "start") return;
    ledger.run("UPDATE job SET through_ms = ? WHERE name = ?", nowMs, checked.job);
  };
}

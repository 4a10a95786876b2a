import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import type { Clock } from "../system/clock.ts";
import { Failure } from "../system/failure.ts";
import { publish, temporaryNameFor } from "../system/files.ts";
import { Ledger } from "./ledger.ts";

/** A ledger that was opened for a run, with what had to be done to it. */
export interface OpenedLedger {
  ledger: Ledger;
  /** What a person must know: that the ledger was damaged, and what was lost. */
  warning?: string;
}

/**
 * Opens the ledger after a full integrity check. A damaged file is set aside as
 * `ledger.db.damaged-<ms>` and the copy of the last finished run takes its place, or a new ledger
 * where there is none. Only the holder of the run lock may call it: nobody else writes then.
 */
export function openCheckedLedger(file: string, clock: Clock): OpenedLedger {
  const opened = tryOpen(file);
  return "ledger" in opened ? opened : restore(file, clock, opened.damage);
}

/** Keeps a copy of the ledger beside it, for `openCheckedLedger` to restore. Replaces the last one. */
export async function keepLedgerCopy(ledger: Ledger, file: string): Promise<void> {
  const temporary = temporaryNameFor(backupOf(file));
  try {
    ledger.copyTo(temporary);
    await publish(temporary, backupOf(file));
  } finally {
    rmSync(temporary, { force: true });
  }
}

function backupOf(file: string): string {
  return file.replace(/\.db$/, ".backup.db");
}

/** The ledger, or what SQLite finds wrong with its file. Any other trouble is thrown. */
function tryOpen(file: string): { ledger: Ledger } | { damage: string } {
  try {
    const ledger = Ledger.open(file);
    const damage = ledger.damage();
    if (damage === undefined) return { ledger };
    ledger[Symbol.dispose]();
    return { damage };
  } catch (error) {
    if (error instanceof Failure && error.code === "CBI_LEDGER_DAMAGED") {
      return { damage: error.message };
    }
    throw error;
  }
}

function restore(file: string, clock: Clock, damage: string): OpenedLedger {
  const mark = `.damaged-${clock.now()}`;
  setAside(file, mark);
  const said = `the ledger was damaged (${damage}); it was set aside as ${file}${mark}`;
  const anew = "history and champions start anew; models and forecasts are untouched";
  if (!existsSync(backupOf(file))) {
    return { ledger: Ledger.open(file), warning: `${said}; there was no copy, so ${anew}` };
  }
  copyFileSync(backupOf(file), file);
  const copy = tryOpen(file);
  if ("ledger" in copy) {
    const warning = `${said}; the copy of the last finished run took its place`;
    return { ledger: copy.ledger, warning };
  }
  rmSync(file);
  setAside(backupOf(file), mark);
  return { ledger: Ledger.open(file), warning: `${said}; its copy is damaged too, so ${anew}` };
}

/** The write-ahead log belongs to the damaged file and would be replayed into its successor. */
function setAside(file: string, mark: string): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, file + mark + suffix);
  }
}

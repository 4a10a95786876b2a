import * as real from "../../../src/ledger/slots.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { plantedBugs } from "./bugs.ts";

// Stands before src/ledger/slots.ts, and lets everything through unless a bug is planted.

export * from "../../../src/ledger/slots.ts";

/** Without the check under the lock a claim that compares would still save the slot. */
export function claimSlot(ledger: Ledger, claim: real.Claim): boolean {
  return real.claimSlot(ledger, claim) || takeOver(ledger, claim);
}

export function reclaimSlot(ledger: Ledger, claim: real.Claim, seen: real.SlotRecord): boolean {
  return real.reclaimSlot(ledger, claim, seen) || takeOver(ledger, claim);
}

function takeOver(ledger: Ledger, { run, job, name }: real.Claim): boolean {
  if (!plantedBugs.has("no-recheck")) return false;
  ledger.run("UPDATE slot SET run = ?, verdict = NULL WHERE job = ? AND name = ?", run, job, name);
  return true;
}

export function writeCheck(ledger: Ledger, check: real.CheckRecord): void {
  const isLost = plantedBugs.has("edit-loses-slots") && check.said.includes("was edited");
  real.writeCheck(ledger, isLost ? { ...check, ends: [] } : check);
}

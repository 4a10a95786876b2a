import { HomeJobs } from "../../src/jobs/schedules.ts";
import { addDays, type Day } from "../../src/schedule/day.ts";
import { slotsBetween } from "../../src/schedule/slots.ts";
import { dayOfWall } from "../../src/schedule/wall.ts";
import type { Home } from "../../src/config/home.ts";
import type { Checks } from "./checks.ts";
import type { Mac } from "./mac/mac.ts";

/**
 * Liveness: when no fault has come for long, everything has reached its end. Every slot that came due
 * by `throughMs` has a verdict, no run is called running, and nothing is held.
 */
export function judgeTheEnd(
  mac: Mac,
  checks: Checks,
  { home, sinceMs, throughMs }: { home: Home; sinceMs: number; throughMs: number },
): void {
  const ledger = checks.ledger();
  if (!ledger) {
    checks.fail("there is no ledger");
    return;
  }
  const verdicts = new Map(
    ledger
      .prepare("SELECT job || '@' || name AS slot, verdict FROM slot")
      .all()
      .map((row) => [String(row["slot"]), row["verdict"]]),
  );
  for (const slot of dueSlots(home, sinceMs, throughMs)) {
    const verdict = verdicts.get(slot);
    if (verdict === undefined) checks.fail(`${slot} has no record`);
    else if (verdict === null) checks.fail(`${slot} has no verdict`);
  }
  for (const row of ledger.prepare("SELECT id, job FROM run WHERE state = 'running'").all()) {
    checks.fail(`run ${String(row["id"])} of ${String(row["job"])} is still called running`);
  }
  for (const { name, pid } of mac.processes) checks.fail(`${name} (${pid}) still runs`);
  if (mac.stores.locks.size > 0) checks.fail(`${mac.stores.locks.size} locks are held`);
}

/** Which slots came due, asked of the schedules; and those of each midnight, counted by the days alone. */
function dueSlots(home: Home, sinceMs: number, throughMs: number): string[] {
  const jobs = new HomeJobs(home);
  const found: string[] = [];
  for (const name of jobs.names) {
    const job = jobs.find(name);
    if (!job?.schedule || name === "nightly") continue;
    for (const slot of slotsBetween(job.schedule, sinceMs, throughMs)) {
      found.push(`${name}@${slot.name}`);
    }
  }
  const zone = jobs.find("nightly")?.zone;
  if (!zone) return found;
  const days: Day[] = [];
  const last = dayOfWall(zone.wallAt(throughMs));
  for (let day = addDays(dayOfWall(zone.wallAt(sinceMs)), 1); day <= last; day = addDays(day, 1)) {
    days.push(day);
  }
  return [...found, ...days.map((day) => `nightly@${day}T00:00`)];
}

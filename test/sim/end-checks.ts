import type { HomeJobs } from "../../src/jobs/schedules.ts";
import { addDays, type Day } from "../../src/schedule/day.ts";
import { slotsBetween } from "../../src/schedule/slots.ts";
import { dayOfWall } from "../../src/schedule/wall.ts";
import type { Checks } from "./checks.ts";
import type { Mac } from "./mac/mac.ts";
import type { Registration } from "./registrations.ts";

/** What there is at the end. */
export interface TheEnd {
  jobs: HomeJobs;
  sinceMs: number;
  throughMs: number;
  /** Whether the schedules of the job `sweep` were edited. */
  hasEdits: boolean;
  /** Whether what comes due in the last hours of peace must be done then. */
  isPrompt: boolean;
}

const PROMPT_FROM_MS = 26 * 3_600_000;
const PROMPT_UNTIL_MS = 2 * 3_600_000;

/**
 * Liveness: when no fault has come for long, everything has reached its end. Every slot that came due
 * by `throughMs` has a verdict, no run is called running, and nothing is held.
 */
export function judgeTheEnd(
  mac: Mac,
  checks: Checks,
  { jobs, sinceMs, throughMs, hasEdits, isPrompt }: TheEnd,
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
  const due = dueSlots(jobs, { sinceMs, throughMs }, hasEdits ? ["nightly", EDITED] : ["nightly"]);
  if (hasEdits) due.push(...editedSlots(jobs, checks.registrations, throughMs));
  for (const slot of due) {
    const verdict = verdicts.get(slot);
    if (verdict === undefined) checks.fail(`${slot} has no record`);
    else if (verdict === null) checks.fail(`${slot} has no verdict`);
  }
  if (isPrompt) judgePromptness(jobs, verdicts, checks, throughMs);
  for (const row of ledger.prepare("SELECT id, job FROM run WHERE state = 'running'").all()) {
    checks.fail(`run ${String(row["id"])} of ${String(row["job"])} is still called running`);
  }
  for (const { name, pid } of mac.processes) checks.fail(`${name} (${pid}) still runs`);
  if (mac.stores.locks.size > 0) checks.fail(`${mac.stores.locks.size} locks are held`);
}

/** When nothing stands in the way for a day and more, what is due is done, and in time. */
function judgePromptness(
  jobs: HomeJobs,
  verdicts: ReadonlyMap<string, unknown>,
  checks: Checks,
  throughMs: number,
): void {
  const span = {
    sinceMs: throughMs - PROMPT_FROM_MS,
    throughMs: throughMs - PROMPT_UNTIL_MS,
  };
  for (const slot of dueSlots(jobs, span, [])) {
    const verdict = verdicts.get(slot);
    const job = jobs.find(slot.slice(0, slot.indexOf("@")));
    if (verdict === "done" || job?.settings.enabled === false) continue;
    checks.fail(`${slot} is ${String(verdict)}, and nothing was in its way`);
  }
}

const EDITED = "sweep";

/** The slots of each schedule that the edited job had, while it had it. */
function editedSlots(
  jobs: HomeJobs,
  registrations: readonly Registration[],
  throughMs: number,
): string[] {
  const had = registrations.filter(({ job }) => job === EDITED);
  return had.flatMap(({ schedule, sinceMs }, index) => {
    const untilMs = Math.min(throughMs, had[index + 1]?.sinceMs ?? throughMs);
    const read = schedule === undefined ? undefined : jobs.scheduleOfText(schedule);
    if (!read || untilMs <= sinceMs) return [];
    return [...slotsBetween(read, sinceMs, untilMs)].map(({ name }) => `${EDITED}@${name}`);
  });
}

interface Span {
  sinceMs: number;
  throughMs: number;
}

/** Which slots came due, asked of the schedules; and those of each midnight, counted by the days alone. */
function dueSlots(
  jobs: HomeJobs,
  { sinceMs, throughMs }: Span,
  leftOut: readonly string[],
): string[] {
  const found: string[] = [];
  for (const name of jobs.names) {
    const job = jobs.find(name);
    if (!job?.schedule || leftOut.includes(name)) continue;
    for (const slot of slotsBetween(job.schedule, sinceMs, throughMs)) {
      found.push(`${name}@${slot.name}`);
    }
  }
  const zone = jobs.find("nightly")?.zone;
  if (!zone || !leftOut.includes("nightly")) return found;
  const days: Day[] = [];
  const last = dayOfWall(zone.wallAt(throughMs));
  for (let day = addDays(dayOfWall(zone.wallAt(sinceMs)), 1); day <= last; day = addDays(day, 1)) {
    days.push(day);
  }
  return [...found, ...days.map((day) => `nightly@${day}T00:00`)];
}

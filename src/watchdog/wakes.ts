import type { Host, WakeAsked } from "../host/host.ts";
import type { Road } from "../jobs/road.ts";
import type { ScheduledJob } from "../jobs/schedules.ts";
import { registeredJobs, type RegisteredJob } from "../ledger/jobs.ts";
import { newestSlots } from "../ledger/slots.ts";
import { slotsBetween } from "../schedule/slots.ts";
import type { Uptime } from "../system/uptime.ts";
import { judgedWake, readWakeBook, writeWakeBook, type WakeBook } from "./wake-book.ts";

const DAY_MS = 86_400_000;
/** As far as a Mac's log goes back is a week; what is older than this nobody asks about. */
const LOOK_BACK_MS = 3 * DAY_MS;
/** By then a slot was started, if it was started in time, and the Mac's log has it. */
const SETTLED_MS = 10 * 60_000;
const ASK_AHEAD_MS = 14 * DAY_MS;
/** Of a job that wakes the machine all day, only its newest slots are looked into. */
const SLOTS_MAX = 3;
const SLOTS_AHEAD_MAX = 64;

/**
 * Asks the host for the wakes of all jobs that are to be woken for, as they are now. Nothing where the host
 * cannot be asked.
 */
export async function askForNextWakes({ jobs, ledgers, world }: Road, host: Host): Promise<void> {
  if (!host.setWakes) return;
  const nowMs = world.clock.now();
  const duesMs: number[] = [];
  for (const { job } of wakingJobs(jobs, registeredJobs(ledgers.ledger))) {
    let count = 0;
    for (const { dueMs } of slotsBetween(job.schedule, nowMs, nowMs + ASK_AHEAD_MS)) {
      duesMs.push(dueMs);
      count += 1;
      if (count >= SLOTS_AHEAD_MAX) break;
    }
  }
  await host.setWakes(duesMs);
}

/**
 * Judges how the machine met the slots for which it was to be woken and that nobody has judged yet, and keeps
 * that; gives the book. Undefined where the host does not tell.
 */
export async function judgeWakes(
  { home, jobs, ledgers, world }: Road,
  host: Host,
  { boot, uptimeMs }: Uptime,
): Promise<WakeBook | undefined> {
  if (!host.judgeWakes) return undefined;
  const nowMs = world.clock.now();
  const before = await readWakeBook(home.paths);
  const bootMs = nowMs - uptimeMs;
  // Where the system has no name for a boot it is made of the clock, which is set right after a sleep: a run
  // since the boot began is of that boot, whatever it is called now.
  const isSame = before && (before.boot === boot || Date.parse(before.first_run) >= bootMs);
  const firstRun = isSame ? before.first_run : new Date(nowMs).toISOString();
  const judged = before?.judged ?? [];
  const known = new Set(judged.map(({ job, slot }) => `${job}@${slot}`));
  const times = { bootMs, firstRunMs: Date.parse(firstRun) };
  const asked = wakingJobs(jobs, registeredJobs(ledgers.ledger)).flatMap(({ job, sinceMs }) => {
    const fromMs = Math.max(sinceMs, nowMs - LOOK_BACK_MS);
    const slots = [...slotsBetween(job.schedule, fromMs, nowMs - SETTLED_MS)].slice(-SLOTS_MAX);
    const handled = new Map(
      newestSlots(ledgers.ledger, { job: job.name, limit: SLOTS_MAX * 4 }).map((slot) => [
        slot.name,
        // What was missed nobody has looked at in time; the rest was decided by a process of ours.
        slot.claimedMs ?? (slot.verdict === "missed" ? undefined : slot.recordedMs),
      ]),
    );
    return slots
      .filter(({ name }) => !known.has(`${job.name}@${name}`))
      .map(({ name, dueMs }) => ({
        slot: name,
        ask: { job: job.name, dueMs, handledMs: handled.get(name), ...times } satisfies WakeAsked,
      }));
  });
  const met = asked.length > 0 ? await host.judgeWakes(asked.map(({ ask }) => ask)) : [];
  const found = asked.flatMap(({ slot, ask }, index) => {
    const one = met[index];
    return one ? [judgedWake({ job: ask.job, slot, dueMs: ask.dueMs }, one)] : [];
  });
  const book: WakeBook = { schema: 1, boot, first_run: firstRun, judged: [...judged, ...found] };
  if (found.length > 0 || before?.boot !== boot) await writeWakeBook(home.paths, book);
  return book;
}

type Waking = {
  job: ScheduledJob & { schedule: NonNullable<ScheduledJob["schedule"]> };
  sinceMs: number;
};

function wakingJobs(jobs: Road["jobs"], registered: ReadonlyMap<string, RegisteredJob>): Waking[] {
  return jobs.names.flatMap((name) => {
    const job = jobs.find(name);
    const known = registered.get(name);
    if (!job?.schedule || !job.settings.power.wake || !known?.isEnabled) return [];
    return [{ job: { ...job, schedule: job.schedule }, sinceMs: known.sinceMs }];
  });
}

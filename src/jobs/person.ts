import { addWarning, findRun } from "../ledger/runs.ts";
import { claimSlot, endSlot, findSlot, reopenSlot } from "../ledger/slots.ts";
import type { DueSlot } from "../schedule/due.ts";
import { slotsBetween, type Slot } from "../schedule/slots.ts";
import { dayOfWall, wallOf } from "../schedule/wall.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { buryTheDead } from "./bury.ts";
import { openBook } from "./check.ts";
import { invocationOf } from "./invocation.ts";
import { takeGroupLock, takeJobLock, type LockWait } from "./job-locks.ts";
import { passGates } from "./pass-gates.ts";
import type { Invocation } from "./ports.ts";
import { endUnstarted, refuseRun, runKind, type KindEnd, type PipelineWish } from "./run-kind.ts";
import type { Road } from "./road.ts";
import type { ScheduledJob } from "./schedules.ts";

/** What a person asks of a job. */
export interface PersonWish {
  /** The slot's name, with or without its job before it; without, the run takes no slot. */
  slot?: string;
  /** Runs a slot that the calendar, the days or the phase leave out. */
  ignoreCalendar?: { who: string; reason: string };
  asOf?: string;
  pipeline?: PipelineWish;
  extraArguments?: readonly string[];
}

const DAY_MS = 86_400_000;

/**
 * Runs a job because a person says so: under the same locks, kill switch, gates and runner as a
 * scheduled one. Is refused (75), and that recorded, while another run is in the way. What keeps it
 * from starting is its verdict as well: `CBI_HELD` (77) for kill switch and gates, a lock that cannot
 * be used (1). Throws `CBI_SLOT_*` (64) for a slot that cannot be taken.
 */
export async function runByPerson(
  road: Road,
  job: ScheduledJob,
  wish: PersonWish,
): Promise<KindEnd> {
  const { home, world } = road;
  const wait: LockWait = {
    paths: home.paths,
    clock: world.clock,
    signal: world.signal,
    mayWait: false,
  };
  const slot = wish.slot === undefined ? undefined : slotNamed(road, job, wish.slot, wish);
  const invocation = invocationOf(road, job, {
    ...(slot && { slot: { name: slot.name, dueMs: slot.dueMs, day: slot.day } }),
    trigger: "person",
    isCatchUp: false,
    slotAttempt:
      1 + (slot ? (findSlot(road.ledgers.ledger, job.name, slot.name)?.attempts ?? 0) : 0),
    ...(wish.asOf !== undefined && { asOf: wish.asOf }),
    ...(wish.extraArguments && { extraArguments: wish.extraArguments }),
  });
  try {
    using lock = await takeJobLock(job.name, wait);
    using group = lock && (await takeGroupLock(job, wait));
    if (!lock || !group) return refuseRun(road, invocation);
    return await runUnderLocks(road, job, invocation, slot, wish);
  } catch (error) {
    if (!(error instanceof Failure) || error.exit === ExitCode.usage) throw error;
    return endUnstarted(road, invocation, error);
  }
}

async function runUnderLocks(
  road: Road,
  job: ScheduledJob,
  invocation: Invocation,
  slot: Slot | undefined,
  wish: PersonWish,
): Promise<KindEnd> {
  await buryTheDead(road, job.name);
  await mustMayStart(road, job, invocation);
  if (slot) take(road, invocation, slot);
  const { tags } = job.settings;
  const { world } = road;
  using watched = road.services.killSwitch.watch({ job: job.name, tags }, world);
  const inner = { ...world, signal: watched.signal };
  const end = await runKind(road, invocation, inner, { wish: wish.pipeline });
  record(road, invocation, slot, end, wish);
  return end;
}

/** The name of a slot as it was typed: `nightly@2026-11-20T00:00` or `2026-11-20T00:00`. */
export function slotNameIn(job: string, text: string): string {
  return text.startsWith(`${job}@`) ? text.slice(job.length + 1) : text;
}

/** The newest slot of today that is due and that the calendar leaves out; for a forced start. */
export function excludedToday(road: Road, job: ScheduledJob): string | undefined {
  if (!job.schedule) return undefined;
  const nowMs = road.world.clock.now();
  const fromMs = job.zone.dueOf(wallOf(dayOfWall(job.zone.wallAt(nowMs)))).dueMs;
  const today = [...slotsBetween(job.schedule, fromMs - 1, nowMs, { withExcluded: true })];
  return today.findLast(({ excluded }) => excluded !== undefined)?.name;
}

function slotNamed(road: Road, job: ScheduledJob, text: string, wish: PersonWish): Slot {
  const name = slotNameIn(job.name, text);
  const slot = slotOf(job, name);
  const nowMs = road.world.clock.now();
  if (!slot)
    throw noSlot(`${job.name} has no slot ${name}`, `cbi next --job ${job.name} --explain`);
  if (slot.dueMs > nowMs)
    throw noSlot(`${job.name}@${name} is not due yet`, `cbi next --job ${job.name}`);
  if (slot.excluded === undefined || wish.ignoreCalendar) return slot;
  throw new Failure({
    code: "CBI_SLOT_EXCLUDED",
    message: `${job.name}@${name} does not run: ${slot.excluded}`,
    remedy: "Run it all the same with: --ignore-calendar --why TEXT",
    exit: ExitCode.usage,
  });
}

function slotOf({ schedule, zone }: ScheduledJob, name: string): Slot | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d)Z?$/.exec(name);
  const day = match?.[1];
  if (!schedule || day === undefined) return undefined;
  const aboutMs = zone.dueOf(wallOf(day)).dueMs;
  const around = slotsBetween(schedule, aboutMs - DAY_MS, aboutMs + 2 * DAY_MS, {
    withExcluded: true,
  });
  for (const slot of around) if (slot.name === name) return slot;
  return undefined;
}

async function mustMayStart(road: Road, job: ScheduledJob, invocation: Invocation): Promise<void> {
  const { services, world } = road;
  const target = { job: job.name, tags: job.settings.tags };
  const kill = await services.killSwitch.verdict(target, world.clock.now());
  if (kill.blocked) throw held(kill.reason, "Let it start again with: cbi resume");
  // A person is there to ask again: a gate is not waited for.
  const gates = await passGates(services.gates, invocation, world, Number.NEGATIVE_INFINITY);
  if (!gates.passed) throw held(gates.reason, `See its gates with: cbi jobs show ${job.name}`);
}

function take(road: Road, invocation: Invocation, slot: DueSlot): void {
  const { ledger } = road.ledgers;
  const { job, run } = invocation;
  const nowMs = road.world.clock.now();
  openBook(road.jobs, ledger, nowMs);
  const { name, dueMs, day } = slot;
  const claim = { job, name, dueMs, day, run, isCatchUp: false, nowMs };
  if (claimSlot(ledger, claim) || reopenSlot(ledger, claim)) return;
  const found = findSlot(ledger, job, name);
  const what =
    found?.verdict === "done" ? `is done, by run ${found.run ?? "?"}` : "is claimed by a run";
  throw noSlot(`${job}@${name} ${what}`, `run it without its slot: cbi run ${job}`);
}

/** A person's run gives its slot a verdict at once: who asked can ask again. */
function record(
  road: Road,
  { job, run }: Invocation,
  slot: DueSlot | undefined,
  end: KindEnd,
  { ignoreCalendar }: PersonWish,
): void {
  const { ledger } = road.ledgers;
  const why =
    ignoreCalendar && `the calendar was ignored by ${ignoreCalendar.who}: ${ignoreCalendar.reason}`;
  if (why !== undefined && findRun(ledger, run)) addWarning(ledger, run, why);
  if (!slot) return;
  const verdict = end.end === "interrupted" ? "failed" : end.end;
  const reasons = [end.end === "interrupted" ? "interrupted" : end.reason, why];
  const reason = reasons.filter((one) => one !== undefined).join("; ");
  endSlot(ledger, {
    job,
    name: slot.name,
    run,
    verdict,
    reason: reason === "" ? undefined : reason,
    nowMs: road.world.clock.now(),
  });
}

function held(reason: string, remedy: string): Failure {
  return new Failure({ code: "CBI_HELD", message: reason, remedy, exit: ExitCode.held });
}

function noSlot(message: string, command: string): Failure {
  return new Failure({
    code: "CBI_SLOT_UNAVAILABLE",
    message,
    remedy: `See: ${command}`,
    exit: ExitCode.usage,
  });
}

import { claimedSlots } from "../../ledger/slots.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { buryTheDead } from "../bury.ts";
import { takeJobLock } from "../job-locks.ts";
import { runByPerson } from "../person.ts";
import { runScheduled, type Road, type RoadEnd } from "../road.ts";
import type { ScheduledJob } from "../schedules.ts";
import { endTimeOf } from "./end-time.ts";
import { answerRequest } from "./request.ts";
import { serviceState } from "./state.ts";
import { forgetWanted, stateOfWanted, wantedService, type WantedService } from "./wanted.ts";

const LOOK_MS = 10_000;

/** How a stay of a keeper ended, for a person who waits for the service. */
interface Outcome {
  exitCode: ExitCode;
  message: string;
  remedy?: string | undefined;
  /** Its time was over, which may be because its next slot is due. */
  isOver: boolean;
}

/**
 * What whoever keeps a service does from its start to its end: takes what is due of the schedule, else
 * what a person wants. Starting it when there is neither is harmless, which lets a host start it again
 * after every crash.
 */
export async function keepService(
  road: Road,
  job: ScheduledJob,
  options: { mayWait: boolean; isEnding?: () => boolean },
): Promise<RoadEnd> {
  const isWanted = async (): Promise<boolean> => (await openWish(road, job)) !== undefined;
  let exitCode: ExitCode = ExitCode.done;
  for (;;) {
    // Somebody who is there to ask again waits for no other run or job.
    const mayWait = options.mayWait && (await openWish(road, job)) === undefined;
    const end = await withWord(road, job, () =>
      runScheduled(road, job.name, { ...options, mayWait, isWanted }),
    );
    if (end.exitCode !== ExitCode.done) exitCode = end.exitCode;
    const wish = await openWish(road, job);
    const healedMs = options.mayWait ? healingUntil(road, job, end) : undefined;
    if (!wish && healedMs !== undefined) {
      await waitUntil(road, healedMs, isWanted);
      exitCode = ExitCode.done;
      continue;
    }
    if (!wish || options.isEnding?.() === true) return { ...end, exitCode };
    // Slots that ended without a start are no answer.
    const hasRun = end.slots.some(({ run }) => run !== undefined);
    const isTaken = hasRun || end.exitCode !== ExitCode.done;
    const outcome = isTaken ? ofRoad(end) : await withWord(road, job, () => runWanted(road, job));
    await tell(road, job, wish, outcome);
    if (outcome.exitCode !== ExitCode.done) exitCode = outcome.exitCode;
    if (!outcome.isOver) return { ...end, exitCode };
  }
}

/** When its slot goes on that failed in a way that time may heal; undefined where it does not. */
function healingUntil({ ledgers }: Road, job: ScheduledJob, { next }: RoadEnd): number | undefined {
  const hasFailed = claimedSlots(ledgers.ledger, job.name).some(({ failures }) => failures > 0);
  return hasFailed && next.step === "wait" ? next.untilMs : undefined;
}

/** No host looks so soon again: whoever keeps the service waits for itself, unless a person wants it now. */
async function waitUntil(
  { world: { clock, signal } }: Road,
  untilMs: number,
  isWanted: () => Promise<boolean>,
): Promise<void> {
  while (clock.now() < untilMs && !(await isWanted())) {
    await clock.sleep(Math.min(LOOK_MS, untilMs - clock.now()), signal);
  }
}

/** The word that nobody obeys yet; one that has been heard is taken away. */
async function openWish(road: Road, job: ScheduledJob): Promise<WantedService | undefined> {
  const { home, ledgers, world } = road;
  const wish = await wantedService(home.paths, job.name);
  if (!wish) return undefined;
  const nowMs = world.clock.now();
  const state = stateOfWanted(ledgers.ledger, job.name, wish, nowMs);
  if (state === "kept") return undefined;
  if (state === "open" && !isPastItsEnd(job, wish, nowMs)) return wish;
  if (state === "storm") {
    const message = `${job.name} is not started again: its keeper died too often within an hour`;
    world.emit({ event: "warning", message });
  }
  await endWhatIsLeft(road, job.name);
  forgetWanted(home.paths, job.name);
  return undefined;
}

/** What a dead keeper has left is nobody's when it is not started again. */
async function endWhatIsLeft(road: Road, job: string): Promise<void> {
  const { clock, signal } = road.world;
  const { paths } = road.home;
  using lock = await takeJobLock(job, { paths, clock, signal, mayWait: false });
  if (lock) await buryTheDead(road, job);
}

/** A life that goes on after a crash has the end that the first one had. */
function isPastItsEnd(job: ScheduledJob, { sinceMs }: WantedService, nowMs: number): boolean {
  const { settings } = job;
  if (settings.kind !== "service") return true;
  const end = endTimeOf({ ...job, settings }, { slot: undefined, startMs: sinceMs });
  return end.kind === "at" && end.atMs <= nowMs;
}

/** Nobody waits for a keeper that has thrown, and the next one is not to do what it was told. */
async function withWord<T>(road: Road, job: ScheduledJob, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const wish = await wantedService(road.home.paths, job.name);
    const exitCode = error instanceof Failure ? error.exit : ExitCode.bug;
    const outcome = { exitCode, message: messageOf(error), isOver: false };
    if (wish) await tell(road, job, wish, outcome);
    throw error;
  }
}

async function runWanted(road: Road, job: ScheduledJob): Promise<Outcome> {
  const { end, exitCode, error, reason } = await runByPerson(road, job, {});
  return {
    exitCode,
    message: error?.message ?? reason ?? `it is ${end}`,
    remedy: error?.remedy,
    isOver: end === "done",
  };
}

function ofRoad({ exitCode, slots, next }: RoadEnd): Outcome {
  const busy =
    exitCode === ExitCode.lockHeld ? "another run of it or its group is under way" : undefined;
  const message = slots.at(-1)?.reason ?? busy ?? next.reason;
  return { exitCode, message, isOver: false };
}

/** Somebody else may be keeping it for the very same wish, which then stands. */
async function tell(
  { home, ledgers }: Road,
  job: ScheduledJob,
  { id }: WantedService,
  { exitCode, message, remedy }: Outcome,
): Promise<void> {
  if (exitCode === ExitCode.lockHeld && isKept(ledgers.ledger, job)) return;
  const answer = { id, outcome: "refused", message, exit: exitCode, remedy } as const;
  await answerRequest(home.paths, job.name, answer);
  forgetWanted(home.paths, job.name);
}

function isKept(...[ledger, job]: Parameters<typeof serviceState>): boolean {
  return ["running", "restarting", "starting"].includes(serviceState(ledger, job).state);
}

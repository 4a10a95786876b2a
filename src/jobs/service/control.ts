import { parseDurationMs } from "../../config/duration.ts";
import { claimedSlots, recordEnd } from "../../ledger/slots.ts";
import { runningFile } from "../../pipeline/run-files.ts";
import type { Clock } from "../../system/clock.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { systemRandom } from "../../system/random.ts";
import { buryTheDead } from "../bury.ts";
import { endOrphans } from "../command/orphans.ts";
import { takeJobLock } from "../job-locks.ts";
import type { Road } from "../road.ts";
import type { ScheduledJob } from "../schedules.ts";
import { answerTo, askService, withdrawRequest, type ServiceRequest } from "./request.ts";
import { serviceState, type ServiceState } from "./state.ts";
import { forgetWanted } from "./wanted.ts";

const POLL_MS = 100;

/** What a person asks of a service, and how long they wait for it. */
export interface ServiceWish {
  who: string;
  reason: string;
  waitMs: number;
}

/**
 * Stops a service, whoever keeps it, and sees to it that its slot does not go on later. Gives what it was
 * before. Throws `CBI_SERVICE_UNANSWERED` (1) when its keeper does not obey in time.
 */
export async function stopService(
  road: Road,
  job: ScheduledJob,
  wish: ServiceWish,
): Promise<ServiceState> {
  const { clock, signal } = road.world;
  const before = stateOf(road, job);
  forgetWanted(road.home.paths, job.name);
  const asked = new Set<string>();
  let isSettled = false;
  const isDone = await within(wish.waitMs, clock, signal, async () => {
    // One that nobody keeps is stopped here; else whoever keeps it is asked, once.
    isSettled = await settleUnkept(road, job, wish);
    if (isSettled) return true;
    const { run } = stateOf(road, job);
    if (run !== undefined && !asked.has(run)) {
      asked.add(run);
      await askService(road.home.paths, job.name, requestOf(run, "stop", wish));
    }
    return false;
  });
  if (isDone) return before;
  withdrawRequest(road.home.paths, job.name);
  throw unanswered(job.name, wish.waitMs);
}

/**
 * Restarts a running service by asking its keeper; resolves with its new state when it is up again. Throws
 * `CBI_SERVICE_NOT_RUNNING` (1), `CBI_HELD` (77) when a kill switch or a gate forbids it and the service
 * goes on, and `CBI_SERVICE_UNANSWERED` (1).
 */
export async function restartService(
  road: Road,
  job: ScheduledJob,
  wish: ServiceWish,
): Promise<ServiceState> {
  const { home, world } = road;
  const { run, state } = stateOf(road, job);
  if (run === undefined || state === "dead") throw notRunning(job.name, state);
  const request = requestOf(run, "restart", wish);
  await askService(home.paths, job.name, request);
  let answer: Awaited<ReturnType<typeof answerTo>>;
  const isDone = await within(wish.waitMs, world.clock, world.signal, async () => {
    answer = await answerTo(home.paths, job.name, request.id);
    return answer !== undefined || stateOf(road, job).run !== run;
  });
  if (!isDone) {
    withdrawRequest(home.paths, job.name);
    throw unanswered(job.name, wish.waitMs);
  }
  if (!answer) throw notRunning(job.name, "stopped");
  if (answer.outcome === "done") return stateOf(road, job);
  throw new Failure({
    code: "CBI_HELD",
    message: `${job.name} is ${answer.message}`,
    remedy: `See its gates with: cbi jobs show ${job.name}; end a pause with: cbi resume`,
    exit: ExitCode.held,
  });
}

/** Asks until it is so or the time is up. */
export async function within(
  waitMs: number,
  clock: Clock,
  signal: AbortSignal,
  isSo: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const startedMs = clock.monotonic();
  while (!(await isSo())) {
    if (clock.monotonic() - startedMs >= waitMs) return false;
    await clock.sleep(POLL_MS, signal);
  }
  return true;
}

/** How long its keeper may need: the grace, and its look once a second. */
export function patienceMs(job: ScheduledJob): number {
  const { settings } = job;
  const grace = settings.kind === "service" ? settings.grace : "0s";
  return (parseDurationMs(grace) ?? 0) + 20_000;
}

function stateOf(road: Road, job: ScheduledJob): ServiceState {
  return serviceState(road.ledgers.ledger, job);
}

function requestOf(run: string, wish: ServiceRequest["wish"], by: ServiceWish): ServiceRequest {
  return { id: systemRandom.hex(8), run, wish, who: by.who, reason: by.reason };
}

/** Ends what is left of a service that nobody keeps, and its open slots; false when somebody has its lock. */
async function settleUnkept(road: Road, job: ScheduledJob, wish: ServiceWish): Promise<boolean> {
  const { home, world, ledgers } = road;
  const { clock, signal } = world;
  using lock = await takeJobLock(job.name, { paths: home.paths, clock, signal, mayWait: false });
  if (!lock) return false;
  await buryTheDead(road, job.name);
  const graceMs = parseDurationMs(job.settings.kind === "service" ? job.settings.grace : "0s") ?? 0;
  await endOrphans(runningFile(home.paths, job.name), graceMs, clock);
  const why = wish.reason === "" ? "" : `: ${wish.reason}`;
  const reason = `stopped by ${wish.who}, not to go on${why}`;
  const { ledger } = ledgers;
  ledger.transaction(() => {
    for (const { name, dueMs, day } of claimedSlots(ledger, job.name)) {
      recordEnd(ledger, job.name, { name, dueMs, day, verdict: "skipped", reason }, clock.now());
    }
  });
  return true;
}

function notRunning(job: string, state: ServiceState["state"]): Failure {
  return new Failure({
    code: "CBI_SERVICE_NOT_RUNNING",
    message: `${job} is not running: it is ${state}`,
    remedy: `Start it with: cbi service start ${job}`,
    exit: ExitCode.failed,
  });
}

function unanswered(job: string, waitMs: number): Failure {
  return new Failure({
    code: "CBI_SERVICE_UNANSWERED",
    message: `whoever keeps ${job} has not done it within ${Math.round(waitMs / 1000)} s`,
    remedy: `Wait longer with --wait, or stop it by the kill switch: cbi pause --job ${job} --stop --why TEXT`,
    exit: ExitCode.failed,
    class: "retryable",
  });
}

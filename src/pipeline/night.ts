import { homeCalendar } from "../config/calendars.ts";
import type { Home } from "../config/home.ts";
import { keepLastGood } from "../config/last-good.ts";
import type { StageName } from "../config/schema.ts";
import type { KillTarget } from "../guard/kill-switch.ts";
import { assertNotKilled } from "../guard/open-kill-switch.ts";
import type { Trigger } from "../ledger/runs.ts";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import type { Clock } from "../system/clock.ts";
import { codeHash } from "../system/code-identity.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import { systemRandom } from "../system/random.ts";
import { openRunLog, type RunLog } from "../system/run-log.ts";
import { version } from "../system/version.ts";
import { openLocalExecutor } from "../training/local-executor.ts";
import { openWarehouse } from "../warehouse/open.ts";
import { nightlyChain } from "./nightly-chain.ts";
import type { Emit, RunEvent } from "./events.ts";
import type { PipelineServices, RunVerdict } from "./run-request.ts";
import { runPipeline } from "./runner.ts";
import { pruneHome } from "./prune.ts";
import { runLogFile } from "./run-files.ts";

/** One night, as a person or a schedule asks for it. */
export interface NightRequest {
  /** The run's id, where its asker needs to know it before. */
  run?: string;
  job: string;
  trigger: Trigger;
  /** The slot that it handles. */
  slot?: string;
  /** The day whose close the run may know; by default `as_of` of cbi.yaml, else the last session closed. */
  asOf?: string;
  from?: StageName;
  only?: StageName;
  force?: boolean;
}

/** What a night needs from the process that runs it. */
export interface NightWorld {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  emit: Emit;
  signal: AbortSignal;
}

/** Runs the nightly pipeline of a home and returns its verdict; the log of the run is kept beside. */
export async function runNight(
  home: Home,
  request: NightRequest,
  world: NightWorld,
): Promise<RunVerdict> {
  const calendar = homeCalendar(home);
  const asOf = asOfDay(request.asOf ?? home.config.as_of, calendar, world.clock.now());
  const log = nightLog(home, request.job, world.emit);
  try {
    await keepLastGood(home, world.clock).catch((error: unknown) => {
      // Without the copy a later mistake is told less well; the night itself needs none.
      const message = `the configuration could not be kept: ${messageOf(error)}`;
      log.emit({ event: "warning", message });
    });
    const services = {
      ...nightServices(home, calendar, world, log.emit),
      beforeStage: () => assertNotKilled(home.paths, targetOf(home, request), world.clock.now()),
    };
    return await runPipeline({ ...request, asOf }, services);
  } finally {
    log.close();
  }
}

function targetOf({ config }: Home, { job }: NightRequest): KillTarget {
  return { job, tags: config.jobs[job]?.tags ?? [] };
}

/** What `runPipeline` and `planPipeline` work with, for this home. */
export function nightServices(
  home: Home,
  calendar: TradingCalendar,
  world: NightWorld,
  emit: Emit,
): PipelineServices {
  return {
    paths: home.paths,
    config: home.config,
    configHash: home.configHash,
    version: version(),
    codeHash: codeHash(),
    chain: nightlyChain,
    clock: world.clock,
    random: systemRandom,
    calendar,
    warehouse: openWarehouse(home.config, home.paths),
    openExecutor: (signal) =>
      openLocalExecutor({
        environment: world.environment,
        train: home.config.train,
        clock: world.clock,
        signal,
      }),
    emit,
    signal: world.signal,
    tidyUp: async (ledger) => {
      const pruned = await pruneHome({ home, ledger, clock: world.clock, isDryRun: false });
      return pruned.warnings;
    },
  };
}

/**
 * The as-of day: the wish, or the last session closed. A day without a session becomes the session
 * before it, and a day that has not closed yet is refused.
 */
export function asOfDay(
  wish: string | undefined,
  calendar: TradingCalendar,
  nowMs: number,
): string {
  const newest = calendar.lastClosedSession(nowMs);
  if (wish === undefined) return newest;
  const day = calendar.isSession(wish) ? wish : calendar.previousSession(wish);
  if (day <= newest) return day;
  throw new Failure({
    code: "CBI_AS_OF_FUTURE",
    message: `the as-of day ${wish} has not closed yet; the last session that has is ${newest}`,
    remedy: `Use --as-of ${newest} or an earlier day.`,
    exit: ExitCode.usage,
  });
}

/** Passes events on and keeps them in the run's log, which gets its name from the first. */
function nightLog(home: Home, job: string, emit: Emit): { emit: Emit; close: () => void } {
  let log: RunLog | undefined;
  const write = (event: RunEvent): void => {
    if (event.event === "run-started") {
      const file = runLogFile(home.paths, job, event.run);
      log = openRunLog(file, (problem) => emit({ event: "warning", message: problem }));
    }
    if (isWorthKeeping(event)) log?.write({ ...event });
    emit(event);
  };
  return { emit: write, close: () => log?.[Symbol.dispose]() };
}

/** Every boosting round is for the eye; the log keeps the starts and ends. */
function isWorthKeeping(event: RunEvent): boolean {
  return event.event !== "training" || event.progress.type !== "round";
}

import path from "node:path";
import type { Home } from "../../config/home.ts";
import type { Config } from "../../config/schema.ts";
import type { PriceRow } from "../../evaluation/forecast.ts";
import { priceSeries } from "../../evaluation/price-series.ts";
import { renderReplayReport } from "../../evaluation/report/replay.ts";
import { judgeReplay, replaySchema, type Replay } from "../../evaluation/replay.ts";
import type { ReplayNight } from "../../evaluation/replay-night.ts";
import { RunLock } from "../../guard/run-lock.ts";
import { homeCalendar } from "../../config/calendars.ts";
import type { Clock } from "../../system/clock.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { replaceFile, replaceJson } from "../../system/files.ts";
import type { HomePaths } from "../../system/home.ts";
import type { RecordedError } from "../../ledger/runs.ts";
import { duckdbSettings } from "../../warehouse/duckdb/settings.ts";
import { openWarehouse } from "../../warehouse/open.ts";
import { runNight } from "../night.ts";
import { lockHeld } from "../run-start.ts";
import { replayDays, type ReplayRange } from "./days.ts";
import type { ReplayEvent } from "./events.ts";
import {
  clearReplay,
  copyHome,
  ignoreReplays,
  keepNight,
  keptNights,
  readPlan,
  replayFolder,
  writePlan,
  type ReplayFolder,
} from "./folder.ts";
import { inputHashes, isInside } from "./inputs.ts";
import { judgeNight, nightOfRun } from "./night-of-run.ts";
import { decideStart, nightsLeft, replaySecondsLeft, type ReplayPlan } from "./plan-file.ts";

/** Which past nights to run, and where. */
export interface ReplayRequest {
  from: string;
  /** By default the day of the newest price. */
  to?: string;
  every: number;
  /** Absolute; by default a folder of the home. */
  into?: string;
  /** Throws away what an earlier replay left in that folder. */
  isFresh: boolean;
}

/** What a replay needs from the process that runs it. */
export interface ReplayWorld {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  emit: (event: ReplayEvent) => void;
  signal: AbortSignal;
}

/** A replay before its first night: what it would do. */
export interface ReplayOutlook {
  range: ReplayRange;
  folder: ReplayFolder;
  days: string[];
  /** Days whose night is done already. */
  done: string[];
  /** Why it cannot go on where it stopped; empty when it can, or when it starts anew. */
  differences: string[];
  plan: ReplayPlan;
  /** Every price known, by which outcomes are judged. */
  prices: PriceRow[];
}

/** How a replay ended. */
export interface ReplayResult {
  exitCode: ExitCode;
  replay: Replay;
  folder: ReplayFolder;
  /** What stopped it before its last night. */
  error: RecordedError | undefined;
}

/** Looks at what a replay would do, and changes nothing. Throws a `Failure` for an impossible one. */
export async function outlookOf(
  home: Home,
  request: ReplayRequest,
  world: Pick<ReplayWorld, "clock">,
): Promise<ReplayOutlook> {
  // Nights of the past must not be published where the dashboard reads.
  duckdbSettings(home.config);
  const calendar = homeCalendar(home);
  const closed = calendar.lastClosedSession(world.clock.now());
  // The series lies in a source file, so reading it opens no database of the home's.
  const prices = await openWarehouse(home.config, home.paths).prices(closed);
  const newest = prices.at(-1)?.date ?? request.from;
  const range = { from: request.from, to: request.to ?? newest, every: request.every };
  const days = replayDays(range, calendar, newest);
  const folder = replayFolder(home.paths, range, request.into);
  const plan: ReplayPlan = {
    schema: 1,
    symbol: home.config.symbol,
    job: pipelineJob(home.config),
    from: range.from,
    every: range.every,
    inputs: await inputHashes(home.config, home.paths),
  };
  const start = decideStart(await readPlan(folder, home.paths), plan);
  const goesOn = start.kind === "resume" && !request.isFresh;
  const done = goesOn ? (await keptNights(folder, days)).map((night) => night.as_of) : [];
  const differences = start.kind === "refuse" && !request.isFresh ? start.differences : [];
  return { range, folder, days, done, differences, plan, prices };
}

/**
 * Runs past nights in order, each as of its own day, in a home of their own, and judges what they
 * published by the prices known today. The home itself is read and never written. Nights that are
 * done are not run again; one that was cut short is, by way of its checkpoints. Throws a `Failure`
 * when the folder holds a replay of something else.
 */
export async function runReplay(
  home: Home,
  request: ReplayRequest,
  world: ReplayWorld,
): Promise<ReplayResult> {
  const { folder } = await outlookOf(home, request, world);
  using lock = RunLock.tryTake(folder.lock);
  if (!lock) throw lockHeld(`another replay is under way in ${folder.paths.root}`);
  // Asked again under the lock: what was there may have moved on meanwhile.
  const outlook = await outlookOf(home, request, world);
  if (outlook.differences.length > 0) throw changed(outlook);
  if (request.isFresh) await clearReplay(folder);
  await writePlan(folder, outlook.plan);
  await ignoreReplays(home.paths, folder);
  await copyHome(home, folder);
  const replayed = homeOfReplay(home, folder.paths);
  const stopped = await runNights(replayed, outlook, world);
  return report(home, outlook, stopped);
}

/** Why the nights ended before the last one. */
interface Stop {
  exitCode: ExitCode;
  error: RecordedError | undefined;
}

async function runNights(
  home: Home,
  { folder, days, done, plan }: ReplayOutlook,
  world: ReplayWorld,
): Promise<Stop | undefined> {
  const { clock, emit } = world;
  const nights = days.length;
  emit({ event: "replay-started", folder: folder.paths.root, nights, done: done.length });
  const nightSeconds = (await keptNights(folder, done)).map((night) => night.seconds);
  for (const asOf of nightsLeft(days, new Set(done))) {
    if (world.signal.aborted) return { exitCode: ExitCode.interrupted, error: undefined };
    const number = days.indexOf(asOf) + 1;
    const left = nights - number + 1;
    const secondsLeft = replaySecondsLeft({ nightSeconds, left, underWaySeconds: 0 });
    emit({ event: "night-started", number, nights, asOf, secondsLeft });
    const startedMs = clock.monotonic();
    const verdict = await runNight(
      home,
      { job: plan.job, trigger: "replay", asOf },
      { ...world, emit: (event) => emit({ event: "night", inner: event }) },
    );
    const judged = judgeNight(verdict.exitCode);
    if (judged === "stop") {
      return { exitCode: verdict.exitCode, error: verdict.status.error ?? undefined };
    }
    const seconds = (clock.monotonic() - startedMs) / 1000;
    const night = await nightOfRun(home.paths, asOf, verdict, judged, seconds);
    await keepNight(folder, night);
    nightSeconds.push(seconds);
    emit({ event: "night-finished", number, nights, night });
  }
  return undefined;
}

async function report(
  home: Home,
  { range, folder, days, prices }: ReplayOutlook,
  stopped: Stop | undefined,
): Promise<ReplayResult> {
  const nights = await keptNights(folder, days);
  const replay = replaySchema.parse(
    judgeReplay({
      symbol: home.config.symbol,
      priceUnit: home.config.price.column,
      ...range,
      nightsAsked: days.length,
      nights,
      horizons: home.config.horizons,
      series: priceSeries(prices),
      settings: home.config.evaluate,
    }),
  );
  await replaceJson(folder.json, replay);
  await replaceFile(folder.html, renderReplayReport(replay));
  return {
    exitCode: stopped?.exitCode ?? exitCodeOf(nights),
    replay,
    folder,
    error: stopped?.error,
  };
}

/** A replay whose nights all refused their data has nothing to show. */
function exitCodeOf(nights: readonly ReplayNight[]): ExitCode {
  const done = nights.filter((night) => night.outcome === "done").length;
  if (done === nights.length) return ExitCode.done;
  return done === 0 ? ExitCode.dataRefused : ExitCode.warnings;
}

/** The home that the nights run in: the same configuration, with outside files where they are. */
function homeOfReplay(home: Home, paths: HomePaths): Home {
  const warehouse = duckdbSettings(home.config);
  const { trainingData } = home.paths;
  const placed = (file: string): string => {
    const absolute = path.resolve(trainingData, file);
    return isInside(path.relative(trainingData, absolute)) ? file : absolute;
  };
  const sources = Object.entries(warehouse.sources).map(([name, source]) => [
    name,
    typeof source === "string" ? placed(source) : { ...source, path: placed(source.path) },
  ]);
  const config: Config = {
    ...home.config,
    warehouse: {
      ...warehouse,
      sources: Object.fromEntries(sources),
      prepare: placed(warehouse.prepare),
    },
  };
  return { ...home, paths, config };
}

/** The pipeline whose nights are replayed: `nightly` where there is one. */
function pipelineJob(config: Config): string {
  const names = Object.keys(config.jobs).filter((name) => config.jobs[name]?.kind === "pipeline");
  const job = names.find((name) => name === "nightly") ?? names[0];
  if (job !== undefined) return job;
  throw new Failure({
    code: "CBI_NO_PIPELINE",
    message: "cbi.yaml has no job of kind pipeline, so there are no nights to replay",
    remedy: "Add one under jobs: nightly: { kind: pipeline }",
    exit: ExitCode.configInvalid,
  });
}

function changed({ folder, differences }: ReplayOutlook): Failure {
  const shown = differences.slice(0, 5).join("; ");
  const more = differences.length > 5 ? `; and ${differences.length - 5} more` : "";
  return new Failure({
    code: "CBI_REPLAY_CHANGED",
    message: `${folder.paths.root} holds nights of another replay: ${shown}${more}`,
    remedy:
      "Undo the change to go on, begin anew with --fresh, or name another folder with --into.",
    exit: ExitCode.usage,
  });
}

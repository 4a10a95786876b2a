import type { Home } from "../../config/home.ts";
import type { StageName } from "../../config/schema.ts";
import { STAGE_NAMES } from "../../config/stage-names.ts";
import { beginForHost } from "../../host/begin.ts";
import { awakeForRun } from "../../host/launchd/awake/awake-for-run.ts";
import { excludedToday, runByPerson, type PersonWish } from "../../jobs/person.ts";
import { lastBeat } from "../../guard/heartbeat.ts";
import { runScheduled, type Road, type RoadEnd } from "../../jobs/road.ts";
import type { ScheduledJob } from "../../jobs/schedules.ts";
import { Ledger } from "../../ledger/ledger.ts";
import type { RunStatus } from "../../ledger/status-schema.ts";
import type { RunEvent } from "../../pipeline/events.ts";
import type { planNight } from "../../pipeline/plan.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { oneArena } from "../../system/start-again.ts";
import {
  homeOption,
  jsonOption,
  type Command,
  type CommandContext,
  type CommandInput,
} from "../command.ts";
import { homeOf } from "../home.ts";
import { parseDay, parseOneOf } from "../options.ts";
import { jobOf, roadOf, whoIs } from "../road.ts";
import { plainPresenter } from "../show/plain.ts";
import { roadEndJson, roadEndLines } from "../show/road-end.ts";

interface RunOptions {
  scheduled?: boolean;
  slot?: string;
  ignoreCalendar?: boolean;
  why?: string;
  who?: string;
  asOf?: string;
  from?: StageName;
  only?: StageName;
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `cbi run`: a job now, or what of its schedule is due, by the one road. */
export const command: Command = {
  words: ["run"],
  summary: "Run a job now, such as the nightly pipeline",
  description:
    "A stage whose inputs, code and settings are those of a finished one is reused after its outputs\n" +
    "have been verified, so a run that was interrupted goes on where it stopped. A plain run takes no\n" +
    "slot of the schedule; --scheduled starts what is due, and is harmless when nothing is.\n" +
    "--from does a stage and all after it again; those before it are reused where they can be and done\n" +
    "where not. --only does one stage on what is there: where a stage before it would have to be done,\n" +
    "the run is refused. --force reuses nothing; --only with --force does all up to that stage anew.",
  arguments: [{ name: "<job>", summary: "the job's name in cbi.yaml, such as nightly" }],
  takesRest: true,
  options: [
    { flags: "--scheduled", summary: "start what is due of its schedule, as a scheduler does" },
    { flags: "--slot <slot>", summary: "run this slot, which is due and not done" },
    {
      flags: "--ignore-calendar",
      summary: "run a slot that the calendar leaves out; with --scheduled, today's",
    },
    { flags: "--why <text>", summary: "why the calendar is ignored, for the record" },
    { flags: "--who <name>", summary: "who decides it (default: the user)" },
    { flags: "--as-of <date>", summary: "the day whose close the run may know", parse: parseDay },
    {
      flags: "--from <stage>",
      summary: `do this stage and all after it again (${STAGE_NAMES.join(", ")})`,
      parse: parseOneOf(STAGE_NAMES, "stage"),
    },
    {
      flags: "--only <stage>",
      summary: "do this stage alone again, on what those before it have made",
      parse: parseOneOf(STAGE_NAMES, "stage"),
    },
    { flags: "--force", summary: "reuse nothing; with --only, up to that stage" },
    { flags: "--dry-run", summary: "say what would be reused and what would be done" },
    { ...jsonOption, summary: "one JSON line an event; the last is the verdict" },
    homeOption,
  ],
  examples: [
    { line: "cbi run nightly", says: "the night of the last session closed" },
    {
      line: "cbi run nightly --as-of 2025-12-31",
      says: "a night of the past, knowing nothing later",
    },
    { line: "cbi run nightly --from train", says: "train, predict, upload and evaluate again" },
    { line: "cbi run nightly --only evaluate", says: "the report again, and nothing before it" },
    { line: "cbi run nightly --dry-run", says: "what would be done, and what is there already" },
    { line: "cbi run nightly --scheduled", says: "what launchd, systemd and cron call" },
    { line: "cbi run scan --slot 2026-11-20T08:30", says: "a slot that was missed, by name" },
    { line: "cbi run scan -- --verbose", says: "a command job with an argument of its own" },
  ],
  exits: [
    { code: ExitCode.done, when: "all is done and verified, or nothing was due" },
    { code: ExitCode.failed, when: "a stage or the command failed" },
    { code: ExitCode.usage, when: "--only asks for a stage that others would have to go before" },
    { code: ExitCode.dataRefused, when: "the audit or a stage refused the data" },
    {
      code: ExitCode.unavailable,
      when: "the warehouse could not be reached, or the home's volume is not there",
    },
    { code: ExitCode.lockHeld, when: "another run is under way" },
    { code: ExitCode.held, when: "a kill switch or a gate held it, or the clock is behind" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
    { code: ExitCode.interrupted, when: "stopped by Ctrl-C or SIGTERM; the next run resumes" },
  ],
  async run(context, input) {
    const options = input.options as RunOptions;
    if (options.scheduled) await beginForHost(context.environment, input.arguments[0]);
    checkOptions(options);
    const home = await homeOf(context, input, { isWritten: true });
    if (!options.dryRun) useOneArena(context, home, input.arguments[0]);
    const emit = await presenter(context, options);
    for (const warning of home.warnings) emit({ event: "note", message: warning });
    const road = roadOf(context, home, emit);
    using ledgers = road.ledgers;
    void ledgers;
    const job = jobOf(road, input.arguments[0] ?? "");
    mustBePipelineFor(options, job.settings.kind, job.name);
    if (options.dryRun) return showPlan(context, home, planRequest(job.name, options), options);
    const forced =
      options.scheduled && options.ignoreCalendar ? excludedToday(road, job) : undefined;
    const say = (message: string): void => emit({ event: "note", message });
    using awake = awakeForRun(job.settings.power.awake, { ...context, say });
    void awake;
    if (options.scheduled) await lookAtWatchdog(context, road);
    if (options.scheduled && forced === undefined) {
      const end = await startScheduled(road, job);
      await askForWakes(context, road);
      return showRoad(context, end, options);
    }
    const end = await runByPerson(road, job, wishOf(context, input, options, forced));
    if (!options.json) await showEnd(context, home, end.status);
    // A person's service is ended by its next slot, which then is to start it anew.
    const isOver = job.settings.kind === "service" && end.end === "done";
    const next = isOver ? await runScheduled(road, job.name, { mayWait: true }) : undefined;
    return next && next.slots.length > 0 ? showRoad(context, next, options) : end.exitCode;
  },
};

async function startScheduled(road: Road, job: ScheduledJob): Promise<RoadEnd> {
  if (job.settings.kind !== "service") return runScheduled(road, job.name, { mayWait: true });
  const { keepService } = await import("../../jobs/service/keeper.ts");
  return keepService(road, job, { mayWait: true });
}

/** A night's memory is DuckDB's and its threads' more than its own; a command has its own process. */
function useOneArena(context: CommandContext, home: Home, job: string | undefined): void {
  const variables = oneArena(context.environment);
  if (variables && home.config.jobs[job ?? ""]?.kind === "pipeline")
    context.startAgain?.(variables);
}

/** What the next nights are to be woken for, where launchd has started this one; else nobody could set it. */
async function askForWakes(
  { environment, clock, signal }: CommandContext,
  road: Road,
): Promise<void> {
  if (environment["CBI_HOST"] !== "launchd") return;
  try {
    const { hostOf } = await import("../../install/installed-host.ts");
    const { askForNextWakes } = await import("../../watchdog/wakes.ts");
    await askForNextWakes(road, await hostOf(road.home, { environment, clock, signal }));
  } catch {
    // The watchdog asks again within the hour, and says what is missing.
  }
}

/** A run matters more than that the watchdog is looked after. */
async function lookAtWatchdog(context: CommandContext, road: Road): Promise<void> {
  try {
    if ((await lastBeat(road.home.paths, "watchdog")) === undefined) return;
    const { watchTheWatchdog } = await import("../../watchdog/watch-the-watchdog.ts");
    for (const { edge, message } of await watchTheWatchdog(road)) {
      context.remark(`cbi: alert ${edge}: ${message}`);
    }
  } catch (error) {
    context.remark(`cbi: the watchdog could not be looked after: ${messageOf(error)}`);
  }
}

function wishOf(
  context: CommandContext,
  { rest }: CommandInput,
  options: RunOptions,
  forced: string | undefined,
): PersonWish {
  const slot = options.slot ?? forced;
  const who = options.who ?? whoIs(context.environment);
  return {
    ...(slot !== undefined && { slot }),
    ...(options.ignoreCalendar && {
      ignoreCalendar: { who, reason: options.why ?? "no reason given" },
    }),
    ...(options.asOf !== undefined && { asOf: options.asOf }),
    ...(rest && { extraArguments: rest }),
    pipeline: {
      ...(options.from && { from: options.from }),
      ...(options.only && { only: options.only }),
      force: options.force === true,
    },
  };
}

function showRoad(context: CommandContext, end: RoadEnd, options: RunOptions): ExitCode {
  if (options.json) context.write(`${JSON.stringify(roadEndJson(end))}\n`);
  else for (const line of roadEndLines(end)) context.write(`${line}\n`);
  return end.exitCode;
}

function planRequest(job: string, options: RunOptions): Parameters<typeof planNight>[1] {
  return {
    job,
    trigger: "person",
    ...(options.asOf !== undefined && { asOf: options.asOf }),
    ...(options.from && { from: options.from }),
    ...(options.only && { only: options.only }),
    force: options.force === true,
  };
}

async function presenter(
  context: CommandContext,
  options: RunOptions,
): Promise<(event: RunEvent) => void> {
  if (options.json) return (event) => context.write(`${JSON.stringify(event)}\n`);
  if (!context.isTerminal) return plainPresenter((line) => context.write(`${line}\n`));
  // What redraws a terminal is loaded for one alone.
  const { livePresenter } = await import("../show/live.ts");
  return livePresenter(context.clock, process.stdout);
}

async function showEnd(context: CommandContext, home: Home, status: RunStatus): Promise<void> {
  if (status.error) {
    context.remark(`cbi: ${status.error.message}`);
    if (status.error.remedy !== undefined) context.remark(`     ${status.error.remedy}`);
    return;
  }
  const { nightResult, nightSummary } = await import("../../pipeline/summary.ts");
  using ledger = Ledger.open(home.paths.ledger);
  const result =
    status.run === null ? undefined : await nightResult(home.paths, ledger, status.run);
  for (const line of result ? nightSummary(result) : []) context.write(`${line}\n`);
}

async function showPlan(
  context: CommandContext,
  home: Home,
  request: Parameters<typeof planNight>[1],
  options: RunOptions,
): Promise<ExitCode> {
  const { planNight } = await import("../../pipeline/plan.ts");
  const plan = await planNight(home, request, {
    clock: context.clock,
    environment: context.environment,
    emit: () => undefined,
    signal: context.signal,
  });
  if (options.json) {
    context.write(`${JSON.stringify(plan)}\n`);
    return ExitCode.done;
  }
  context.write(`${request.job} as of ${plan.as_of}, nothing is changed:\n`);
  for (const stage of plan.stages) {
    context.write(`  ${stage.name.padEnd(9)} ${stage.action.padEnd(6)} ${stage.reason}\n`);
  }
  return ExitCode.done;
}

function checkOptions(options: RunOptions): void {
  if (options.from && options.only) throw usage("--from and --only exclude each other");
  if (options.slot !== undefined && options.only) {
    throw usage("--slot and --only exclude each other: a part of a night does no slot");
  }
  if (options.scheduled && options.slot !== undefined) {
    throw usage("--scheduled and --slot exclude each other");
  }
  const ofPerson = options.asOf ?? options.from ?? options.only ?? options.force ?? options.dryRun;
  if (options.scheduled && ofPerson !== undefined) {
    throw usage("--scheduled decides by itself: no --as-of, --from, --only, --force or --dry-run");
  }
}

function mustBePipelineFor(options: RunOptions, kind: string, job: string): void {
  const ofPipelines = options.from ?? options.only ?? options.force ?? options.dryRun;
  if (kind === "pipeline" || ofPipelines === undefined) return;
  throw usage(`--from, --only, --force and --dry-run are for pipelines, and ${job} is a ${kind}`);
}

function usage(message: string): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message,
    remedy: "See: cbi run --help",
    exit: ExitCode.usage,
  });
}

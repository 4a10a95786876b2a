import type { Home } from "../../config/home.ts";
import { STAGE_NAMES, type StageName } from "../../config/schema.ts";
import { Ledger } from "../../ledger/ledger.ts";
import type { RunStatus } from "../../ledger/status-schema.ts";
import type { RunEvent } from "../../pipeline/events.ts";
import { runNight } from "../../pipeline/night.ts";
import { planNight } from "../../pipeline/plan.ts";
import { nightResult, nightSummary } from "../../pipeline/summary.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { homeOption, jsonOption, type Command, type CommandContext } from "../command.ts";
import { homeOf } from "../home.ts";
import { parseDay, parseOneOf, unknownName } from "../options.ts";
import { livePresenter } from "../show/live.ts";
import { plainPresenter } from "../show/plain.ts";

interface RunOptions {
  from?: StageName;
  only?: StageName;
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `cbi run`: a night now, by the same road that a scheduled one takes. */
export const command: Command = {
  words: ["run"],
  summary: "Run a job now, such as the nightly pipeline",
  description:
    "A stage whose inputs, code and settings are those of a finished one is reused after its outputs\n" +
    "have been verified, so a run that was interrupted goes on where it stopped.",
  arguments: [{ name: "<job>", summary: "the job's name in cbi.yaml, such as nightly" }],
  options: [
    { flags: "--as-of <date>", summary: "the day whose close the run may know", parse: parseDay },
    {
      flags: "--from <stage>",
      summary: `do this stage and all after it again (${STAGE_NAMES.join(", ")})`,
      parse: parseOneOf(STAGE_NAMES, "stage"),
    },
    {
      flags: "--only <stage>",
      summary: "do this stage alone again",
      parse: parseOneOf(STAGE_NAMES, "stage"),
    },
    { flags: "--force", summary: "reuse nothing" },
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
    { line: "cbi run nightly --dry-run", says: "what would be done, and what is there already" },
  ],
  exits: [
    { code: ExitCode.done, when: "every stage is done and verified" },
    { code: ExitCode.failed, when: "a stage failed" },
    { code: ExitCode.dataRefused, when: "the audit or a stage refused the data" },
    { code: ExitCode.unavailable, when: "the warehouse could not be reached" },
    { code: ExitCode.lockHeld, when: "another run is under way in this home" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
    { code: ExitCode.interrupted, when: "stopped by Ctrl-C or SIGTERM; the next run resumes" },
  ],
  async run(context, input) {
    const options = input.options as RunOptions;
    const home = await homeOf(context, input);
    const job = knownJob(input.arguments[0] ?? "", home);
    const request = {
      job,
      trigger: "person" as const,
      ...(options.from ? { from: options.from } : {}),
      ...(options.only ? { only: options.only } : {}),
      force: options.force === true,
    };
    if (options.from && options.only) throw bothFromAndOnly();
    if (options.dryRun) return showPlan(context, home, request, options);
    const world = {
      clock: context.clock,
      environment: context.environment,
      emit: presenter(context, options),
      signal: context.signal,
    };
    for (const warning of home.warnings) world.emit({ event: "note", message: warning });
    const verdict = await runNight(home, request, world);
    if (!options.json) await showEnd(context, home, verdict.status);
    return verdict.exitCode;
  },
};

function presenter(context: CommandContext, options: RunOptions): (event: RunEvent) => void {
  if (options.json) return (event) => context.write(`${JSON.stringify(event)}\n`);
  return context.isTerminal
    ? livePresenter(context.clock, process.stdout)
    : plainPresenter((line) => context.write(`${line}\n`));
}

async function showEnd(context: CommandContext, home: Home, status: RunStatus): Promise<void> {
  if (status.error) {
    context.remark(`cbi: ${status.error.message}`);
    if (status.error.remedy !== undefined) context.remark(`     ${status.error.remedy}`);
    return;
  }
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

function knownJob(name: string, home: Home): string {
  const jobs = Object.keys(home.config.jobs);
  if (jobs.includes(name)) return name;
  throw unknownName("job", name, jobs, ExitCode.usage);
}

function bothFromAndOnly(): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message: "--from and --only exclude each other",
    remedy: "See: cbi run --help",
    exit: ExitCode.usage,
  });
}

import path from "node:path";
import { replaySummary } from "../../evaluation/replay-summary.ts";
import {
  outlookOf,
  runReplay,
  type ReplayOutlook,
  type ReplayRequest,
} from "../../pipeline/replay/replay.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import {
  homeOption,
  jsonOption,
  type Command,
  type CommandContext,
  type CommandInput,
} from "../command.ts";
import { homeOf } from "../home.ts";
import { parseCount, parseDay, textOption } from "../options.ts";
import { liveReplay, plainReplay } from "../show/replay.ts";

const EVERY_MAX = 1000;

/** `cbi replay`: what past nights would have published, and how it turned out. */
export const command: Command = {
  words: ["replay"],
  summary: "Run past nights in order and show what they would have published and how it turned out",
  description:
    "Each night runs as of its own day, knowing nothing later, in a home of its own that begins\n" +
    "without models and history: Replays/<from>_<to>_every-<n>/ in the home, ignored by git, or the\n" +
    "folder that --into names. The home itself is only read. A replay that was interrupted goes on\n" +
    "with the same command; a longer one, with --into and a later --to, keeps the nights it has. Its\n" +
    "outcome is replay.html and replay.json in that folder.",
  options: [
    { flags: "--from <date>", summary: "the first day", parse: parseDay },
    {
      flags: "--to <date>",
      summary: "the last day (default: the day of the newest price)",
      parse: parseDay,
    },
    {
      flags: "--every <n>",
      summary: "every n-th session of the calendar (default: 1, every session)",
      parse: parseCount(1, EVERY_MAX),
    },
    { flags: "--into <dir>", summary: "the folder in which the nights run" },
    { flags: "--fresh", summary: "throw away what an earlier replay left in that folder" },
    { flags: "--dry-run", summary: "say which nights would run, and change nothing" },
    { ...jsonOption, summary: "answer with replay.json; progress goes to standard error" },
    homeOption,
  ],
  examples: [
    {
      line: "cbi replay --from 2024-01-02 --to 2024-12-31 --every 5",
      says: "a year, one night a week",
    },
    {
      line: "cbi replay --from 2024-01-02 --every 21 --dry-run",
      says: "which nights that would be, up to the newest price",
    },
    {
      line: "cbi replay --from 2024-01-02 --json | jq '.horizons[] | {horizon, skill: .published.metrics.skill}'",
      says: "the skill of what was published, by horizon",
    },
  ],
  exits: [
    { code: ExitCode.done, when: "every night is done" },
    { code: ExitCode.failed, when: "a night failed; the same command tries it again" },
    { code: ExitCode.warnings, when: "done, and some nights refused their day's data" },
    { code: ExitCode.usage, when: "there are no such nights, or the folder holds something else" },
    { code: ExitCode.dataRefused, when: "every night refused its day's data" },
    { code: ExitCode.unavailable, when: "the warehouse could not be reached" },
    { code: ExitCode.lockHeld, when: "another replay is under way in that folder" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
    { code: ExitCode.interrupted, when: "stopped by Ctrl-C or SIGTERM; the same command goes on" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const request = requestOf(context, input);
    const isJson = input.options["json"] === true;
    if (input.options["dryRun"] === true) {
      const outlook = await outlookOf(home, request, context);
      for (const line of isJson ? [jsonOutlook(outlook)] : outlookLines(outlook)) {
        context.write(`${line}\n`);
      }
      return ExitCode.done;
    }
    const emit =
      context.isTerminal && !isJson
        ? liveReplay(context.clock, process.stdout)
        : plainReplay((line) => context.remark(line));
    const { clock, environment, signal } = context;
    const result = await runReplay(home, request, { clock, environment, signal, emit });
    const { replay, folder, error, exitCode } = result;
    if (isJson) context.write(`${JSON.stringify(replay, undefined, 2)}\n`);
    else if (replay.nights.length > 0) {
      for (const line of ["", ...replaySummary(replay), "", `report: ${folder.html}`]) {
        context.write(`${line}\n`);
      }
    }
    if (exitCode === ExitCode.interrupted) {
      context.remark(
        `cbi: stopped; ${replay.nights.length} of ${replay.nights_asked} nights are done`,
      );
      context.remark("     The same command goes on.");
    } else if (error) {
      context.remark(`cbi: ${error.message}`);
      if (error.remedy !== undefined) context.remark(`     ${error.remedy}`);
    }
    return exitCode;
  },
};

function requestOf(context: CommandContext, input: CommandInput): ReplayRequest {
  const from = textOption(input, "from");
  const to = textOption(input, "to");
  const into = textOption(input, "into");
  const every = input.options["every"];
  if (from === undefined) {
    throw new Failure({
      code: "CBI_USAGE",
      message: "a replay needs its first day",
      remedy: "Name it: cbi replay --from 2024-01-02",
      exit: ExitCode.usage,
    });
  }
  return {
    from,
    every: typeof every === "number" ? every : 1,
    isFresh: input.options["fresh"] === true,
    ...(to === undefined ? {} : { to }),
    ...(into === undefined ? {} : { into: path.resolve(context.workingDirectory, into) }),
  };
}

function jsonOutlook(outlook: ReplayOutlook): string {
  const { range, folder, days, done, differences } = outlook;
  const facts = { ...range, folder: folder.paths.root, nights: days, done, differences };
  return JSON.stringify(facts, undefined, 2);
}

const DAYS_SHOWN = 12;

function outlookLines({ range, folder, days, done, differences }: ReplayOutlook): string[] {
  const left = days.length - done.length;
  const shown = days.slice(0, DAYS_SHOWN).join(", ");
  const more = days.length > DAYS_SHOWN ? `, … ${days.at(-1)}` : "";
  return [
    `${days.length} nights from ${range.from} to ${range.to}, nothing is changed:`,
    `  as of ${shown}${more}`,
    `  in ${folder.paths.root}`,
    differences.length > 0
      ? `  refused, since it holds nights of another replay: ${differences.join("; ")} (see --fresh)`
      : `  ${done.length} done already, ${left} to run`,
  ];
}

import { openBook } from "../jobs/check.ts";
import { overrideEnabled } from "../ledger/jobs.ts";
import { ExitCode } from "../system/exit-code.ts";
import {
  decisionOptions,
  homeOption,
  jsonOption,
  type Command,
  type CommandContext,
  type CommandInput,
} from "./command.ts";
import { homeOf } from "./home.ts";
import { textOption } from "./options.ts";
import { jobOf, roadOf, whoIs } from "./road.ts";

/** The command that enables or disables a job by a person's word, over what cbi.yaml says. */
export function switchCommand(
  verb: "enable" | "disable",
  texts: { summary: string; description: string; why: string },
): Command {
  const { summary, description, why } = texts;
  return {
    words: ["jobs", verb],
    summary,
    description,
    arguments: [{ name: "<job>", summary: "the job's name in cbi.yaml" }],
    options: [...decisionOptions, jsonOption, homeOption],
    examples: [{ line: `cbi jobs ${verb} scan --why '${why}'`, says: "and the reason is kept" }],
    exits: [
      { code: ExitCode.done, when: `the job is ${verb}d` },
      { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
    ],
    run: (context, input) => switchJob(context, input, `${verb}d`),
  };
}

async function switchJob(
  context: CommandContext,
  input: CommandInput,
  value: "enabled" | "disabled",
): Promise<ExitCode> {
  const home = await homeOf(context, input);
  const road = roadOf(context, home);
  using ledgers = road.ledgers;
  const { name } = jobOf(road, input.arguments[0] ?? "");
  const who = textOption(input, "who") ?? whoIs(context.environment);
  const reason = textOption(input, "why") ?? "";
  const atMs = context.clock.now();
  const { ledger } = ledgers;
  // What was due before this word is settled under what was said before it, and what is new after.
  openBook(road.jobs, ledger, atMs);
  overrideEnabled(ledger, name, { value, who, reason, atMs });
  openBook(road.jobs, ledger, atMs);
  const answer = {
    job: name,
    enabled: value === "enabled",
    who,
    reason,
    at: new Date(atMs).toISOString(),
  };
  const isJson = input.options["json"] === true;
  context.write(isJson ? `${JSON.stringify(answer)}\n` : `${name} is ${value}\n`);
  return ExitCode.done;
}

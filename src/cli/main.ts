import { Command as Parser, CommanderError } from "commander";
import { systemClock } from "../system/clock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { catalog, type CatalogEntry } from "./catalog.ts";
import type { Command, CommandContext, CommandInput } from "./command.ts";
import { commandHelp, generalHelp, groupHelp, unknownCommand } from "./help.ts";
import { version } from "../system/version.ts";

/** Runs the command line of this process and sets its exit code. Never throws. */
export async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const isJson = words.includes("--json");
  try {
    process.exitCode = await dispatch(words, processContext());
  } catch (error) {
    process.exitCode = report(error, isJson);
  }
}

async function dispatch(words: string[], context: CommandContext): Promise<ExitCode> {
  if (words[0] === "--version" || words[0] === "-V") {
    context.write(`${version()}\n`);
    return ExitCode.done;
  }
  const entry = findEntry(words);
  if (!entry) return answerWithoutCommand(words, context);
  const { command } = await entry.load();
  const input = parse(command, words.slice(entry.words.length), context);
  if (input === "helped") return ExitCode.done;
  return command.run(context, input);
}

/** The entry whose words open the line; the longest wins, so that `config show` beats `config`. */
function findEntry(words: string[]): CatalogEntry | undefined {
  return catalog
    .filter((entry) => entry.words.every((word, index) => words[index] === word))
    .sort((left, right) => right.words.length - left.words.length)[0];
}

function answerWithoutCommand(words: string[], context: CommandContext): ExitCode {
  const [first, ...rest] = words[0] === "help" ? words.slice(1) : words;
  if (first === undefined || first === "--help" || first === "-h") {
    context.write(generalHelp(catalog));
    return words.length === 0 ? ExitCode.usage : ExitCode.done;
  }
  const group = catalog.filter((entry) => entry.words[0] === first);
  if (group.length > 0) {
    context.write(groupHelp(first, group));
    const isAsking = words[0] === "help" || rest.includes("--help") || rest.includes("-h");
    return isAsking ? ExitCode.done : ExitCode.usage;
  }
  throw unknownCommand(first, catalog);
}

function parse(
  command: Command,
  words: string[],
  context: CommandContext,
): CommandInput | "helped" {
  if (words.includes("--help") || words.includes("-h")) {
    context.write(commandHelp(command));
    return "helped";
  }
  const parser = new Parser(command.words.join(" "));
  parser.exitOverride().helpOption(false).allowExcessArguments(false);
  parser.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const argument of command.arguments ?? []) parser.argument(argument.name, argument.summary);
  for (const option of command.options ?? []) {
    const { parse: check } = option;
    if (check) parser.option(option.flags, option.summary, (text: string) => check(text));
    else parser.option(option.flags, option.summary);
  }
  try {
    parser.parse(words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw usageFailure(command, error);
    throw error;
  }
  return { arguments: parser.processedArgs as (string | undefined)[], options: parser.opts() };
}

function usageFailure(command: Command, error: CommanderError): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message: error.message.replace(/^error: /, ""),
    remedy: `See: cbi ${command.words.join(" ")} --help`,
    exit: ExitCode.usage,
  });
}

function report(error: unknown, isJson: boolean): ExitCode {
  const failure = error instanceof Failure ? error : bug(error);
  if (isJson) {
    const { code, message, remedy, exit } = failure;
    process.stderr.write(`${JSON.stringify({ error: { code, message, remedy, exit } })}\n`);
  } else {
    process.stderr.write(`cbi: ${failure.message}\n`);
    if (failure.remedy !== undefined) process.stderr.write(`     ${failure.remedy}\n`);
  }
  return failure.exit;
}

function bug(error: unknown): Failure {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failure({
    code: "CBI_BUG",
    message: `this is a bug in cbi ${version()}: ${text}`,
    exit: ExitCode.bug,
  });
}

function processContext(): CommandContext {
  return {
    clock: systemClock,
    environment: process.env,
    workingDirectory: process.cwd(),
    write: (text) => void process.stdout.write(text),
    remark: (line) => void process.stderr.write(`${line}\n`),
    isTerminal: process.stdout.isTTY && process.env["TERM"] !== "dumb",
    signal: interruption(),
  };
}

/** Aborted by the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: string) => () => {
    controller.abort(
      new Failure({
        code: "CBI_INTERRUPTED",
        message: `stopped by ${name}`,
        exit: ExitCode.interrupted,
      }),
    );
  };
  process.once("SIGINT", stop("Ctrl-C"));
  process.once("SIGTERM", stop("SIGTERM"));
  process.once("SIGHUP", stop("SIGHUP"));
  // A reader that went away (`cbi history | head`) is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(ExitCode.done);
    throw error;
  });
  return controller.signal;
}

import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { Command, CommandInput } from "./command.ts";

/** What was typed after a command's words, by its declaration. Throws a `Failure` of exit code 64. */
export async function parseWords(
  command: Command,
  words: readonly string[],
): Promise<CommandInput> {
  // Loaded here, so that help and version need not wait for it.
  const { Command: Parser, CommanderError } = await import("commander");
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
    parser.parse([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw usageFailure(command, error.message);
    throw error;
  }
  return { arguments: parser.processedArgs as (string | undefined)[], options: parser.opts() };
}

function usageFailure(command: Command, message: string): Failure {
  const [sentence = "", hint] = message.replace(/^error: /, "").split("\n");
  const help = `See: cbi ${command.words.join(" ")} --help`;
  return new Failure({
    code: "CBI_USAGE",
    message: sentence,
    remedy: hint === undefined ? help : `${hint.replaceAll(/^\(|\)$/g, "")} ${help}`,
    exit: ExitCode.usage,
  });
}

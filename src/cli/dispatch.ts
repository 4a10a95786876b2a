import { ExitCode } from "../system/exit-code.ts";
import { version } from "../system/version.ts";
import type { CatalogEntry } from "./catalog.ts";
import type { CommandContext } from "./command.ts";
import { commandHelp, generalHelp, groupHelp, unknownCommand } from "./help.ts";
import { parseWords } from "./parse-words.ts";

/**
 * Answers one command line: finds the command by its words, or helps. Throws the command's `Failure`,
 * or one of code `CBI_USAGE` (64) with the nearest name that there is.
 */
export async function dispatch(
  words: readonly string[],
  context: CommandContext,
  catalog: readonly CatalogEntry[],
): Promise<ExitCode> {
  const [first, ...rest] = words;
  if (first === "--version" || first === "-V") {
    context.write(`${version()}\n`);
    return ExitCode.done;
  }
  if (first === "help") return dispatch([...rest, "--help"], context, catalog);
  const entry = findEntry(words, catalog);
  if (!entry) return answerWithoutCommand(words, context, catalog);
  const { command } = await entry.load();
  const own = words.slice(entry.words.length);
  if (asksForHelp(own)) {
    context.write(commandHelp(command));
    return ExitCode.done;
  }
  return command.run(context, parseWords(command, own));
}

/** True when help is asked for; what stands after `--` belongs to somebody else. */
export function asksForHelp(words: readonly string[]): boolean {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  return own.includes("--help") || own.includes("-h");
}

/** The entry whose words open the line; the longest wins, so that `config show` beats `config`. */
function findEntry(
  words: readonly string[],
  catalog: readonly CatalogEntry[],
): CatalogEntry | undefined {
  return catalog
    .filter((entry) => entry.words.every((word, index) => words[index] === word))
    .sort((left, right) => right.words.length - left.words.length)[0];
}

/** Nothing at all and half a command are answered with what there is, and are mistakes all the same. */
function answerWithoutCommand(
  words: readonly string[],
  context: CommandContext,
  catalog: readonly CatalogEntry[],
): ExitCode {
  const [first, second] = words.filter((word) => !word.startsWith("-"));
  if (first === undefined && words.every((word) => word === "--help" || word === "-h")) {
    context.write(generalHelp(catalog));
    return words.length === 0 ? ExitCode.usage : ExitCode.done;
  }
  const group = catalog.filter((entry) => entry.words[0] === first);
  if (first === undefined || group.length === 0) {
    throw unknownCommand(first ?? words.join(" "), [], catalog);
  }
  if (second !== undefined) throw unknownCommand(second, [first], catalog);
  context.write(groupHelp(first, group));
  return asksForHelp(words) ? ExitCode.done : ExitCode.usage;
}

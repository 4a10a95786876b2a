import { nearest } from "../config/nearest.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { CatalogEntry } from "./catalog.ts";
import type { Command } from "./command.ts";

const EVERY_COMMAND_EXITS = [
  { code: ExitCode.usage, when: "the command line could not be understood" },
  { code: ExitCode.bug, when: "a bug in cbi" },
];

/** The help of `cbi` alone: every command with its sentence. */
export function generalHelp(catalog: readonly CatalogEntry[]): string {
  return [
    "cbi trains overnight and proves in the morning what it did.",
    "",
    "Usage: cbi <command> [options]",
    "",
    "Commands:",
    ...listing(listed(catalog).map((entry) => [entry.words.join(" "), entry.summary])),
    "",
    "Every command explains itself with --help: options, examples, exit codes.",
    "",
  ].join("\n");
}

/** The help of a first word that opens several commands, such as `config`. */
export function groupHelp(word: string, group: readonly CatalogEntry[]): string {
  return [
    `Usage: cbi ${word} <command>`,
    "",
    "Commands:",
    ...listing(group.map((entry) => [entry.words.join(" "), entry.summary])),
    "",
  ].join("\n");
}

/** The help of one command: what it does, options, examples, exit codes. */
export function commandHelp(command: Command): string {
  const names = (command.arguments ?? []).map((argument) => ` ${argument.name}`).join("");
  const sections = [
    `Usage: cbi ${command.words.join(" ")}${names}${command.options?.length ? " [options]" : ""}${command.takesRest ? " [-- words...]" : ""}`,
    "",
    `${command.summary}.`,
  ];
  if (command.description !== undefined) sections.push("", command.description);
  if (command.arguments?.length) {
    sections.push("", "Arguments:");
    sections.push(...listing(command.arguments.map(({ name, summary }) => [name, summary])));
  }
  if (command.options?.length) {
    sections.push("", "Options:");
    sections.push(...listing(command.options.map(({ flags, summary }) => [flags, summary])));
  }
  sections.push("", "Examples:");
  sections.push(...command.examples.map(({ line, says }) => `  ${line}\n      ${says}`));
  sections.push("", "Exit codes:");
  sections.push(
    ...listing(
      [...command.exits, ...EVERY_COMMAND_EXITS].map(({ code, when }) => [`${code}`, when]),
    ),
  );
  return `${sections.join("\n")}\n`;
}

/**
 * The failure of a word that opens no command, with the nearest that does; `before` are the words of
 * the group that it follows.
 */
export function unknownCommand(
  word: string,
  before: readonly string[],
  catalog: readonly CatalogEntry[],
): Failure {
  const siblings = listed(catalog).filter((entry) =>
    before.every((one, index) => entry.words[index] === one),
  );
  const names = siblings.flatMap((entry) => entry.words[before.length] ?? []);
  const guess = nearest(word, names);
  const opening = ["cbi", ...before].join(" ");
  const help = `See: ${opening} --help`;
  return new Failure({
    code: "CBI_USAGE",
    message: `there is no command '${[...before, word].join(" ")}'`,
    remedy: guess === undefined ? help : `Did you mean: ${opening} ${guess}? ${help}`,
    exit: ExitCode.usage,
  });
}

function listed(catalog: readonly CatalogEntry[]): CatalogEntry[] {
  return catalog.filter(({ isInternal }) => !isInternal);
}

function listing(rows: (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}

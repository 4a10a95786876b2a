import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { CatalogEntry } from "./catalog.ts";
import type { Command } from "./command.ts";
import { nearest } from "../config/nearest.ts";

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
    ...listing(catalog.map((entry) => [entry.words.join(" "), entry.summary])),
    "",
    "Every command explains itself with --help: options, examples, exit codes.",
    "",
  ].join("\n");
}

/** The help of a first word that opens several commands, such as `config`. */
export function groupHelp(word: string, group: readonly CatalogEntry[]): string {
  return [
    `Usage: cbi ${word} <command> [options]`,
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
    `Usage: cbi ${command.words.join(" ")}${names} [options]`,
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

/** The failure of a first word that is no command, with the nearest that is. */
export function unknownCommand(word: string, catalog: readonly CatalogEntry[]): Failure {
  const guess = nearest(
    word,
    catalog.map((entry) => entry.words[0]),
  );
  return new Failure({
    code: "CBI_USAGE",
    message: `there is no command '${word}'`,
    remedy: guess === undefined ? "See: cbi --help" : `Did you mean: cbi ${guess}? See: cbi --help`,
    exit: ExitCode.usage,
  });
}

function listing(rows: (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}

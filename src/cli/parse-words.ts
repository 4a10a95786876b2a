import { parseArgs } from "node:util";
import { nearest } from "../config/nearest.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { Command, CommandInput, CommandOption } from "./command.ts";

/** An option as its flags declare it: `-n, --limit <count>`. */
interface Declared {
  option: CommandOption;
  /** `limit` */
  long: string;
  /** `n` */
  short: string | undefined;
  takesValue: boolean;
}

/**
 * What was typed after a command's words, by its declaration. Throws a `Failure` of exit code 64. By
 * the platform's own parser: a library for this is loaded longer than `cbi status` works.
 */
export function parseWords(command: Command, words: readonly string[]): CommandInput {
  const declared = (command.options ?? []).map(declaredOption);
  const end = command.takesRest === true ? words.indexOf("--") : -1;
  const { tokens } = parseArgs({
    args: end < 0 ? [...words] : words.slice(0, end),
    options: Object.fromEntries(
      declared.map(({ long, short, takesValue }) => [
        long,
        {
          type: takesValue ? ("string" as const) : ("boolean" as const),
          ...(short ? { short } : {}),
        },
      ]),
    ),
    allowPositionals: true,
    // Not strict: its errors do not know what was nearly meant.
    strict: false,
    tokens: true,
  });
  const options: Record<string, unknown> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const found = declared.find(({ long }) => long === token.name);
    if (!found) throw unknownOption(command, token.rawName, declared);
    options[camelCased(found.long)] = valueOf(command, found, token.value);
  }
  const rest = end < 0 ? {} : { rest: words.slice(end + 1) };
  return { arguments: checkedArguments(command, positionals), options, ...rest };
}

function declaredOption(option: CommandOption): Declared {
  const match = /^(?:-(\w), )?--([a-z][a-z-]*)( <[^>]+>)?$/.exec(option.flags);
  if (!match?.[2]) throw new Error(`'${option.flags}' declares no option`);
  return { option, short: match[1], long: match[2], takesValue: match[3] !== undefined };
}

function valueOf(command: Command, declared: Declared, value: string | undefined): unknown {
  const { option, takesValue } = declared;
  if (takesValue && (value === undefined || value === "")) {
    throw usage(command, `option '${option.flags}' argument missing`);
  }
  if (!takesValue && value !== undefined) {
    throw usage(command, `option '${option.flags}' takes no value, got '${value}'`);
  }
  if (value === undefined) return true;
  return option.parse ? option.parse(value) : value;
}

/** The positional words by the order of declaration; an absent optional one is undefined. */
function checkedArguments(command: Command, words: readonly string[]): (string | undefined)[] {
  const declared = command.arguments ?? [];
  const missing = declared.find(
    ({ name }, index) => name.startsWith("<") && words[index] === undefined,
  );
  if (missing)
    throw usage(command, `missing required argument '${missing.name.replaceAll(/[<>]/g, "")}'`);
  if (words.length > declared.length) {
    const expected = `${declared.length} argument${declared.length === 1 ? "" : "s"}`;
    throw usage(
      command,
      `too many arguments. Expected ${expected} but got ${words.length}: ${words.join(", ")}.`,
    );
  }
  return declared.map((_, index) => words[index]);
}

function unknownOption(command: Command, typed: string, declared: readonly Declared[]): Failure {
  const guess = nearest(
    typed,
    declared.map(({ long }) => `--${long}`),
  );
  const hint = guess === undefined ? "" : `Did you mean ${guess}? `;
  return usage(command, `unknown option '${typed}'`, hint);
}

function camelCased(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function usage(command: Command, message: string, hint = ""): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message,
    remedy: `${hint}See: cbi ${command.words.join(" ")} --help`,
    exit: ExitCode.usage,
  });
}

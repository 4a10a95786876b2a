import type { CommandInput } from "./command.ts";
import { nearest } from "../config/nearest.ts";
import { isDay } from "../schedule/day.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";

/** Takes a real day such as 2025-12-31, for `--as-of` and kin. */
export function parseDay(text: string): string {
  if (isDay(text)) return text;
  throw usage(`expected a day such as 2025-12-31, got '${text}'`);
}

/** Takes a whole number from `min` to `max`. */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw usage(`expected a whole number from ${min} to ${max}, got '${text}'`);
  };
}

/** Takes one of the names, or says which are near. */
export function parseOneOf<Name extends string>(
  names: readonly Name[],
  what: string,
): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw unknownName(what, text, names, ExitCode.usage);
  };
}

/** The text that an option was given, if it was. */
export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The failure of a name that is not among those there are. */
export function unknownName(
  what: string,
  name: string,
  names: readonly string[],
  exit: ExitCode,
): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message: `there is no ${what} '${name}'`,
    remedy: remedyAmong(what, name, names),
    exit,
  });
}

function remedyAmong(what: string, name: string, names: readonly string[]): string {
  if (names.length === 0) return `There is no ${what} at all yet.`;
  const guess = nearest(name, names);
  return guess === undefined
    ? `There are: ${names.slice(0, 20).join(", ")}`
    : `Did you mean '${guess}'?`;
}

function usage(message: string): Failure {
  return new Failure({ code: "CBI_USAGE", message, exit: ExitCode.usage });
}

import { nearest } from "./nearest.ts";

/** What stands for `{name}` in a job's arguments, environment and paths. */
export interface ExpansionValues {
  /** The slot's wall-clock time; undefined in a person's run that handles no slot. */
  slot: string | undefined;
  slot_date: string;
  as_of: string;
  trading_date: string;
  run: string;
  job: string;
  attempt: string;
  home: string;
}

const NAMES: readonly (keyof ExpansionValues)[] = [
  "slot",
  "slot_date",
  "as_of",
  "trading_date",
  "run",
  "job",
  "attempt",
  "home",
];
const DATES: readonly string[] = ["slot_date", "as_of", "trading_date"];

/** `{{name}}` is a literal `{name}`; `{name}` and `{name:format}` are looked up; all else, such as JSON, stays. */
const PIECE = /\{(\{[A-Za-z_]\w*(?::[A-Za-z]+)?\})\}|\{([A-Za-z_]\w*)(?::([A-Za-z]+))?\}/g;

/**
 * Replaces `{slot}`, `{slot_date}`, `{as_of}`, `{trading_date}`, `{run}`, `{job}`, `{attempt}` and `{home}`;
 * a date with `:compact` loses its hyphens. `{{name}}` stands for `{name}` as it is, and braces around
 * anything but a name stay. A value is never looked at again. Gives the text, or what is wrong with it.
 */
export function expand(
  text: string,
  values: ExpansionValues,
): { text: string } | { problem: string } {
  const problem = expansionProblem(text);
  if (problem !== undefined) return { problem };
  let missing: string | undefined;
  const expanded = text.replaceAll(PIECE, (_, literal?: string, name?: string, format?: string) => {
    if (literal !== undefined) return literal;
    const value = values[name as keyof ExpansionValues];
    if (value === undefined) missing = name;
    return format === undefined ? (value ?? "") : (value ?? "").replaceAll("-", "");
  });
  if (missing === undefined) return { text: expanded };
  return { problem: `'{${missing}}' has no value in a run that handles no slot` };
}

/** What is wrong with a text whatever the values, or undefined; asked when the configuration loads. */
export function expansionProblem(text: string): string | undefined {
  for (const [piece, , name, format] of text.matchAll(PIECE)) {
    if (name === undefined) continue;
    if (!NAMES.some((known) => known === name)) return unknown(piece, name);
    if (format === undefined) continue;
    if (format !== "compact" || !DATES.includes(name)) {
      return `expected '{${name}}', or of ${DATES.join(", ")} the form '{as_of:compact}', got '${piece}'`;
    }
  }
  return undefined;
}

function unknown(piece: string, name: string): string {
  const guess = nearest(name, NAMES);
  const hint =
    guess === undefined
      ? `there are ${NAMES.map((known) => `{${known}}`).join(", ")}`
      : `did you mean '{${guess}}'`;
  return `there is no value '${piece}'; ${hint}; doubled braces keep the text as it is`;
}

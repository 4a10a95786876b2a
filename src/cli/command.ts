import type { Clock } from "../system/clock.ts";
import type { ExitCode } from "../system/exit-code.ts";

/** The world of one invocation: everything a command may look at or write to. */
export interface CommandContext {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
  /** Writes to standard output, where only the answer goes. */
  write(text: string): void;
  /** Writes a line to standard error, where progress and remarks go. */
  remark(line: string): void;
  /** Whether standard output is a terminal; colours and live progress only then. */
  isTerminal: boolean;
  /** Aborted by Ctrl-C or SIGTERM with a `Failure` of exit code 130. */
  signal: AbortSignal;
  /** Starts this process anew with these variables, once; absent where a caller is not a process of its own. */
  startAgain?: (variables: Readonly<Record<string, string>>) => void;
}

export interface CommandOption {
  /** `--as-of <date>`, `--json`, `-f, --follow`. */
  flags: string;
  summary: string;
  /** Checks and converts the text; throws a `Failure` of exit code 64 that says what was expected. */
  parse?: (text: string) => unknown;
}

export interface CommandArgument {
  /** `<run>` when it must be there, `[dir]` when it may. */
  name: string;
  summary: string;
}

/** What was typed after the command's words, checked against its declaration. */
export interface CommandInput {
  /** By the order of declaration; an absent optional argument is undefined. */
  arguments: readonly (string | undefined)[];
  /** By camel-cased name: `--as-of` is `asOf`. */
  options: Readonly<Record<string, unknown>>;
  /** What stood after `--`, of a command that passes it on. */
  rest?: readonly string[];
}

/** A command is a value: help and parsing derive from it. */
export interface Command {
  /** The words that are typed: `["config", "show"]`. */
  words: readonly [string, ...string[]];
  summary: string;
  /** More than one sentence, where it helps. */
  description?: string;
  arguments?: readonly CommandArgument[];
  options?: readonly CommandOption[];
  /** Whether words after `--` are somebody else's, and are handed on as they are. */
  takesRest?: boolean;
  examples: readonly { line: string; says: string }[];
  /** The exit codes that it can return besides 64 and 70, which every command can. */
  exits: readonly { code: ExitCode; when: string }[];
  run(context: CommandContext, input: CommandInput): Promise<ExitCode>;
}

/** Options that every command of a home takes. */
export const homeOption: CommandOption = {
  flags: "--home <dir>",
  summary: "the home to use (default: $CBI_HOME, else the nearest cbi.yaml upwards)",
};

export const jsonOption: CommandOption = { flags: "--json", summary: "answer in JSON" };

/** Of a decision that is kept in the record. */
export const decisionOptions: readonly CommandOption[] = [
  { flags: "--why <text>", summary: "why, for whoever reads the record" },
  { flags: "--who <name>", summary: "who decides it (default: the user)" },
];

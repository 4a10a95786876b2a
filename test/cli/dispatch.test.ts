import assert from "node:assert/strict";
import { test } from "node:test";
import type { CatalogEntry } from "../../src/cli/catalog.ts";
import type { Command, CommandInput } from "../../src/cli/command.ts";
import { dispatch } from "../../src/cli/dispatch.ts";
import { ExitCode } from "../../src/system/exit-code.ts";
import { Failure } from "../../src/system/failure.ts";
import { version } from "../../src/system/version.ts";
import { keptContext } from "./support.ts";

let received: CommandInput | undefined;

function entryOf(words: [string, ...string[]], rest: Partial<Command> = {}): CatalogEntry {
  const command: Command = {
    words,
    summary: `Do ${words.join(" ")}`,
    examples: [{ line: `cbi ${words.join(" ")}`, says: "does it" }],
    exits: [{ code: ExitCode.done, when: "it was done" }],
    run: (_context, input) => {
      received = input;
      return Promise.resolve(ExitCode.warnings);
    },
    ...rest,
  };
  return { words, summary: command.summary, load: () => Promise.resolve({ command }) };
}

const runEntry = entryOf(["run"], {
  description: "More about it.",
  arguments: [{ name: "<job>", summary: "which job" }],
  options: [
    { flags: "--as-of <date>", summary: "the day", parse: (text) => text.toUpperCase() },
    { flags: "--json", summary: "answer in JSON" },
  ],
});
const catalog = [
  entryOf(["status"]),
  runEntry,
  entryOf(["config", "show"]),
  entryOf(["config", "check"]),
];

async function answer(...words: string[]): Promise<{ exit: number; written: string }> {
  const context = keptContext();
  const exit = await dispatch(words, context, catalog);
  return { exit, written: context.written() };
}

async function failureOf(...words: string[]): Promise<Failure> {
  try {
    await answer(...words);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.fail("no failure");
}

void test("a command gets its arguments and options by its declaration", async () => {
  const { exit } = await answer("run", "nightly", "--as-of", "monday", "--json");
  assert.equal(exit, ExitCode.warnings);
  assert.deepEqual(received, { arguments: ["nightly"], options: { asOf: "MONDAY", json: true } });
});

void test("the version is that of the package", async () => {
  for (const word of ["--version", "-V"]) {
    assert.deepEqual(await answer(word), { exit: 0, written: `${version()}\n` });
  }
  assert.match(version(), /^\d+\.\d+\.\d+/);
});

void test("the general help lists every command; nothing typed is answered by it and is 64", async () => {
  const asked = await answer("--help");
  assert.equal(asked.exit, 0);
  for (const { words, summary } of catalog) {
    assert.match(asked.written, new RegExp(`^ {2}${words.join(" ")} +${summary}$`, "m"));
  }
  for (const words of [["-h"], ["help"]]) assert.deepEqual(await answer(...words), asked);
  assert.deepEqual(await answer(), { ...asked, exit: ExitCode.usage });
});

void test("a group is explained by its commands; half of one is 64", async () => {
  const asked = await answer("config", "--help");
  assert.equal(asked.exit, 0);
  assert.match(asked.written, /config show +Do config show\n {2}config check/);
  assert.doesNotMatch(asked.written, /status/);
  assert.deepEqual(await answer("help", "config"), asked);
  assert.deepEqual(await answer("config"), { ...asked, exit: ExitCode.usage });
});

void test("a command's help names arguments, options, examples and exit codes", async () => {
  const asked = await answer("run", "--help");
  assert.deepEqual(asked, {
    exit: 0,
    written: `Usage: cbi run <job> [options]

Do run.

More about it.

Arguments:
  <job>  which job

Options:
  --as-of <date>  the day
  --json          answer in JSON

Examples:
  cbi run
      does it

Exit codes:
  0   it was done
  64  the command line could not be understood
  70  a bug in cbi
`,
  });
  assert.deepEqual(await answer("help", "run"), asked);
  assert.deepEqual(await answer("run", "nightly", "-h"), asked);
  assert.match((await answer("status", "--help")).written, /^Usage: cbi status\n/);
});

void test("a mistyped name is a usage failure with the nearest that there is", async () => {
  const cases: [string[], string, string][] = [
    [["staus"], "there is no command 'staus'", "Did you mean: cbi status? See: cbi --help"],
    [["xyzzy"], "there is no command 'xyzzy'", "See: cbi --help"],
    [["--jsn"], "there is no command '--jsn'", "See: cbi --help"],
    [
      ["config", "shwo"],
      "there is no command 'config shwo'",
      "Did you mean: cbi config show? See: cbi config --help",
    ],
    [["run", "a", "--jsn"], "unknown option '--jsn'", "Did you mean --json? See: cbi run --help"],
    [["run"], "missing required argument 'job'", "See: cbi run --help"],
    [
      ["run", "a", "b"],
      "too many arguments. Expected 1 argument but got 2: a, b.",
      "See: cbi run --help",
    ],
    [["run", "a", "--as-of"], "option '--as-of <date>' argument missing", "See: cbi run --help"],
  ];
  for (const [words, message, remedy] of cases) {
    const failure = await failureOf(...words);
    assert.deepEqual(
      [failure.code, failure.exit, failure.message, failure.remedy],
      ["CBI_USAGE", 64, message, remedy],
    );
  }
});

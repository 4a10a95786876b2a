import { parseDurationMs } from "../../config/duration.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { systemRandom } from "../../system/random.ts";
import { waitUnoptimized } from "../../system/small-heap.ts";
import { oneArena } from "../../system/start-again.ts";
import { singleLine } from "../../system/text.ts";
import { serve } from "../../watchdog/serve.ts";
import {
  homeOption,
  jsonOption,
  type Command,
  type CommandContext,
  type CommandInput,
} from "../command.ts";
import { homeOf } from "../home.ts";

const DRAIN_MS = 60_000;

/** `cbi daemon`: the resident mode, where no scheduler of the system is at hand. */
export const command: Command = {
  words: ["daemon"],
  summary: "Stay and start the jobs of a home when they are due",
  description:
    "For machines without a scheduler of their own, such as containers. Asks each minute what is due, by\n" +
    "the same check and road as every other start, and looks after itself every hour as cbi watchdog\n" +
    "does. An edit of cbi.yaml counts from the next minute. Only one serves a home.",
  options: [
    {
      flags: "--drain <duration>",
      summary: "how long runs may go on at the end before they are interrupted (default: 60s)",
      parse: parseDrain,
    },
    { ...jsonOption, summary: "one JSON line for everything that happens" },
    homeOption,
  ],
  examples: [
    { line: "cbi daemon", says: "until Ctrl-C or SIGTERM; a second one does not wait for runs" },
    { line: "cbi daemon --home /srv/oil --drain 2h", says: "let a night finish before the end" },
  ],
  exits: [
    { code: ExitCode.done, when: "it was ended and everything under way has ended" },
    { code: ExitCode.lockHeld, when: "another one serves this home" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    waitUnoptimized();
    await startSmall(context, input);
    const home = await homeOf(context, input, { isWritten: true });
    const { drain } = input.options;
    const isJson = input.options["json"] === true;
    const say = (message: string): void => {
      const at = new Date(context.clock.now()).toISOString();
      context.write(
        isJson ? `${JSON.stringify({ at, message })}\n` : `${at} ${singleLine(message)}\n`,
      );
    };
    say(`serving ${home.paths.root}: ${Object.keys(home.config.jobs).join(", ")}`);
    await serve({
      home,
      again: {
        environment: context.environment,
        workingDirectory: context.workingDirectory,
        homeOption: home.paths.root,
        options: [],
      },
      world: { clock: context.clock, random: systemRandom, environment: context.environment },
      signal: context.signal,
      drainMs: typeof drain === "number" ? drain : DRAIN_MS,
      say,
    });
    say("ended");
    return ExitCode.done;
  },
};

/**
 * Starts the process anew once the values of cbi.yaml are kept: it is to live for months without the
 * parser, which would be a seventh of its memory. What is wrong here is said by who serves.
 */
async function startSmall(context: CommandContext, input: CommandInput): Promise<void> {
  if (!context.startAgain) return;
  const { paths } = await homeOf(context, input, { isWritten: true });
  try {
    // Where there is no ledger yet, nothing is kept.
    Ledger.open(paths.ledger)[Symbol.dispose]();
    await homeOf(context, input, { isWritten: true });
  } catch {
    return;
  }
  context.startAgain(oneArena(context.environment) ?? {});
}

function parseDrain(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw new Failure({
    code: "CBI_USAGE",
    message: `--drain takes a duration such as 90s or 2h; '${text}' came`,
    remedy: "See: cbi daemon --help",
    exit: ExitCode.usage,
  });
}

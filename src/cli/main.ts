import { ConfigFailure } from "../config/config-failure.ts";
import { exitForHost } from "../host/kept.ts";
import { holdVersion } from "../guard/held-version.ts";
import { systemClock } from "../system/clock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { PACKAGE_ROOT } from "../system/package-root.ts";
import { keepHeapSmall } from "../system/small-heap.ts";
import { settleStart, startAgain } from "../system/start-again.ts";
import { version } from "../system/version.ts";
import { catalog } from "./catalog.ts";
import type { CommandContext } from "./command.ts";
import { dispatch } from "./dispatch.ts";

/** Commands whose work matters more than that somebody watches it. */
const WORKING_COMMANDS: ReadonlySet<string> = new Set([
  "daemon",
  "install",
  "prune",
  "replay",
  "run",
  "setup",
  "uninstall",
  "upgrade",
  "watchdog",
]);

/** Those under which an installed version may not go; an installation itself is none. */
const HOLDING_COMMANDS: ReadonlySet<string> = new Set(["daemon", "replay", "run", "watchdog"]);

/** Runs the command line of this process and sets its exit code. Never throws. */
export async function main(): Promise<void> {
  settleStart();
  const words = process.argv.slice(2);
  const isJson = words.includes("--json");
  const isWorking = WORKING_COMMANDS.has(words[0] ?? "");
  if (isWorking) keepHeapSmall();
  if (HOLDING_COMMANDS.has(words[0] ?? "")) holdVersion(PACKAGE_ROOT);
  outliveReaders(isWorking);
  process.once("uncaughtException", (error) => process.exit(report(error, isJson)));
  const exitCode = await dispatch(words, processContext(), catalog).catch((error: unknown) =>
    report(error, isJson),
  );
  process.exitCode = exitForHost(exitCode, words, process.env);
}

function report(error: unknown, isJson: boolean): ExitCode {
  const failure = error instanceof Failure ? error : bug(error);
  if (isJson) {
    const { code, message, remedy, exit } = failure;
    const problems = failure instanceof ConfigFailure ? { problems: failure.problems } : {};
    const shown = { error: { code, message, remedy, exit, ...problems } };
    process.stderr.write(`${JSON.stringify(shown)}\n`);
  } else {
    process.stderr.write(`cbi: ${failure.message}\n`);
    if (failure.remedy !== undefined) process.stderr.write(`     ${failure.remedy}\n`);
  }
  return failure.exit;
}

function bug(error: unknown): Failure {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failure({
    code: "CBI_BUG",
    message: `this is a bug in cbi ${version()}: ${text}`,
    exit: ExitCode.bug,
  });
}

function processContext(): CommandContext {
  let signal: AbortSignal | undefined;
  return {
    clock: systemClock,
    environment: process.env,
    workingDirectory: process.cwd(),
    write: (text) => void process.stdout.write(text),
    remark: (line) => void process.stderr.write(`${line}\n`),
    isTerminal: process.stdout.isTTY && process.env["TERM"] !== "dumb",
    // From when somebody looks: a signal that came before the process is started anew would be lost.
    get signal() {
      signal ??= interruption();
      return signal;
    },
    startAgain,
  };
}

/** Aborted by the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: string) => () => {
    controller.abort(
      new Failure({
        code: "CBI_INTERRUPTED",
        message: `stopped by ${name}`,
        exit: ExitCode.interrupted,
      }),
    );
  };
  process.once("SIGINT", stop("Ctrl-C"));
  process.once("SIGTERM", stop("SIGTERM"));
  process.once("SIGHUP", stop("SIGHUP"));
  return controller.signal;
}

/**
 * A reader that went away (`cbi history | head`) is no failure of ours: what only answers ends with
 * it, and what works goes on unread.
 */
function outliveReaders(worksOn: boolean): void {
  const ignore = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
  };
  process.stderr.on("error", ignore);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    ignore(error);
    if (!worksOn) process.exit(ExitCode.done);
  });
}

import { execa } from "execa";
import { messageOf } from "./failure.ts";

/** What came of a command that ran to its end. */
export interface CommandEnd {
  /** Undefined when it was killed or could not be started. */
  exitCode: number | undefined;
  stdout: string;
  /** Standard error, or why it could not be started. */
  stderr: string;
  isTimedOut: boolean;
}

export interface CommandOptions {
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
  timeoutMs: number;
  signal: AbortSignal;
  /** Each line of standard error as it comes. */
  onLine?: (line: string) => void;
  /** Each line of standard output as it comes; none of it is kept then, however much it is. */
  onOutputLine?: (line: string) => void;
}

const OUTPUT_CHARACTERS_MAX = 1_000_000;

/**
 * Runs a short command to its end, whatever that is; throws only the signal's reason. Its group is
 * not its own: Ctrl-C in a terminal reaches it too. No shell is involved.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandEnd> {
  options.signal.throwIfAborted();
  const running = execa(command, args, {
    cwd: options.workingDirectory,
    env: definedOnly(options.environment),
    extendEnv: false,
    stdin: "ignore",
    timeout: options.timeoutMs,
    cancelSignal: options.signal,
    forceKillAfterDelay: 2_000,
    maxBuffer: OUTPUT_CHARACTERS_MAX,
    buffer: { stdout: options.onOutputLine === undefined, stderr: true },
    reject: false,
    windowsHide: true,
  });
  const { onLine, onOutputLine } = options;
  if (onOutputLine) for await (const line of running) onOutputLine(line);
  if (onLine) for await (const line of running.iterable({ from: "stderr" })) onLine(line);
  const end = await running;
  options.signal.throwIfAborted();
  return {
    exitCode: end.exitCode,
    stdout: end.stdout ?? "",
    stderr: end.stderr === "" && end.failed ? messageOf(end) : end.stderr,
    isTimedOut: end.timedOut,
  };
}

function definedOnly(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
}

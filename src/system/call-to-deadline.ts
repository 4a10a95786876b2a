import { spawn } from "node:child_process";
import { messageOf } from "./failure.ts";
import type { CommandEnd, CommandOptions } from "./run-command.ts";

const OUTPUT_CHARACTERS_MAX = 1_000_000;

type CallOptions = Pick<
  CommandOptions,
  "environment" | "workingDirectory" | "timeoutMs" | "signal"
>;

/**
 * Runs a program to its end or to the deadline, whatever that is; throws only the signal's reason.
 * What runs as root cannot be ended by the user who asked for it (kill(2)), so at the deadline it is left
 * behind instead of waited for.
 */
export async function callToDeadline(
  program: string,
  words: readonly string[],
  { environment, workingDirectory, timeoutMs, signal }: CallOptions,
): Promise<CommandEnd> {
  signal.throwIfAborted();
  const child = spawn(program, words, {
    cwd: workingDirectory,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  const hear = (name: "stdout" | "stderr") => (text: string) => {
    said[name] = `${said[name]}${text}`.slice(0, OUTPUT_CHARACTERS_MAX);
  };
  child.stdout.setEncoding("utf8").on("data", hear("stdout"));
  child.stderr.setEncoding("utf8").on("data", hear("stderr"));
  const end = await new Promise<CommandEnd>((resolve) => {
    const leave = (isTimedOut: boolean, why: string): void => {
      // First of all: that it cannot be ended is an `error` too, and what is said first counts.
      resolve({ exitCode: undefined, stdout: said.stdout, stderr: why, isTimedOut });
      child.kill("SIGKILL");
      child.unref();
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => leave(true, `no end within ${timeoutMs / 1000} s`), timeoutMs);
    const stop = (): void => leave(false, messageOf(signal.reason));
    signal.addEventListener("abort", stop, { once: true });
    const settle = (found: CommandEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(found);
    };
    child.on("error", (error) =>
      settle({ exitCode: undefined, stdout: "", stderr: messageOf(error), isTimedOut: false }),
    );
    child.once("close", (exitCode) =>
      settle({ exitCode: exitCode ?? undefined, ...said, isTimedOut: false }),
    );
  });
  signal.throwIfAborted();
  return end;
}

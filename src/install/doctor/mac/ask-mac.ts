import { runCommand, type CommandEnd } from "../../../system/run-command.ts";

const CALL_MS = 30_000;

/** Asks a program of macOS, in its own language. Changes nothing. */
export async function askMac(
  program: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<CommandEnd> {
  return runCommand(program, words, {
    environment: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
    workingDirectory: "/",
    timeoutMs: CALL_MS,
    signal,
  });
}

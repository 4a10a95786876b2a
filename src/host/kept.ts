import { ExitCode } from "../system/exit-code.ts";

/** Under this name a keeper is told its job by a host that starts again whatever ends otherwise than with 0. */
export const KEPT_VARIABLE = "CBI_KEPT";

/**
 * What a process ends with, for its host: launchd tells a crash from an end in order by 0 alone, so a
 * keeper that has ended by its own will, however, ends with 0. What happened is in the ledger.
 */
export function exitForHost(
  exitCode: ExitCode,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ExitCode {
  const kept = environment[KEPT_VARIABLE];
  const isKeeper = words[0] === "run" && words[1] === kept && words.includes("--scheduled");
  return kept !== undefined && isKeeper ? ExitCode.done : exitCode;
}

import { createInterface } from "node:readline/promises";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { CommandContext } from "./command.ts";

/**
 * Asks a person whether to go on. Where nobody can answer, nothing is taken for consent: throws
 * `CBI_NEEDS_CONSENT` (64), which names `--yes`.
 */
export async function consents(context: CommandContext, question: string): Promise<boolean> {
  if (!context.isTerminal || !process.stdin.isTTY) {
    throw new Failure({
      code: "CBI_NEEDS_CONSENT",
      message: "nothing was changed: there is nobody here to ask",
      remedy: "Agree beforehand with --yes, or only look with --dry-run",
      exit: ExitCode.usage,
    });
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`${question} [y/N] `, { signal: context.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}

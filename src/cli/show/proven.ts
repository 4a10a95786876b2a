import type { Inside } from "../../install/probe/ask.ts";
import { ExitCode } from "../../system/exit-code.ts";
import type { CommandContext } from "../command.ts";
import { findingLines } from "./findings.ts";

/** What a process has proven that the scheduler has started, one line each. */
export function provenLines(inside: Inside, context: CommandContext): string[] {
  const { start, answer } = inside;
  const said = [start, ...(answer?.checks ?? [])].filter(({ state }) => state !== "skip");
  const end = isProven(inside)
    ? []
    : ["The jobs are installed, and would fail as it is. After mending it, look again: cbi doctor"];
  return [...said.flatMap((finding) => findingLines(finding, context)), ...end];
}

export function provenJson({ isInside, start, answer }: Inside): object {
  return { inside: isInside, start, answer: answer ?? null };
}

export function provenExit(inside: Inside): ExitCode {
  return isProven(inside) ? ExitCode.done : ExitCode.failed;
}

function isProven({ start, answer }: Inside): boolean {
  return [start, ...(answer?.checks ?? [])].every(({ state }) => state !== "fail");
}

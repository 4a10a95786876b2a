import { spawnSync } from "node:child_process";
import path from "node:path";
import type { CommandContext } from "../../src/cli/command.ts";
import { systemClock } from "../../src/system/clock.ts";

const entry = path.resolve(import.meta.dirname, "..", "..", "src", "cli", "cbi.ts");

/** A context that keeps what is written, for commands that are run in this process. */
export function keptContext(
  rest: Partial<CommandContext> = {},
): CommandContext & { written: () => string; remarked: () => string } {
  let [written, remarked] = ["", ""];
  return {
    clock: systemClock,
    environment: {},
    workingDirectory: process.cwd(),
    write: (text) => void (written += text),
    remark: (line) => void (remarked += `${line}\n`),
    isTerminal: false,
    signal: new AbortController().signal,
    ...rest,
    written: () => written,
    remarked: () => remarked,
  };
}

/** Runs `cbi` as a process of its own. */
export function cbi(
  words: readonly string[],
  options: { cwd?: string; environment?: Record<string, string> } = {},
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [entry, ...words], {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"], ...options.environment },
    encoding: "utf8",
  });
}

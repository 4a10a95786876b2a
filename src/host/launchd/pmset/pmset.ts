import { readFile } from "node:fs/promises";
import { ExitCode } from "../../../system/exit-code.ts";
import { Failure } from "../../../system/failure.ts";
import { runCommand, type CommandEnd } from "../../../system/run-command.ts";
import { parseAssertions, type PowerAssertion } from "./assertions-text.ts";
import { AUTO_WAKE_FILES, parseAutoWake } from "./autowake-plist.ts";
import { parseLogLine, type PowerMoment } from "./log-text.ts";
import { parseSchedule, type PowerSchedule } from "./sched-text.ts";
import { parseCustomSettings, type CustomSettings } from "./settings-text.ts";

/** The programs of macOS that are asked, which a test may have elsewhere. */
export interface MacTools {
  pmset: string;
  plutil: string;
  fdesetup: string;
  autoWakeFiles: readonly string[];
}

export const MAC_TOOLS: MacTools = {
  pmset: "/usr/bin/pmset",
  plutil: "/usr/bin/plutil",
  fdesetup: "/usr/bin/fdesetup",
  autoWakeFiles: AUTO_WAKE_FILES,
};

const CALL_MS = 30_000;
/** Seven days of a busy Mac are tens of megabytes, which the log's own store takes long to give. */
const LOG_MS = 180_000;
const ENVIRONMENT = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };

/**
 * What the Mac is scheduled to do by itself. The days of repeating events are taken from powerd's own file
 * where `pmset -g sched` has no name for them. Changes nothing, and needs no rights.
 */
export async function readSchedule(signal: AbortSignal, tools = MAC_TOOLS): Promise<PowerSchedule> {
  const shown = parseSchedule(await ask(["-g", "sched"], signal, tools));
  if ((!shown.on || shown.on.days) && (!shown.off || shown.off.days)) return shown;
  const kept = await readAutoWake(signal, tools);
  const exact = (one: PowerSchedule["on"], other: PowerSchedule["on"]) =>
    // The file may be older than what powerd has in mind: then its days are of another event.
    one && other?.type === one.type && other.minuteOfDay === one.minuteOfDay ? other : one;
  return { ...shown, on: exact(shown.on, kept?.on), off: exact(shown.off, kept?.off) };
}

export async function readAssertions(
  signal: AbortSignal,
  tools = MAC_TOOLS,
): Promise<PowerAssertion[]> {
  return parseAssertions(await ask(["-g", "assertions"], signal, tools));
}

export async function readCustomSettings(
  signal: AbortSignal,
  tools = MAC_TOOLS,
): Promise<CustomSettings> {
  return parseCustomSettings(await ask(["-g", "custom"], signal, tools));
}

/** When the Mac woke, slept and started in the last seven days, in the order of the log. */
export async function readPowerLog(signal: AbortSignal, tools = MAC_TOOLS): Promise<PowerMoment[]> {
  const moments: PowerMoment[] = [];
  const end = await call(["-g", "log"], signal, tools, (line) => {
    const moment = parseLogLine(line);
    if (moment) moments.push(moment);
  });
  if (end.exitCode !== 0) throw refused(["-g", "log"], end);
  return moments;
}

async function readAutoWake(
  signal: AbortSignal,
  tools: MacTools,
): Promise<ReturnType<typeof parseAutoWake>> {
  for (const file of tools.autoWakeFiles) {
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) continue;
    const isBinary = bytes.subarray(0, 6).toString("latin1") === "bplist";
    const xml = isBinary ? await asXml(file, signal, tools) : bytes.toString("utf8");
    const parsed = parseAutoWake(xml);
    if (parsed) return parsed;
  }
  return undefined;
}

async function asXml(file: string, signal: AbortSignal, { plutil }: MacTools): Promise<string> {
  const words = ["-convert", "xml1", "-o", "-", file];
  const options = { environment: ENVIRONMENT, workingDirectory: "/", timeoutMs: CALL_MS, signal };
  return (await runCommand(plutil, words, options)).stdout;
}

async function ask(words: string[], signal: AbortSignal, tools: MacTools): Promise<string> {
  const end = await call(words, signal, tools);
  if (end.exitCode !== 0) throw refused(words, end);
  return end.stdout;
}

async function call(
  words: string[],
  signal: AbortSignal,
  { pmset }: MacTools,
  onOutputLine?: (line: string) => void,
): Promise<CommandEnd> {
  return runCommand(pmset, words, {
    environment: ENVIRONMENT,
    workingDirectory: "/",
    timeoutMs: onOutputLine ? LOG_MS : CALL_MS,
    signal,
    ...(onOutputLine && { onOutputLine }),
  });
}

function refused(words: readonly string[], end: CommandEnd): Failure {
  const said = (end.stderr.trim() || end.stdout.trim()).split("\n")[0] ?? "";
  return new Failure({
    code: "CBI_PMSET",
    message: `pmset ${words.join(" ")} ended with ${end.exitCode ?? "no exit code"}: ${said}`,
    remedy: `See for yourself: pmset ${words.join(" ")}`,
    exit: ExitCode.failed,
    class: "retryable",
  });
}

import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { findRun } from "../../ledger/runs.ts";
import { logFilesOf } from "../../pipeline/run-files.ts";
import { plainLine } from "../../pipeline/plain-line.ts";
import type { RunEvent } from "../../pipeline/events.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { isErrno } from "../../system/files.ts";
import { withoutControls } from "../../system/text.ts";
import { homeOption, jsonOption, type Command, type CommandContext } from "../command.ts";
import { homeOf, ledgerOf, runNamed } from "../home.ts";

const POLL_MS = 250;
const CHUNK_BYTES = 64 * 1024;

/** `cbi logs`: what a run said, now or while it speaks. */
export const command: Command = {
  words: ["logs"],
  summary: "Print the log of a run, by default of the newest",
  arguments: [{ name: "[run]", summary: "the run's id, or an unmistakable part of it" }],
  options: [
    { flags: "-f, --follow", summary: "go on as the run goes on, until it ends" },
    { ...jsonOption, summary: "the log's own JSON lines" },
    homeOption,
  ],
  examples: [
    { line: "cbi logs", says: "the newest run" },
    { line: "cbi logs --follow", says: "a run under way" },
  ],
  exits: [
    { code: ExitCode.done, when: "the log was printed" },
    { code: ExitCode.failed, when: "the log is gone" },
    { code: ExitCode.usage, when: "there is no such run" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    using ledger = ledgerOf(home);
    const run = runNamed(ledger, input.arguments[0]);
    const files = logFilesOf(home.paths, run.job, run.id);
    const file = files.find((one) => existsSync(one)) ?? files[0];
    const show = input.options["json"] === true ? showRaw(context) : showPlain(context);
    if (input.options["follow"] === true && ledger) {
      await follow(file, show, context, () => findRun(ledger, run.id)?.state === "running");
      return ExitCode.done;
    }
    for (const line of (await logText(file)).split("\n")) show(line);
    return ExitCode.done;
  },
};

function showRaw(context: CommandContext): (line: string) => void {
  return (line) => {
    if (line !== "") context.write(`${withoutControls(line)}\n`);
  };
}

function showPlain(context: CommandContext): (line: string) => void {
  return (line) => {
    const entry = parseLine(line);
    if (!entry) return;
    const text = plainLine(entry as RunEvent & { time: string });
    if (text !== undefined)
      context.write(`${entry.time.slice(11, 19)}  ${withoutControls(text)}\n`);
  };
}

/** An entry of ours; anything else, such as the torn last line of a killed run, is left out. */
function parseLine(line: string): { time: string; event: string } | undefined {
  try {
    const entry = JSON.parse(line) as { time?: unknown; event?: unknown } | null;
    const isOurs = typeof entry?.time === "string" && typeof entry.event === "string";
    return isOurs ? (entry as { time: string; event: string }) : undefined;
  } catch {
    return undefined;
  }
}

async function logText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    throw new Failure({
      code: "CBI_LOG_GONE",
      message: `the log ${file} is not there; retention may have given it back`,
      remedy: "See the runs that are kept: cbi history",
      exit: ExitCode.failed,
    });
  }
}

/** Reads on from where it stopped until the run has ended and nothing is left. */
async function follow(
  file: string,
  show: (line: string) => void,
  context: CommandContext,
  isRunning: () => boolean,
): Promise<void> {
  await logText(file);
  const handle = await open(file, "r");
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let rest = "";
    for (;;) {
      const wasRunning = isRunning();
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
      const lines = (rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) show(line);
      if (bytesRead > 0) continue;
      if (!wasRunning) return;
      await context.clock.sleep(POLL_MS, context.signal);
    }
  } finally {
    await handle.close();
  }
}

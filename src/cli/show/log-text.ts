import { existsSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import type { RunEvent } from "../../pipeline/events.ts";
import { plainLine } from "../../pipeline/plain-line.ts";
import { logFilesOf } from "../../pipeline/run-files.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { isErrno } from "../../system/files.ts";
import type { HomePaths } from "../../system/home.ts";
import { withoutControls } from "../../system/text.ts";
import type { CommandContext } from "../command.ts";

const POLL_MS = 250;
const CHUNK_BYTES = 64 * 1024;

/** Shows one line of a log. */
export type ShowLine = (line: string) => void;

/** The log's own JSON lines, or lines for a reader. */
export function lineShower(context: CommandContext, isJson: boolean): ShowLine {
  return isJson ? showRaw(context) : showPlain(context);
}

/** The lines of a run's log, the oldest first. Throws `CBI_LOG_GONE` (1) when there is none. */
export async function logLines(paths: HomePaths, job: string, run: string): Promise<string[]> {
  const files = logFilesOf(paths, job, run).filter((file) => existsSync(file));
  if (files.length === 0) return [await logText(logFilesOf(paths, job, run).at(-1) ?? "")];
  const texts = await Promise.all(files.map(logText));
  return texts.flatMap((text) => text.replace(/\n$/, "").split("\n"));
}

/** Shows what a run says from now on, until it has ended and nothing is left. */
export async function followLog(
  paths: HomePaths,
  { job, id }: { job: string; id: string },
  context: CommandContext,
  rest: { show: ShowLine; fromStart: boolean; isRunning: () => boolean },
): Promise<void> {
  const files = logFilesOf(paths, job, id);
  const file = files.findLast((one) => existsSync(one)) ?? files.at(-1) ?? "";
  let handle = await openLog(file);
  try {
    let { size: position, ino } = await handle.stat();
    if (rest.fromStart) position = 0;
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let kept = "";
    let hasMoved = false;
    for (;;) {
      const wasRunning = rest.isRunning();
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
      position += bytesRead;
      const lines = (kept + buffer.toString("utf8", 0, bytesRead)).split("\n");
      kept = lines.pop() ?? "";
      for (const line of lines) rest.show(line);
      if (bytesRead > 0) continue;
      const now = await stat(file).catch(() => undefined);
      if (now && now.ino !== ino && !hasMoved) {
        // It has outgrown its file, whose end may have been written since the last look.
        hasMoved = true;
        continue;
      }
      if (hasMoved) {
        hasMoved = false;
        await handle.close();
        handle = await openLog(file);
        ({ ino } = await handle.stat());
        position = 0;
        continue;
      }
      if (!wasRunning) return;
      await context.clock.sleep(POLL_MS, context.signal);
    }
  } finally {
    await handle.close();
  }
}

function showRaw(context: CommandContext): ShowLine {
  return (line) => {
    if (line !== "") context.write(`${withoutControls(line)}\n`);
  };
}

function showPlain(context: CommandContext): ShowLine {
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
    throw isErrno(error, "ENOENT") ? logGone(file) : error;
  }
}

async function openLog(file: string): ReturnType<typeof open> {
  try {
    return await open(file, "r");
  } catch (error) {
    throw isErrno(error, "ENOENT") ? logGone(file) : error;
  }
}

function logGone(file: string): Failure {
  return new Failure({
    code: "CBI_LOG_GONE",
    message: `the log ${file} is not there; retention may have given it back`,
    remedy: "See the runs that are kept: cbi history",
    exit: ExitCode.failed,
  });
}

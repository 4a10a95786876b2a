import { mkdirSync } from "node:fs";
import path from "node:path";
import { destination, pino, stdTimeFunctions } from "pino";
import { RotatingFile } from "./rotating-file.ts";

/** A run's own log file: one JSON line an event, for people with jq and for `cbi logs`. */
export interface RunLog extends Disposable {
  readonly file: string;
  write(entry: Record<string, unknown>): void;
}

/** How a log that goes on for ever stays small: what is too old goes to another file, and then away. */
export interface LogRotation {
  older: string;
  /** Of both files together. */
  bytesMax: number;
}

/**
 * Opens the log at `file`. Written synchronously, so that a killed run's last words are there. A log
 * that cannot be written never fails a run: it is dropped, and `complain` is told once.
 */
export function openRunLog(
  file: string,
  complain: (problem: string) => void,
  rotation?: LogRotation,
): RunLog {
  let isBroken = false;
  const giveUp = (error: unknown) => {
    if (isBroken) return;
    isBroken = true;
    complain(`the log ${file} cannot be written: ${String(error)}`);
  };
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const stream = rotation ? rotating(file, rotation) : plain(file, giveUp);
    const logger = pino({ base: null, timestamp: stdTimeFunctions.isoTime }, stream);
    return {
      file,
      write(entry) {
        if (isBroken) return;
        try {
          logger.info(entry);
        } catch (error) {
          giveUp(error);
        }
      },
      [Symbol.dispose]: () => stream.end(),
    };
  } catch (error) {
    giveUp(error);
    return { file, write: () => undefined, [Symbol.dispose]: () => undefined };
  }
}

interface LogStream {
  write(line: string): unknown;
  end(): void;
}

function plain(file: string, giveUp: (error: unknown) => void): LogStream {
  const stream = destination({ dest: file, sync: true });
  stream.on("error", giveUp);
  return stream;
}

function rotating(file: string, { older, bytesMax }: LogRotation): LogStream {
  const target = new RotatingFile(file, older, bytesMax);
  return { write: (line) => target.write(line), end: () => target[Symbol.dispose]() };
}

import { systemClock } from "./clock.ts";
import { inFolder } from "./files.ts";
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
    const { older, bytesMax } = rotation ?? { older: file, bytesMax: Number.POSITIVE_INFINITY };
    const target = inFolder(file, () => new RotatingFile(file, older, bytesMax));
    return {
      file,
      write(entry) {
        if (isBroken) return;
        try {
          target.write(`${JSON.stringify({ level: 30, time: systemTime(), ...entry })}\n`);
        } catch (error) {
          giveUp(error);
        }
      },
      [Symbol.dispose]: () => {
        // The number of a closed file may be another's by now.
        isBroken = true;
        target[Symbol.dispose]();
      },
    };
  } catch (error) {
    giveUp(error);
    return { file, write: () => undefined, [Symbol.dispose]: () => undefined };
  }
}

/** pino's `info` and its time, by which tools tell such logs. */
function systemTime(): string {
  return new Date(systemClock.now()).toISOString();
}

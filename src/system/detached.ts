import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";

/** A `cbi` that goes on by itself when this process ends. */
export interface Detached {
  pid: number | undefined;
  /** Its exit code once it has ended, 70 when it could not be started; never rejects. */
  ended: Promise<number>;
}

const NOT_STARTED = 70;

/**
 * Starts this very `cbi` with these words in a session of its own, so that neither the end of this
 * process nor a terminal that is closed ends it. What it says is dropped; its errors go to a file.
 */
export function startDetached(
  words: readonly string[],
  options: {
    environment: Readonly<Record<string, string | undefined>>;
    workingDirectory: string;
    errorFile: string;
  },
): Detached {
  mkdirSync(path.dirname(options.errorFile), { recursive: true });
  const errors = openSync(options.errorFile, "w");
  try {
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", entryFile(), ...words],
      {
        cwd: options.workingDirectory,
        env: { ...options.environment },
        stdio: ["ignore", "ignore", errors],
        detached: true,
        windowsHide: true,
      },
    );
    const ended = new Promise<number>((resolve) => {
      child.once("error", () => resolve(NOT_STARTED));
      child.once("exit", (exitCode) => resolve(exitCode ?? NOT_STARTED));
    });
    child.unref();
    return { pid: child.pid, ended };
  } finally {
    closeSync(errors);
  }
}

/** The entry of this program, in the form in which this file runs: source or build. */
export function entryFile(): string {
  const entry = `cbi${path.extname(import.meta.filename)}`;
  return path.join(import.meta.dirname, "..", "cli", entry);
}

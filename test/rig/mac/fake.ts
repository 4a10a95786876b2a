import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** How a program of the imitated Mac was called. */
export interface Call {
  /** Its number since the calls were last forgotten, from 1. */
  number: number;
  /** Its absolute path. */
  program: string;
  args: readonly string[];
  uid: number;
  /** As the imitated Mac numbers processes. */
  pid: number;
  parentPid: number;
  cwd: string;
}

/** What a program does: it prints and ends, or becomes another one (`exec`) under the same number. */
export interface Answer {
  code: number;
  stdout?: string;
  stderr?: string;
  exec?: readonly string[];
}

/** A program of the imitated Mac. It may take its time; what it knows is in `stateOf`. */
export interface Fake {
  answer(call: Call): Answer | Promise<Answer>;
  /** Does a part of the work, as when the power goes in the middle of it; then it ends with 1. */
  partly?(call: Call): void | Promise<void>;
}

export const ok: Answer = { code: 0 };

export function says(code: number, stderr: string): Answer {
  return { code, stderr: stderr.endsWith("\n") ? stderr : `${stderr}\n` };
}

/** Where every fake has a file of its own: `pmset.json`. Tests read and write them through `MacBox`. */
export const STATE_FOLDER = "/opt/mac/state";

/** What a fake remembers, or `initial` before it has remembered anything. */
export function stateOf<T>(name: string, initial: T): T {
  const file = path.join(STATE_FOLDER, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : initial;
}

/** Remembers it, whole: a reader sees the old or the new. */
export function remember(name: string, state: unknown): void {
  const file = path.join(STATE_FOLDER, `${name}.json`);
  mkdirSync(STATE_FOLDER, { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state, undefined, 1));
  renameSync(`${file}.new`, file);
}

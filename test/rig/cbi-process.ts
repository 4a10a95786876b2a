import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { pollUntil } from "./processes.ts";

const ENTRY = path.resolve(import.meta.dirname, "../../src/cli/cbi.ts");

/** A line of `cbi run --json`, read loosely: the shapes have a test of their own. */
const eventSchema = z.looseObject({
  event: z.string(),
  stage: z.string().optional(),
  reused: z.boolean().optional(),
  message: z.string().optional(),
  done: z.number().optional(),
  progress: z.looseObject({ type: z.string(), id: z.string() }).optional(),
  run: z.string().optional(),
  state: z.string().optional(),
  exit_code: z.number().optional(),
  warnings: z.array(z.string()).optional(),
  error: z
    .object({ code: z.string(), message: z.string(), remedy: z.string().optional() })
    .nullish(),
});

export type SeenEvent = z.infer<typeof eventSchema>;

/** How a `cbi` process ended and all that it said. */
export interface CbiEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The lines of standard output that are events, in order. */
  events: SeenEvent[];
}

export interface CbiStart {
  environment: Record<string, string | undefined>;
  workingDirectory: string;
  /** A command that starts it in its stead, such as `["prlimit", "--fsize=1000"]`. */
  wrapper?: readonly string[];
  user?: number;
}

/** A `cbi` process that runs beside the test. It leads a process group of its own, as in a terminal. */
export class CbiProcess {
  readonly words: readonly string[];
  readonly ended: Promise<CbiEnd>;
  readonly #child: ChildProcess;
  readonly events: SeenEvent[] = [];
  #stdout = "";
  #stderr = "";
  #end: CbiEnd | undefined;

  constructor(words: readonly string[], start: CbiStart) {
    this.words = words;
    const [command = "", ...args] = [
      ...(start.wrapper ?? []),
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      ENTRY,
      ...words,
    ];
    this.#child = spawn(command, args, {
      cwd: start.workingDirectory,
      env: start.environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      ...(start.user === undefined ? {} : { uid: start.user, gid: start.user }),
    });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error("the process has no pipes");
    createInterface({ input: stdout }).on("line", (line) => this.#hear(line));
    stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (exitCode, signal) => {
        const { words: _words, ...said } = this.said();
        this.#end = { exitCode, signal, ...said, events: this.events };
        resolve(this.#end);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  said(): { words: readonly string[]; stdout: string; stderr: string } {
    return { words: this.words, stdout: this.#stdout, stderr: this.#stderr };
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** What Ctrl-C in a terminal does: the signal goes to the whole foreground group. */
  interruptGroup(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** Waits for the first event that fits, also one that has come already. */
  async until(what: string, fits: (event: SeenEvent) => boolean): Promise<SeenEvent> {
    let found: SeenEvent | undefined;
    await pollUntil(what, () => {
      found = this.events.find(fits);
      if (!found && this.#end) throw new Error(`cbi ended before ${what}`);
      return found !== undefined;
    });
    if (!found) throw new Error(what);
    return found;
  }

  /** Waits until standard output holds a text. */
  async untilSaid(text: string): Promise<void> {
    await pollUntil(`cbi says '${text}'`, () => {
      if (this.#end) throw new Error(`cbi ended before it said '${text}'`);
      return this.#stdout.includes(text);
    });
  }

  /** Kills it at the first event that fits, in the very turn in which the line is read. */
  async killAt(
    what: string,
    signal: NodeJS.Signals,
    fits: (event: SeenEvent) => boolean,
  ): Promise<CbiEnd> {
    this.#trap = { fits, signal };
    const end = await this.ended;
    if (this.#trap) throw new Error(`cbi ended before ${what}: exit code ${end.exitCode}`);
    return end;
  }

  #trap: { fits: (event: SeenEvent) => boolean; signal: NodeJS.Signals } | undefined;

  #hear(line: string): void {
    this.#stdout += `${line}\n`;
    const event = eventSchema.safeParse(parseJson(line)).data;
    if (!event) return;
    this.events.push(event);
    if (!this.#trap?.fits(event)) return;
    this.kill(this.#trap.signal);
    this.#trap = undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

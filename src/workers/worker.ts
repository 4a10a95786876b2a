import type { Clock } from "../system/clock.ts";
import { type GroupProcess, type ProcessEnd, spawnGroup } from "../system/process-group.ts";
import { singleLine, withoutControls } from "../system/text.ts";
import { LineCutter, Tail } from "./lines.ts";
import {
  type Hello,
  LINE_BYTES_MAX,
  parseHello,
  parseMessage,
  requestLine,
  type WorkerMessage,
  type WorkerTask,
} from "./protocol.ts";

/** How a worker is started. */
export interface WorkerCommand {
  command: string;
  args: readonly string[];
  environment: Record<string, string>;
  workingDirectory: string;
}

/** How long a worker may take before it is ended. */
export interface WorkerLimits {
  /** From the start to the first line. */
  helloMs: number;
  /** From one line to the next while a task runs. */
  silenceMs: number;
  /** For a whole task. */
  taskMs: number;
  /** Between TERM and KILL. */
  graceMs: number;
}

export const WORKER_LIMITS: WorkerLimits = {
  helloMs: 60_000,
  silenceMs: 300_000,
  taskMs: 7_200_000,
  graceMs: 2_000,
};

/** What came of a task: its result, the worker's own refusal, or the worker's death. */
export type TaskOutcome =
  | { kind: "result"; result: unknown }
  | { kind: "error"; class: "retryable" | "fatal" | "data"; message: string }
  | { kind: "died"; message: string };

interface Running {
  task: WorkerTask;
  onProgress: (round: number, roundsMax: number) => void;
  settle: (outcome: TaskOutcome) => void;
}

const STDERR_CHARACTERS = 8_192;
/** Progress comes four times a second at most; so many lines are a flood. */
const LINES_A_TASK_MAX = 200_000;

/**
 * One worker process for as long as it lives. After any breach (a line that is no message, one that
 * is too long, silence, a deadline) its whole group is ended and it is of no more use.
 */
export class Worker {
  readonly #process: GroupProcess;
  readonly #clock: Clock;
  readonly #limits: WorkerLimits;
  readonly #cutter = new LineCutter(LINE_BYTES_MAX);
  readonly #stderr = new Tail(STDERR_CHARACTERS);
  readonly #started: Promise<Hello | string>;
  #settleStart: (hello: Hello | string) => void = () => undefined;
  #hello: Hello | undefined;
  #running: Running | undefined;
  #lines = 0;
  #lineAt: number;
  /** Why it was ended or how it ended; undefined while it is of use. */
  #death: string | undefined;
  #ending: Promise<void> | undefined;

  constructor(command: WorkerCommand, clock: Clock, limits: WorkerLimits = WORKER_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
    this.#lineAt = clock.monotonic();
    this.#started = new Promise((resolve) => {
      this.#settleStart = resolve;
    });
    this.#process = spawnGroup(command.command, command.args, command);
    this.#process.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#process.stderr.setEncoding("utf8");
    this.#process.stderr.on("data", (text: string) => this.#stderr.push(text));
    void this.#process.ended.then((end) => this.#die(describeEnd(end)));
    void this.#watchStart();
  }

  get isAlive(): boolean {
    return this.#death === undefined;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The first line, or the sentence that says why there is none. */
  async hello(): Promise<Hello | string> {
    return this.#started;
  }

  /** Runs one task, one at a time. Never rejects: what can happen to a worker is an outcome. */
  async run(
    task: WorkerTask,
    onProgress: (round: number, roundsMax: number) => void = () => undefined,
  ): Promise<TaskOutcome> {
    if (this.#running) throw new Error("a worker runs one task at a time");
    const hello = await this.#started;
    if (typeof hello === "string") return { kind: "died", message: hello };
    if (this.#death !== undefined) return { kind: "died", message: this.#death };
    const stop = new AbortController();
    const outcome = new Promise<TaskOutcome>((settle) => {
      this.#running = { task, onProgress, settle };
    });
    this.#lines = 0;
    this.#lineAt = this.#clock.monotonic();
    void this.#watchTask(stop.signal);
    this.#process.stdin?.write(requestLine(task));
    try {
      return await outcome;
    } finally {
      this.#running = undefined;
      stop.abort();
    }
  }

  /** Ends the worker's whole group: TERM, then KILL. Resolves when it is gone. May be called twice. */
  async end(reason = "it was ended"): Promise<void> {
    this.#die(reason);
    await this.#ending;
  }

  /** The last words on standard error, without control characters. */
  lastWords(): string {
    return withoutControls(this.#stderr.toString()).trim();
  }

  #read(chunk: Buffer): void {
    if (this.#death !== undefined) return;
    this.#lineAt = this.#clock.monotonic();
    const lines = this.#cutter.push(chunk);
    if (!lines) {
      this.#die(`it wrote a line of more than ${LINE_BYTES_MAX} bytes`);
      return;
    }
    for (const line of lines) if (this.#death === undefined) this.#hear(line);
  }

  #hear(line: string): void {
    if (!this.#hello) {
      this.#hello = parseHello(line);
      if (this.#hello) this.#settleStart(this.#hello);
      else this.#die(`its first line is no greeting: ${singleLine(line, 120)}`);
      return;
    }
    const message = parseMessage(line);
    if (!message || message.id !== this.#running?.task.id) {
      this.#die(`it wrote a line that answers nothing: ${singleLine(line, 120)}`);
      return;
    }
    this.#lines += 1;
    if (this.#lines > LINES_A_TASK_MAX) this.#die(`it wrote over ${LINES_A_TASK_MAX} lines`);
    else this.#answer(message, this.#running);
  }

  #answer(message: WorkerMessage, running: Running): void {
    switch (message.type) {
      case "progress":
        running.onProgress(message.round, message.roundsMax);
        return;
      case "result":
        running.settle({ kind: "result", result: message.result });
        return;
      case "error":
        running.settle({
          kind: "error",
          class: message.class,
          message: withoutControls(message.message),
        });
    }
  }

  #die(reason: string): void {
    if (this.#death !== undefined) return;
    const words = singleLine(this.lastWords().split("\n").at(-1) ?? "");
    this.#death = words === "" ? reason : `${reason}; its last words: ${words}`;
    this.#settleStart(this.#death);
    this.#running?.settle({ kind: "died", message: this.#death });
    this.#ending = this.#endGroup();
  }

  async #endGroup(): Promise<void> {
    const { stdin, stdout, stderr, ended } = this.#process;
    // Nothing that it still says is read: a flood must not be held.
    stdout.destroy();
    stdin?.destroy();
    this.#process.kill("SIGTERM");
    const stop = new AbortController();
    const grace = this.#clock.sleep(this.#limits.graceMs, stop.signal).catch(() => undefined);
    await Promise.race([ended, grace]);
    stop.abort();
    // Also after the leader's polite end: what it started may have stayed.
    this.#process.kill("SIGKILL");
    await ended;
    stderr.destroy();
  }

  async #watchStart(): Promise<void> {
    const stop = new AbortController();
    void this.#started.then(() => stop.abort());
    const isOver = await this.#clock.sleep(this.#limits.helloMs, stop.signal).then(
      () => true,
      () => false,
    );
    if (isOver) this.#die(`it said nothing for ${seconds(this.#limits.helloMs)} after its start`);
  }

  async #watchTask(signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.monotonic();
    while (!signal.aborted) {
      const now = this.#clock.monotonic();
      const silenceLeft = this.#lineAt + this.#limits.silenceMs - now;
      const taskLeft = startedAt + this.#limits.taskMs - now;
      if (taskLeft <= 0) this.#die(`the task took more than ${seconds(this.#limits.taskMs)}`);
      else if (silenceLeft <= 0) this.#die(`it was silent for ${seconds(this.#limits.silenceMs)}`);
      if (this.#death !== undefined) return;
      await this.#clock.sleep(Math.min(silenceLeft, taskLeft), signal).catch(() => undefined);
    }
  }
}

function describeEnd(end: ProcessEnd): string {
  if (end.error !== undefined) return `it could not be started: ${end.error}`;
  if (end.signal === "SIGKILL") {
    return "it was killed (SIGKILL), as the system does when memory runs out";
  }
  return end.signal === null
    ? `it ended with exit code ${end.exitCode}`
    : `it died of ${end.signal}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

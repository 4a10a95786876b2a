import { stat } from "node:fs/promises";
import path from "node:path";
import { parseDurationMs } from "../../config/duration.ts";
import type { ServiceJob } from "../../config/jobs-schema.ts";
import type { Clock } from "../../system/clock.ts";
import { lookAt, wakingPart, type StopCause } from "./decide.ts";
import type { ServiceRequest } from "./request.ts";

/** No timer is trusted for longer, and a person waits no longer to be heard. */
const TICK_MS = 1_000;
const LOOKS_A_MINUTE = 60;

/** What is looked at while a service lives, or waits to live again. */
export interface LifeSigns {
  clock: Clock;
  endMs: number;
  request(): Promise<ServiceRequest | undefined>;
  /** Whether run and slot are still its own; asked once a minute, since the ledger is opened for it. */
  isOurs(): boolean;
  /** Refuses a request to restart, having said so, or lets it be. */
  mayRestart(request: ServiceRequest): Promise<boolean>;
  /** Hears and sees whether it works; absent while there is nothing to hear. */
  pulse?: Pulse;
}

/** Counts, in waking time, how long a service has given no sign of life. */
export class Pulse {
  readonly #file: string | undefined;
  readonly #silenceMaxMs: number;
  readonly #beatlessMaxMs: number;
  #silentMs = 0;
  #beatlessMs = 0;
  #hasSpoken = false;
  #stamp: string | undefined;

  constructor(home: string, { heartbeat, silence }: Pick<ServiceJob, "heartbeat" | "silence">) {
    this.#file = heartbeat && path.resolve(home, heartbeat.path);
    this.#silenceMaxMs = durationOr(silence);
    this.#beatlessMaxMs = durationOr(heartbeat?.max_age);
  }

  hear(): void {
    this.#hasSpoken = true;
  }

  /** Counts so much waking time since the last look, and looks. */
  async take(countedMs: number): Promise<{
    silentMs: number;
    silenceMaxMs: number;
    beatlessMs: number;
    beatlessMaxMs: number;
  }> {
    const stamp = this.#file === undefined ? undefined : await stampOf(this.#file);
    this.#silentMs = this.#hasSpoken ? 0 : this.#silentMs + countedMs;
    this.#beatlessMs = stamp === this.#stamp ? this.#beatlessMs + countedMs : 0;
    this.#hasSpoken = false;
    this.#stamp = stamp;
    return {
      silentMs: this.#silentMs,
      silenceMaxMs: this.#silenceMaxMs,
      beatlessMs: this.#beatlessMs,
      beatlessMaxMs: this.#beatlessMaxMs,
    };
  }
}

/** Looks every second until `over`, and gives the first cause to end; undefined when none came. */
export async function watchLife(
  signs: LifeSigns,
  over: AbortSignal,
): Promise<StopCause | undefined> {
  const { clock, endMs, pulse } = signs;
  for (let look = 1; !over.aborted; look++) {
    const beforeMs = clock.monotonic();
    await clock.sleep(TICK_MS, over).catch(() => undefined);
    if (over.aborted) return undefined;
    const countedMs = wakingPart(clock.monotonic() - beforeMs, TICK_MS);
    const cause = lookAt({
      nowMs: clock.now(),
      endMs,
      isLost: look % LOOKS_A_MINUTE === 0 && !signs.isOurs(),
      request: await signs.request(),
      ...((await pulse?.take(countedMs)) ?? NO_PULSE),
    });
    if (!cause) continue;
    const isRestart = cause.kind === "asked" && cause.request.wish === "restart";
    if (!isRestart || (await signs.mayRestart(cause.request))) return cause;
  }
  return undefined;
}

const NO_PULSE = {
  silentMs: 0,
  silenceMaxMs: Number.POSITIVE_INFINITY,
  beatlessMs: 0,
  beatlessMaxMs: Number.POSITIVE_INFINITY,
};

/** Changes with every write and touch; one that is not there has no beat. */
async function stampOf(file: string): Promise<string | undefined> {
  return stat(file).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
    () => undefined,
  );
}

function durationOr(text: string | undefined): number {
  return text === undefined
    ? Number.POSITIVE_INFINITY
    : (parseDurationMs(text) ?? Number.POSITIVE_INFINITY);
}

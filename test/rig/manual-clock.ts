import type { Clock } from "../../src/system/clock.ts";

/** A clock that stands still but for what is slept: a wait that `isSlept` accepts passes at once. */
export class ManualClock implements Clock {
  readonly slept: number[] = [];
  #nowMs: number;
  readonly #isSlept: (ms: number) => boolean;

  constructor(now: string, isSlept: (ms: number) => boolean = () => false) {
    this.#nowMs = Date.parse(now);
    this.#isSlept = isSlept;
  }

  /** Whole milliseconds, as of the system. */
  now(): number {
    return Math.floor(this.#nowMs);
  }

  monotonic(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isSlept(ms)) {
      this.slept.push(ms);
      this.#nowMs += ms;
      return;
    }
    await new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}

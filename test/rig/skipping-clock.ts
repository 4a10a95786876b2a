import { type Clock, systemClock } from "../../src/system/clock.ts";

/** How often a wait asks whether it may be skipped by now. */
const SLICE_MS = 20;

/** The real clock, but for waits that a test has no time for: those pass at once and count as passed. */
export class SkippingClock implements Clock {
  readonly skipped: number[] = [];
  readonly #isSkipped: (ms: number) => boolean;
  readonly #offsetMs: number;
  #skippedMs = 0;

  constructor(isSkipped: (ms: number) => boolean = () => false, now?: string) {
    this.#isSkipped = isSkipped;
    this.#offsetMs = now === undefined ? 0 : Date.parse(now) - systemClock.now();
  }

  now(): number {
    return systemClock.now() + this.#offsetMs + this.#skippedMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#skippedMs;
  }

  /** Time passes that nobody waited for, as while the machine sleeps. */
  advance(ms: number): void {
    this.#skippedMs += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const untilMs = this.monotonic() + ms;
    while (!this.#isSkipped(ms)) {
      const leftMs = untilMs - this.monotonic();
      if (leftMs <= 0) return;
      await systemClock.sleep(Math.min(leftMs, SLICE_MS), signal);
    }
    this.skipped.push(ms);
    this.#skippedMs += ms;
    // Processes and pipes get their turn.
    await systemClock.sleep(0);
  }
}

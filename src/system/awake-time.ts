import type { Clock } from "./clock.ts";

/** A wait that overshot by more than this was slept through, or stopped: a loaded machine is less late. */
const LATE_MS = 10_000;
/** What counts of such a wait: of a second the program had its part, and a machine that is always so late counts on. */
const SLEPT_THROUGH_MS = 1_000;

/**
 * Counts the time in which a program could have worked. What passes while the machine sleeps or this
 * process is stopped is left out: on Linux the monotonic clock does not count sleep, on macOS it does
 * (mach_continuous_time), so of a wait that ends far too late hardly anything counts: the machine may
 * have fallen asleep as soon as it began.
 */
export class AwakeTime {
  readonly #clock: Clock;
  #totalMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get totalMs(): number {
    return this.#totalMs;
  }

  /** Waits; ends early, without throwing, when the signal is aborted. Gives what was counted. */
  async wait(ms: number, signal: AbortSignal): Promise<number> {
    const beforeMs = this.#clock.monotonic();
    await this.#clock.sleep(ms, signal).catch(() => undefined);
    const passedMs = this.#clock.monotonic() - beforeMs;
    const countedMs = passedMs > ms + LATE_MS ? Math.min(ms, SLEPT_THROUGH_MS) : passedMs;
    this.#totalMs += countedMs;
    return countedMs;
  }
}

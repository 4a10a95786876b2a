import type { Clock } from "./clock.ts";

/** A wait that overshot by more than this was slept through, or stopped: a loaded machine is less late. */
const LATE_MS = 10_000;

/**
 * Counts the time in which a program could have worked. What passes while the machine sleeps or this
 * process is stopped is left out: on Linux the monotonic clock does not count sleep, on macOS it does
 * (mach_continuous_time), so a wait that ends far too late counts as what was asked for.
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
    const countedMs = passedMs > ms + LATE_MS ? ms : passedMs;
    this.#totalMs += countedMs;
    return countedMs;
  }
}

/**
 * Time, as the product sees it. Wall time dates things; monotonic time measures how long they took.
 * The two are never mixed: a laptop's wall clock jumps, and its monotonic clock may stop in sleep.
 */
export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back. Use only differences. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    }),
};

/** Milliseconds to add to UTC, at the instant, for what this machine's own clock shows. */
export function hereOffsetMs(instantMs: number): number {
  return -new Date(instantMs).getTimezoneOffset() * 60_000;
}

/** How long a run has been seen without progress; kept from one pass to the next. */
export interface QuietRecord {
  run: string;
  /** The newest sign of progress, in wall time. */
  progressMs: number;
  /** Waking time without another sign. */
  quietMs: number;
  seenMs: number;
  /** Time since the boot at that look, by a clock that stands still in sleep where there is one. */
  uptimeMs: number;
  boot: string;
}

/** The most that one look counts, a little over the hour between two passes. */
export const LOOK_MAX_MS = 65 * 60_000;

/**
 * Counts silence so that sleep never looks like a hang: between two looks the smaller of what the
 * wall clock and the clock of the boot say, and at most an hour, because on macOS the latter goes on
 * in sleep (mach_continuous_time) and nobody looked meanwhile. A sign of progress, another boot or a
 * clock set back begin anew. It errs to the side of too little: a hang is told late, a sleep never.
 */
export function countQuiet(
  before: QuietRecord | undefined,
  now: Omit<QuietRecord, "quietMs">,
): QuietRecord {
  const isSame =
    before?.run === now.run && before.progressMs === now.progressMs && before.boot === now.boot;
  if (!isSame) return { ...now, quietMs: 0 };
  const passedMs = Math.min(
    now.seenMs - before.seenMs,
    now.uptimeMs - before.uptimeMs,
    LOOK_MAX_MS,
  );
  return { ...now, quietMs: before.quietMs + Math.max(0, passedMs) };
}

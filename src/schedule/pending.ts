import type { Schedule } from "./schedule.ts";
import { slotsBetween, type Slot } from "./slots.ts";

/** Slots that are due and have no record yet, and the stretch before them that is too long to list. */
export interface Pending {
  /** In order of due time and then of name. */
  slots: Slot[];
  /** Everything due in (after, through] that is not listed. */
  unlisted?: { afterMs: number; throughMs: number };
}

const DAY_MS = 86_400_000;
/** So many slots are listed at least, the newest; years of absence at five minutes would be a million. */
const LISTED_MIN = 1000;

/**
 * The slots due in (after, through] that `isRecorded` does not know. The work is bounded whatever the
 * absence: stretches are walked from the newest backwards, each as long as all before it, until
 * enough are listed.
 */
export function pendingSlots(
  schedule: Schedule,
  afterMs: number,
  throughMs: number,
  isRecorded: (name: string) => boolean,
): Pending {
  const stretches: Slot[][] = [];
  let listed = 0;
  let endMs = throughMs;
  while (endMs > afterMs && listed < LISTED_MIN) {
    const lengthMs = Math.max(DAY_MS, throughMs - endMs);
    const startMs = Math.max(afterMs, endMs - lengthMs);
    const found = [...slotsBetween(schedule, startMs, endMs)];
    listed += found.length;
    stretches.unshift(found);
    endMs = startMs;
  }
  const slots = stretches.flat().filter(({ name }) => !isRecorded(name));
  if (endMs <= afterMs) return { slots };
  return { slots, unlisted: { afterMs, throughMs: endMs } };
}

/** Something that takes up room and may be given back. */
export interface Keepable {
  id: string;
  createdMs: number;
  bytes: number;
  /** Serving, referenced or in use: never given back, whatever the limits say. */
  isProtected: boolean;
}

/** Limits; an absent one does not limit. */
export interface KeepLimits {
  count?: number | undefined;
  ageMs?: number | undefined;
  bytes?: number | undefined;
}

/**
 * What to give back, the oldest first: whatever lies beyond the newest `count`, is older than
 * `ageMs`, or makes the newest add up to more than `bytes`. Protected things stay and count.
 */
export function beyondRetention<Item extends Keepable>(
  items: readonly Item[],
  limits: KeepLimits,
  nowMs: number,
): Item[] {
  const newestFirst = [...items].sort(
    (left, right) => right.createdMs - left.createdMs || (left.id < right.id ? 1 : -1),
  );
  let kept = 0;
  let bytes = 0;
  const given = newestFirst.filter((item) => {
    const isBeyond =
      kept + 1 > (limits.count ?? Number.POSITIVE_INFINITY) ||
      nowMs - item.createdMs > (limits.ageMs ?? Number.POSITIVE_INFINITY) ||
      bytes + item.bytes > (limits.bytes ?? Number.POSITIVE_INFINITY);
    if (isBeyond && !item.isProtected) return true;
    kept += 1;
    bytes += item.bytes;
    return false;
  });
  return given.toReversed();
}

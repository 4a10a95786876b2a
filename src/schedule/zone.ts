import { dayNumberOf } from "./day.ts";

/**
 * A wall-clock time as milliseconds: the instant at which a clock set to UTC would show it. Only
 * meaningful beside its zone.
 */
export type WallMs = number;

/** What the clocks did at a wall-clock time: jumped over it, or showed it twice. */
export type ClockChange = "gap" | "overlap";

/** One IANA time zone, as Node's own zone data knows it. */
export interface Zone {
  readonly name: string;
  /** Milliseconds to add to UTC at the instant. */
  offsetMsAt(instantMs: number): number;
  /** What a clock on the wall shows at the instant. */
  wallAt(instantMs: number): WallMs;
  /**
   * The instant at which a wall-clock time is due. One law for every clock change: a time in a gap
   * is due at the end of the gap, a time in an overlap at its first pass.
   */
  dueOf(wall: WallMs): Due;
  /** The instants in (after, through] at which the offset changes, in order. */
  changesBetween(afterMs: number, throughMs: number): OffsetChange[];
}

export interface Due {
  dueMs: number;
  change?: ClockChange;
}

export interface OffsetChange {
  atMs: number;
  offsetMs: number;
}

/** A zone's offsets over a stretch of time, to be kept and taught again. */
export interface KnownOffsets {
  zone: string;
  fromMs: number;
  throughMs: number;
  /** The offset at `fromMs`. */
  offsetMs: number;
  /** The changes after it, through `throughMs`, in order. */
  changes: readonly OffsetChange[];
}

/** A stretch of time, and how the offset runs in it. */
interface Block {
  /** The offset at its first instant. */
  offsetMs: number;
  /** The changes after its first instant, up to and with the next block's first. */
  changes: readonly OffsetChange[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * Offsets are asked for at the edges of blocks, and equal edges mean no change within. So a block
 * must be shorter than the shortest time for which a zone left an offset and came back to it: since
 * 1970 that is seven days less an hour, in Boa Vista in October 2000.
 */
const BLOCK_MS = 4 * DAY_MS;
/** No zone was ever farther from UTC. */
const OFFSET_MAX_MS = 16 * HOUR_MS;
/** The instants within which every function of schedules answers: the years 2 to 9997. */
export const INSTANT_MIN_MS = dayNumberOf(2, 1, 1) * DAY_MS;
export const INSTANT_MAX_MS = dayNumberOf(9998, 1, 1) * DAY_MS;

const zones = new Map<string, Zone>();

/** The zone of an IANA name, or undefined when Node knows none of that name. */
export function zoneNamed(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known) return known;
  // Node takes offsets such as +05:00 for names; they know no clock changes and are never meant.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  const probe = offsetProbe(name);
  if (!probe) return undefined;
  const zone = new CachedZone(name, { probe });
  zones.set(name, zone);
  return zone;
}

/**
 * The zone of a name that Node is sure to know, such as an exchange's. Nothing is checked or made
 * before the zone is first asked for an offset; an unknown name throws then.
 */
export function knownZone(name: string): Zone {
  const zone = zones.get(name) ?? new CachedZone(name);
  zones.set(name, zone);
  return zone;
}

/** The offsets of a zone from one instant through another; undefined when Node knows none of that name. */
export function offsetsOf(
  name: string,
  fromMs: number,
  throughMs: number,
): KnownOffsets | undefined {
  const zone = zoneNamed(name);
  if (!zone) return undefined;
  // Whole blocks, so that nothing within asks beyond.
  const wholeFromMs = Math.floor(fromMs / BLOCK_MS) * BLOCK_MS;
  const wholeThroughMs = Math.ceil(throughMs / BLOCK_MS) * BLOCK_MS;
  const changes = zone.changesBetween(wholeFromMs, wholeThroughMs);
  const offsetMs = zone.offsetMsAt(wholeFromMs);
  return { zone: name, fromMs: wholeFromMs, throughMs: wholeThroughMs, offsetMs, changes };
}

/**
 * Lets a zone answer from offsets that `offsetsOf` gave under the same zone data. To ask the zone data
 * themselves costs their machinery, which takes half as long to make as Node takes to start.
 */
export function teachZone(known: KnownOffsets): void {
  if (!zones.has(known.zone)) zones.set(known.zone, new CachedZone(known.zone, { known }));
}

/** The offset in milliseconds at an instant, by the zone data itself. */
type Probe = (instantMs: number) => number;

class CachedZone implements Zone {
  readonly name: string;
  #probe: Probe | undefined;
  readonly #known: KnownOffsets | undefined;
  readonly #blocks = new Map<number, Block>();
  /** Offsets at the first instants of blocks, by block index. */
  readonly #edges = new Map<number, number>();

  constructor(name: string, from: { probe?: Probe; known?: KnownOffsets } = {}) {
    this.name = name;
    this.#probe = from.probe;
    this.#known = from.known;
  }

  /** A formatter costs as much as starting a program, so it is made when first asked. */
  #offsetAt(instantMs: number): number {
    const known = this.#known;
    if (known && instantMs >= known.fromMs && instantMs <= known.throughMs) {
      return known.changes.findLast(({ atMs }) => atMs <= instantMs)?.offsetMs ?? known.offsetMs;
    }
    this.#probe ??= offsetProbe(this.name);
    if (!this.#probe) throw new Error(`this Node carries no time zone data for ${this.name}`);
    return this.#probe(instantMs);
  }

  offsetMsAt(instantMs: number): number {
    const block = this.#block(Math.floor(instantMs / BLOCK_MS));
    let { offsetMs } = block;
    for (const change of block.changes) {
      if (change.atMs > instantMs) break;
      ({ offsetMs } = change);
    }
    return offsetMs;
  }

  wallAt(instantMs: number): WallMs {
    return instantMs + this.offsetMsAt(instantMs);
  }

  dueOf(wall: WallMs): Due {
    const first = this.#block(Math.floor((wall - OFFSET_MAX_MS) / BLOCK_MS));
    const last = this.#block(Math.floor((wall + OFFSET_MAX_MS) / BLOCK_MS));
    if (first.changes.length + last.changes.length === 0) return { dueMs: wall - first.offsetMs };
    return this.#dueAmongChanges(wall);
  }

  changesBetween(afterMs: number, throughMs: number): OffsetChange[] {
    const found: OffsetChange[] = [];
    const lastIndex = Math.floor(throughMs / BLOCK_MS);
    for (let index = Math.floor(afterMs / BLOCK_MS); index <= lastIndex; index++) {
      for (const change of this.#block(index).changes) {
        if (change.atMs > afterMs && change.atMs <= throughMs) found.push(change);
      }
    }
    return found;
  }

  /** Tries each stretch of constant offset around the wall time, in order of time. */
  #dueAmongChanges(wall: WallMs): Due {
    const fromMs = wall - OFFSET_MAX_MS;
    const passesMs: number[] = [];
    let startMs = fromMs;
    let offsetMs = this.offsetMsAt(fromMs);
    let gapEndMs: number | undefined;
    for (const change of this.changesBetween(fromMs, wall + OFFSET_MAX_MS)) {
      const passMs = wall - offsetMs;
      if (passMs >= startMs && passMs < change.atMs) passesMs.push(passMs);
      // The clock showed less before the change and shows more after it.
      if (passMs >= change.atMs && wall - change.offsetMs < change.atMs) gapEndMs ??= change.atMs;
      startMs = change.atMs;
      ({ offsetMs } = change);
    }
    if (wall - offsetMs >= startMs) passesMs.push(wall - offsetMs);
    const [firstMs, ...laterMs] = passesMs;
    if (firstMs === undefined) return { dueMs: gapEndMs ?? wall - offsetMs, change: "gap" };
    return laterMs.length > 0 ? { dueMs: firstMs, change: "overlap" } : { dueMs: firstMs };
  }

  #block(index: number): Block {
    const known = this.#blocks.get(index);
    if (known) return known;
    const offsetMs = this.#edge(index);
    const changes = this.#changesWithin(index * BLOCK_MS, (index + 1) * BLOCK_MS, offsetMs);
    const block = { offsetMs, changes };
    this.#blocks.set(index, block);
    return block;
  }

  #edge(index: number): number {
    const known = this.#edges.get(index);
    if (known !== undefined) return known;
    const offsetMs = this.#offsetAt(index * BLOCK_MS);
    this.#edges.set(index, offsetMs);
    return offsetMs;
  }

  /** The changes in (start, end], each found to the second by halving. */
  #changesWithin(startMs: number, endMs: number, startOffsetMs: number): OffsetChange[] {
    const changes: OffsetChange[] = [];
    let offsetMs = startOffsetMs;
    let lowMs = startMs;
    const endOffsetMs = this.#edge(Math.round(endMs / BLOCK_MS));
    while (offsetMs !== endOffsetMs) {
      let highMs = endMs;
      while (highMs - lowMs > 1000) {
        const middleMs = lowMs + Math.floor((highMs - lowMs) / 2000) * 1000;
        if (this.#offsetAt(middleMs) === offsetMs) lowMs = middleMs;
        else highMs = middleMs;
      }
      offsetMs = this.#offsetAt(highMs);
      changes.push({ atMs: highMs, offsetMs });
      lowMs = highMs;
    }
    return changes;
  }
}

/** Asks `Intl` for the offset at an instant: the difference of what it prints and UTC. */
function offsetProbe(name: string): Probe | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    return undefined;
  }
  return (instantMs) => {
    const clampedMs = Math.min(Math.max(instantMs, INSTANT_MIN_MS), INSTANT_MAX_MS);
    const second = Math.floor(clampedMs / 1000) * 1000;
    return wallOfPrinted(format.format(second)) - second;
  };
}

const PRINTED = /^(\d\d)\/(\d\d)\/(\d+), (\d\d):(\d\d):(\d\d)$/;

function wallOfPrinted(text: string): WallMs {
  const [, month, dayOfMonth, year, hour, minute, second] = PRINTED.exec(text) ?? [];
  const days = dayNumberOf(Number(year), Number(month), Number(dayOfMonth));
  return days * DAY_MS + Number(hour) * HOUR_MS + Number(minute) * 60_000 + Number(second) * 1000;
}

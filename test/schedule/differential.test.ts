import assert from "node:assert/strict";
import { test } from "node:test";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import { parseSchedule, type Schedule } from "../../src/schedule/schedule.ts";
import { slotsBetween, type Slot } from "../../src/schedule/slots.ts";
import { minuteOfWall } from "../../src/schedule/wall.ts";
import { zoneNamed, type OffsetChange, type Zone } from "../../src/schedule/zone.ts";

/** Why a library may differ from our slots; a difference that no law explains fails the test. */
const EXPLANATIONS = {
  "left out": "a time in a gap is due at the gap's end; the library leaves it out",
  moved: "a time in a gap is due at the gap's end; the library moves it past that",
  "gave up": "every matching time is a slot; the library throws at a change within the hour",
  lost: "every matching time is a slot; the library loses some beside a change within the hour",
  late: "a time in an overlap is due once, at its first pass; the library fires at the second only",
  extra: "a time in an overlap is due once, at its first pass; the library fires at the second too",
} as const;

type Explanation = keyof typeof EXPLANATIONS;
type Library = "croner" | "cron-parser";

const HOUR_MS = 3_600_000;
const YEARS: [number, number] = [Date.UTC(2000, 0, 1), Date.UTC(2036, 0, 1)];
const zones = Intl.supportedValuesOf("timeZone").map((name) => requiredZone(name));

/** A change of one zone with the wall clock's gap or overlap. */
interface Change {
  zone: Zone;
  atMs: number;
  /** The first wall-clock time that is skipped or shown again, and the first that is not. */
  wallFromMs: number;
  wallToMs: number;
}

/** What each library does against our law; croner is otherwise equal to us everywhere. */
const DIFFERS: Readonly<Record<Library, readonly Explanation[]>> = {
  croner: ["extra", "left out"],
  "cron-parser": ["extra", "gave up", "late", "left out", "lost", "moved"],
};

const changes = zones.flatMap((zone) => changesOf(zone));
/** Zones whose clocks do the same at the same instant need comparing only once. */
const distinctChanges = distinctBy(changes, ({ atMs, wallFromMs, wallToMs }) =>
  [atMs, wallFromMs, wallToMs].join(),
);
/** One of each kind: the same gap or overlap at the same time of day and distance from UTC. */
const kindsOfChange = new Set(
  distinctBy(distinctChanges, ({ atMs, wallFromMs, wallToMs }) =>
    [minuteOfWall(wallFromMs), wallFromMs - atMs, wallToMs - atMs].join(),
  ),
);

void test("the law holds around every change of every zone from 2000 to 2035", () => {
  for (const { zone, atMs } of changes) {
    const schedule = scheduleOf("*/15 * * * *", zone.name);
    const [fromMs, toMs] = [atMs - 30 * HOUR_MS, atMs + 30 * HOUR_MS];
    const slots = [...slotsBetween(schedule, fromMs - 1, toMs - 1)];
    assert.deepEqual(
      slots.map(({ dueMs }) => dueMs),
      dueByWalking(zone, fromMs, toMs, atMs),
      `${zone.name} ${new Date(atMs).toISOString()}`,
    );
    assert.equal(new Set(slots.map(({ name }) => name)).size, slots.length, "a name comes once");
  }
  assert.ok(changes.length > 10_000, `${changes.length} changes`);
});

for (const library of ["croner", "cron-parser"] as const) {
  void test(`${library} agrees around every change, or our law says why it does not`, () => {
    const seen = new Map<Explanation, number>();
    let compared = 0;
    for (const change of distinctChanges) {
      // The parser needs a quarter of a millisecond a slot: every change daily, every kind in full.
      const isInFull = library === "croner" || kindsOfChange.has(change);
      for (const pattern of patternsAround(change).slice(0, isInFull ? 3 : 1)) {
        compared += compare(library, pattern, change, seen);
      }
    }
    console.log(`${library}: ${compared} comparisons over ${distinctChanges.length} changes`);
    for (const [explanation, count] of seen) {
      console.log(`  ${count} x ${EXPLANATIONS[explanation]}`);
    }
    assert.deepEqual([...seen.keys()].sort(), DIFFERS[library]);
    assert.ok(distinctChanges.length > 1000 && kindsOfChange.size > 100);
  });
}

function distinctBy<T>(values: readonly T[], keyOf: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}

function changesOf(zone: Zone): Change[] {
  let offsetMs = zone.offsetMsAt(YEARS[0]);
  return zone.changesBetween(...YEARS).map((change: OffsetChange) => {
    const [before, after] = [change.atMs + offsetMs, change.atMs + change.offsetMs];
    ({ offsetMs } = change);
    return {
      zone,
      atMs: change.atMs,
      wallFromMs: Math.min(before, after),
      wallToMs: Math.max(before, after),
    };
  });
}

/** Daily in the middle of the gap or overlap, every half hour of it and the next, and hourly. */
function patternsAround({ wallFromMs, wallToMs }: Change): string[] {
  const middle = minuteOfWall(wallFromMs + (wallToMs - wallFromMs) / 2);
  const hour = Math.floor(minuteOfWall(wallFromMs) / 60);
  const hours = hour === 23 ? "23" : `${hour}-${hour + 1}`;
  return [`${middle % 60} ${Math.floor(middle / 60)} * * *`, `*/30 ${hours} * * *`, "0 * * * *"];
}

/** Compares the due times around the change; returns how many there were. */
function compare(
  library: Library,
  pattern: string,
  change: Change,
  seen: Map<Explanation, number>,
): number {
  const reachMs = (pattern.startsWith("0 *") ? 5 : 14) * HOUR_MS;
  const [fromMs, toMs] = [change.atMs - reachMs, change.atMs + reachMs];
  const schedule = scheduleOf(pattern, change.zone.name);
  const ours = [...slotsBetween(schedule, fromMs, toMs)];
  const theirs = runsOf(library, pattern, change.zone.name, fromMs, toMs);
  for (const { explanation, atMs } of differences(change, ours, theirs)) {
    const where = `${library} ${pattern} ${change.zone.name} ${new Date(atMs).toISOString()}`;
    assert.ok(explanation, `${where}: unexplained`);
    seen.set(explanation, (seen.get(explanation) ?? 0) + 1);
  }
  return ours.length;
}

interface Difference {
  atMs: number;
  explanation: Explanation | undefined;
}

function differences(change: Change, ours: readonly Slot[], theirs: Runs): Difference[] {
  const { zone } = change;
  const runs = new Set(theirs.runs);
  const due = new Set(ours.map(({ dueMs }) => dueMs));
  const hasGapSlot = ours.some((slot) => slot.change === "gap");
  const extra = theirs.runs.filter((ms) => !due.has(ms));
  const missing = ours.filter(({ dueMs }) => !runs.has(dueMs));
  return [
    ...extra.map((atMs) => {
      if (hasGapSlot && isMoved(change, atMs)) return { atMs, explanation: "moved" as const };
      const isSecondPass = zone.dueOf(zone.wallAt(atMs)).change === "overlap";
      return { atMs, explanation: isSecondPass ? ("extra" as const) : undefined };
    }),
    ...missing.map((slot) => ({
      atMs: slot.dueMs,
      explanation: whyMissing(change, slot, theirs, new Set(extra)),
    })),
  ];
}

function whyMissing(
  change: Change,
  slot: Slot,
  theirs: Runs,
  extra: ReadonlySet<number>,
): Explanation | undefined {
  if (slot.change === "gap")
    return [...extra].some((ms) => isMoved(change, ms)) ? "moved" : "left out";
  const lengthMs = change.wallToMs - change.wallFromMs;
  if (slot.change === "overlap" && extra.has(slot.dueMs + lengthMs)) return "late";
  if (theirs.gaveUp && slot.dueMs > (theirs.runs.at(-1) ?? 0)) return "gave up";
  const isBeside = Math.abs(slot.dueMs - change.atMs) <= lengthMs;
  return isBeside && change.wallFromMs % HOUR_MS !== 0 ? "lost" : undefined;
}

/** Whether an instant lies where a library puts a gap's slot that it moves: within the gap's length after it. */
function isMoved({ atMs, wallFromMs, wallToMs }: Change, instantMs: number): boolean {
  return instantMs > atMs && instantMs - atMs <= wallToMs - wallFromMs;
}

/** Due times by looking at every quarter of an hour: the first instant that shows each wall time. */
function dueByWalking(zone: Zone, fromMs: number, toMs: number, changeMs: number): number[] {
  const quarterMs = HOUR_MS / 4;
  const firstShown = new Map<number, number>();
  const startMs = Math.ceil(fromMs / quarterMs) * quarterMs;
  for (let ms = startMs - 48 * HOUR_MS; ms < toMs; ms += quarterMs) {
    const wall = zone.wallAt(ms);
    if (!firstShown.has(wall)) firstShown.set(wall, ms);
  }
  const due: number[] = [];
  const walls = [...firstShown.keys()].sort((left, right) => left - right);
  const [firstWall = 0, lastWall = 0] = [walls[0], walls.at(-1)];
  for (let wall = firstWall; wall <= lastWall; wall += quarterMs) {
    const dueMs = firstShown.get(wall) ?? changeMs;
    if (dueMs >= fromMs && dueMs < toMs) due.push(dueMs);
  }
  return due;
}

interface Runs {
  runs: number[];
  /** Whether the library threw instead of answering. */
  gaveUp: boolean;
}

function runsOf(
  library: Library,
  pattern: string,
  zone: string,
  fromMs: number,
  toMs: number,
): Runs {
  const runs: number[] = [];
  const next =
    library === "croner" ? cronerFrom(pattern, zone, fromMs) : parserFrom(pattern, zone, fromMs);
  try {
    for (let run = next(); run <= toMs; run = next()) runs.push(run);
  } catch (error) {
    assert.match(String(error), /loop limit exceeded/);
    return { runs, gaveUp: true };
  }
  return { runs, gaveUp: false };
}

function cronerFrom(pattern: string, zone: string, fromMs: number): () => number {
  const cron = new Cron(pattern, { timezone: zone, paused: true });
  let last: Date | null = new Date(fromMs);
  return () => {
    last = last && cron.nextRun(last);
    return last?.getTime() ?? Number.POSITIVE_INFINITY;
  };
}

function parserFrom(pattern: string, zone: string, fromMs: number): () => number {
  const parser = CronExpressionParser.parse(pattern, { tz: zone, currentDate: new Date(fromMs) });
  return () => parser.next().getTime();
}

function scheduleOf(pattern: string, zone: string): Schedule {
  const result = parseSchedule({ schedule: [pattern], zone });
  assert.ok(result.ok, pattern);
  return result.schedule;
}

function requiredZone(name: string): Zone {
  const zone = zoneNamed(name);
  assert.ok(zone, name);
  return zone;
}

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { calendarEntries, type CalendarEntry } from "../../../src/schedule/calendar-entries.ts";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { parseSchedule, type Schedule, type ScheduleText } from "../../../src/schedule/schedule.ts";
import { slotsBetween } from "../../../src/schedule/slots.ts";
import { timeOfDay } from "../../../src/schedule/wall.ts";
import { zoneNamed, type Zone } from "../../../src/schedule/zone.ts";
import { nextRing, type Pass } from "./simulated-launchd.ts";

const FROM_MS = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 86_400_000;
const THROUGH_MS = FROM_MS + 3 * YEAR_MS;
const LIMITS = { fromMs: FROM_MS, throughMs: THROUGH_MS, entriesMax: 100 };
const ZONES = Intl.supportedValuesOf("timeZone");
/** CBI_TEST_ALL_ZONES=1 takes them all, some minutes of work; without it, a sample of so many. */
const SAMPLE = 400;

void test("a daily time of New York is told in the machine's zone for both offsets", () => {
  const midnight = schedule({ schedule: ["0 0 * * *"] });
  assert.deepEqual(shown(entries(midnight, "America/New_York")), ["* 00:00"]);
  assert.deepEqual(shown(entries(midnight, "Europe/Berlin")), ["* 05:00", "* 06:00"]);
  assert.deepEqual(shown(entries(midnight, "Asia/Kolkata")), ["* 09:30", "* 10:30"]);
  assert.deepEqual(shown(entries(midnight, "Australia/Lord_Howe")), [
    "* 14:30",
    "* 15:00",
    "* 16:00",
  ]);
});

void test("weekdays are those of the machine's zone", () => {
  const evening = schedule({ schedule: ["0 22 * * 1-5"] });
  assert.deepEqual(shown(entries(evening, "Asia/Tokyo")), [
    ...["2", "3", "4", "5", "6"].map((day) => `${day} 11:00`),
    ...["2", "3", "4", "5", "6"].map((day) => `${day} 12:00`),
  ]);
});

void test("a time in the gap of its own zone has an entry at the gap's end", () => {
  const half = schedule({ schedule: ["30 2 * * *"] });
  assert.deepEqual(shown(entries(half, "America/New_York")), ["* 02:30", "0 03:00"]);
});

void test("early closes of the exchange have entries of their own", () => {
  const close = schedule({ schedule: ["close"], calendar: calendarNamed("XNYS") });
  const found = shown(entries(close, "America/New_York")) ?? [];
  assert.ok(found.includes("5 13:00"), "the Friday after Thanksgiving");
  assert.ok(found.includes("1 16:00"));
  assert.ok(!found.includes("6 16:00"));
});

void test("too many weekday entries give up the weekdays, and too many times give up", () => {
  const quarters = schedule({ schedule: ["*/15 9-15 * * 1-5"] });
  const found = entries(quarters, "Asia/Tokyo") ?? [];
  assert.equal(found.length, 32, "28 times a day, of which an hour is in both offsets");
  assert.ok(found.every(({ weekday }) => weekday === undefined));
  assert.equal(entries(schedule({ every: "5m" }), "Asia/Tokyo"), undefined);
  assert.equal(entries(schedule({ every: "15m" }), "Asia/Tokyo")?.length, 96);
});

void test(
  "launchd rings for no slot later than the machine's clock is set back",
  { timeout: 1_800_000 },
  () => {
    const isAll = process.env["CBI_TEST_ALL_ZONES"] === "1";
    const seed = Number(process.env["CBI_TEST_SEED"] ?? randomInt(2 ** 31));
    const pairs = isAll ? everyPair() : sampled(everyPair(), SAMPLE, seed);
    console.log(isAll ? `all ${pairs.length} pairs` : `CBI_TEST_SEED=${seed}`);
    let worst = { lateMs: 0, where: "" };
    for (const { zoneName, time } of pairs) {
      const zone = known(zoneName);
      const [minute, hour] = [time % 60, Math.floor(time / 60)];
      const daily = schedule({ schedule: [`${minute} ${hour} * * *`] });
      for (const pass of ["first", "second"] as const) {
        const lateMs = worstLateness(daily, zone, entries(daily, zoneName) ?? [], pass);
        const where = `${timeOfDay(time)} in New York, on a clock of ${zoneName}, ${pass} pass`;
        assert.ok(lateMs <= largestSetBack(zone), `${where}: ${lateMs / 60_000} min late`);
        if (lateMs > worst.lateMs) worst = { lateMs, where };
      }
    }
    console.log(`latest: ${worst.lateMs / 60_000} min, ${worst.where}`);
  },
);

void test("the simulated launchd catches a compiler that forgets the second pass", () => {
  // 00:30 in London is the second 01:30 in Berlin, when clocks of both go back.
  const schedule0030 = schedule({ schedule: ["30 1 * * *"], zone: "UTC" });
  const zone = known("Europe/Berlin");
  const all = entries(schedule0030, "Europe/Berlin") ?? [];
  assert.deepEqual(shown(all), ["* 02:30", "0 03:00", "* 03:30"]);
  const forgetful = all.filter(({ weekday }) => weekday === undefined);
  assert.equal(worstLateness(schedule0030, zone, all, "first"), 30 * 60_000);
  assert.equal(worstLateness(schedule0030, zone, forgetful, "first"), 60 * 60_000);
});

interface Pair {
  zoneName: string;
  /** Minute of the day in New York. */
  time: number;
}

function everyPair(): Pair[] {
  const times = Array.from({ length: 48 }, (_, index) => index * 30);
  return ZONES.flatMap((zoneName) => times.map((time) => ({ zoneName, time })));
}

/** So many of them, by the generator of Park and Miller. */
function sampled(pairs: readonly Pair[], count: number, seed: number): Pair[] {
  let state = (seed % 2_147_483_646) + 1;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return pairs[state % pairs.length];
  }).filter((pair) => pair !== undefined);
}

/** The longest time from a slot's due instant to the first ring at or after it. */
function worstLateness(
  daily: Schedule,
  zone: Zone,
  compiled: readonly CalendarEntry[],
  pass: Pass,
): number {
  const rings = compiled.flatMap((entry) => ringsOf(entry, zone, pass)).sort((a, b) => a - b);
  let worstMs = 0;
  let at = 0;
  for (const { dueMs } of slotsBetween(daily, FROM_MS, THROUGH_MS)) {
    while ((rings[at] ?? Infinity) < dueMs) at += 1;
    worstMs = Math.max(worstMs, (rings[at] ?? Infinity) - dueMs);
  }
  return worstMs;
}

function ringsOf(entry: CalendarEntry, zone: Zone, pass: Pass): number[] {
  const rings: number[] = [];
  let nowMs = FROM_MS - 1;
  while (nowMs <= THROUGH_MS + 2 * 86_400_000) {
    nowMs = nextRing(entry, zone, nowMs, pass);
    rings.push(nowMs);
  }
  return rings;
}

const setBacks = new Map<string, number>();

function largestSetBack(zone: Zone): number {
  const found = setBacks.get(zone.name);
  if (found !== undefined) return found;
  const changes = zone.changesBetween(FROM_MS, THROUGH_MS);
  const backs = changes.map(({ atMs, offsetMs }) => zone.offsetMsAt(atMs - 1000) - offsetMs);
  const largest = Math.max(0, ...backs);
  setBacks.set(zone.name, largest);
  return largest;
}

function entries(of: Schedule, zoneName: string): CalendarEntry[] | undefined {
  return calendarEntries(of, known(zoneName), LIMITS);
}

function shown(found: readonly CalendarEntry[] | undefined): string[] | undefined {
  return found?.map(
    ({ weekday, hour, minute }) => `${weekday ?? "*"} ${timeOfDay(hour * 60 + minute)}`,
  );
}

function schedule(text: Partial<ScheduleText>): Schedule {
  const read = parseSchedule({ zone: "America/New_York", ...text });
  assert.ok(read.ok);
  return read.schedule;
}

function known(name: string): Zone {
  const zone = zoneNamed(name);
  assert.ok(zone, name);
  return zone;
}

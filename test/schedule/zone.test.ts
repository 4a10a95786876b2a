import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseInstant } from "../../src/schedule/instant.ts";
import { localText, utcText, wallText } from "../../src/schedule/wall.ts";
import { knownZone, offsetsOf, teachZone, zoneNamed, type Zone } from "../../src/schedule/zone.ts";

const DAY_MS = 86_400_000;
const NAMES = Intl.supportedValuesOf("timeZone");

void test("every zone of this Node has the offset that Intl prints, at any instant", () => {
  const instants = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2100, 0, 1) });
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), instants, (name, instant) => {
      const second = Math.floor(instant / 1000) * 1000;
      const parts = new Intl.DateTimeFormat("en-GB", {
        timeZone: name,
        dateStyle: "short",
        timeStyle: "medium",
      }).format(second);
      const wall = new Date(zone(name).wallAt(second)).toISOString();
      const [, day, month, year, time] = /^(\d\d)\/(\d\d)\/(\d{4}), (.*)$/.exec(parts) ?? [];
      assert.equal(wall, `${year}-${month}-${day}T${time}.000Z`, name);
    }),
    { numRuns: 3000 },
  );
});

/** Zone, wall-clock time, the instant at which it is due, and what the clocks did. */
const DUE: [zone: string, wall: string, due: string, change?: string][] = [
  ["America/New_York", "2026-03-08T01:59", "2026-03-08T06:59:00Z"],
  ["America/New_York", "2026-03-08T02:00", "2026-03-08T07:00:00Z", "gap"],
  ["America/New_York", "2026-03-08T02:59", "2026-03-08T07:00:00Z", "gap"],
  ["America/New_York", "2026-03-08T03:00", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T00:59", "2026-11-01T04:59:00Z"],
  ["America/New_York", "2026-11-01T01:00", "2026-11-01T05:00:00Z", "overlap"],
  ["America/New_York", "2026-11-01T01:59", "2026-11-01T05:59:00Z", "overlap"],
  ["America/New_York", "2026-11-01T02:00", "2026-11-01T07:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00Z", "gap"],
  ["Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z", "overlap"],
  ["America/Nuuk", "2026-03-28T23:30", "2026-03-29T01:00:00Z", "gap"],
  ["Africa/Cairo", "2026-04-24T00:00", "2026-04-23T22:00:00Z", "gap"],
  ["Antarctica/Troll", "2026-03-29T02:30", "2026-03-29T01:00:00Z", "gap"],
  ["Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z", "gap"],
  ["America/St_Johns", "2006-04-02T00:30", "2006-04-02T03:31:00Z", "gap"],
  ["Asia/Kathmandu", "2026-01-01T05:45", "2026-01-01T00:00:00Z"],
  ["UTC", "2026-01-01T00:00", "2026-01-01T00:00:00Z"],
];

for (const [name, wall, due, change] of DUE) {
  void test(`${wall} in ${name} is due at ${due}`, () => {
    const found = zone(name).dueOf(Date.parse(`${wall}:00Z`));
    assert.equal(utcText(found.dueMs), due);
    assert.equal(found.change, change);
  });
}

void test("due times never go back as wall-clock times go on", () => {
  const walls = fc.integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2036, 0, 1) });
  const steps = fc.integer({ min: 0, max: 3 * 86_400_000 });
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), walls, steps, (name, wall, step) => {
      const { dueMs } = zone(name).dueOf(wall);
      assert.ok(dueMs <= zone(name).dueOf(wall + step).dueMs, `${name} ${wallText(wall)}`);
    }),
    { numRuns: 3000 },
  );
});

void test("a zone that left its offset for seven days only is known to have done so", () => {
  const changes = zone("America/Boa_Vista").changesBetween(
    Date.UTC(2000, 8, 1),
    Date.UTC(2000, 11, 1),
  );
  assert.deepEqual(
    changes.map(({ atMs, offsetMs }) => [utcText(atMs), offsetMs / 3_600_000]),
    [
      ["2000-10-08T04:00:00Z", -3],
      ["2000-10-15T03:00:00Z", -4],
    ],
  );
});

void test("a zone that was taught its offsets answers as one that asks, and asks beyond them", () => {
  const [fromMs, throughMs] = [Date.UTC(2025, 0, 1), Date.UTC(2028, 0, 1)];
  for (const [name, alias] of [
    ["America/New_York", "US/Eastern"],
    ["Africa/Casablanca", "Etc/Nowhere"],
    ["Asia/Tokyo", "Japan"],
  ] as const) {
    const known = offsetsOf(name, fromMs, throughMs);
    assert.ok(known);
    teachZone({ ...known, zone: alias });
    const [asks, taught] = [knownZone(name), knownZone(alias)];
    // A due time looks a day around itself.
    for (let atMs = fromMs + DAY_MS; atMs < throughMs - DAY_MS; atMs += 7 * 3_600_000) {
      assert.equal(taught.offsetMsAt(atMs), asks.offsetMsAt(atMs), `${name} at ${atMs}`);
      assert.deepEqual(taught.dueOf(atMs), asks.dueOf(atMs));
    }
    const beyond = () => taught.changesBetween(throughMs, throughMs + 366 * DAY_MS);
    if (alias === "Etc/Nowhere") assert.throws(beyond, /no time zone data/);
    else {
      assert.deepEqual(beyond(), asks.changesBetween(throughMs, throughMs + 366 * DAY_MS));
    }
  }
});

void test("names that are no IANA zone are none, offsets among them", () => {
  for (const name of ["", "Mars", "+05:00", "-0300", "America/New_Yrok", "New York"]) {
    assert.equal(zoneNamed(name), undefined, name);
  }
});

void test("an instant is read from a day, a wall-clock time or a time with its offset", () => {
  const newYork = zone("America/New_York");
  const read = (text: string) => {
    const instant = parseInstant(text, newYork);
    return instant && [utcText(instant.atMs), instant.isDay];
  };
  assert.deepEqual(read("2026-03-08"), ["2026-03-08T05:00:00Z", true]);
  assert.deepEqual(read("2026-03-08T02:30"), ["2026-03-08T07:00:00Z", false]);
  assert.deepEqual(read("2026-06-01 09:30:15"), ["2026-06-01T13:30:15Z", false]);
  assert.deepEqual(read("2026-03-08T02:30:00Z"), ["2026-03-08T02:30:00Z", false]);
  assert.deepEqual(read("2026-03-08T02:30:00.250+05:45"), ["2026-03-07T20:45:00Z", false]);
  for (const text of ["", "2026-02-30", "2026-03-08T24:00", "2026-03-08T02:30+99:00", "tomorrow"]) {
    assert.equal(read(text), undefined, text);
  }
});

void test("instants are written with the zone's offset", () => {
  const newYork = zone("America/New_York");
  const text = (iso: string) => localText(Date.parse(iso), newYork.offsetMsAt(Date.parse(iso)));
  assert.equal(text("2026-03-08T07:00:00Z"), "2026-03-08T03:00:00-04:00");
  assert.equal(text("2026-03-08T06:59:59Z"), "2026-03-08T01:59:59-05:00");
  assert.equal(localText(0, 20_700_000), "1970-01-01T05:45:00+05:45");
});

function zone(name: string): Zone {
  const found = zoneNamed(name);
  assert.ok(found, name);
  return found;
}

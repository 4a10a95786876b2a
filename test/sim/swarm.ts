import type { HomeChoice } from "./home/config.ts";
import type { Chance } from "./mac/chance.ts";
import type { ClockKind } from "./mac/mac.ts";

/** Kinds of fault; a seed picks some, so that each also meets the others' absence (swarm testing). */
export const FAULTS = [
  "sleep",
  "dark-wake",
  "power-cut",
  "kill",
  "reboot",
  "clock",
  "travel",
  "disk-full",
  "trouble",
  "person",
  "pause",
  "slow-disk",
] as const;

export type Fault = (typeof FAULTS)[number];

/** Parts of the product that not every home has; most seeds do without, since some take their time. */
export const PARTS = ["gates", "service", "daemon", "edits"] as const;

export type Part = (typeof PARTS)[number];

/** Everything that a seed decides before the first night. */
export interface Swarm {
  faults: ReadonlySet<Fault>;
  parts: ReadonlySet<Part>;
  startMs: number;
  home: HomeChoice;
  clockKind: ClockKind;
  /** Whether pmset wakes the machine for the night. */
  wakesForNight: boolean;
  watchdogAtLoad: boolean;
  /** When the watchdog looks; hourly takes most of the simulation's time, so seldom. */
  watchdogHours: readonly number[];
  keepsPending: boolean;
  /** Whether the host starts a service's keeper again that was killed. */
  hostKeeps: boolean;
  /** How often the daemon looks, a divisor of an hour: production does each minute, which takes its time. */
  tickMinutes: number;
  /** Whether the watchdog lets the host start what is due. */
  hostStarts: boolean;
  forgetting: "all" | "some";
}

const ZONES = [
  "America/New_York",
  "Europe/Berlin",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Asia/Tokyo",
] as const;

/** Two days before the clocks change, in each of the zones where they do. */
const CHANGES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "America/New_York": ["2026-03-06", "2026-10-30"],
  "Europe/Berlin": ["2026-03-27", "2026-10-23"],
  "America/Santiago": ["2026-04-02", "2026-09-04"],
  "Australia/Lord_Howe": ["2026-04-03", "2026-10-02"],
  "Asia/Tokyo": ["2026-05-01"],
};

const DAY_MS = 86_400_000;

/** Parts are drawn by a chance of their own: without them a seed's nights are what they were. */
export function swarmOf(chance: Chance, ofParts: Chance): Swarm {
  const parts = partsOf(ofParts);
  const density = chance.pick([0.15, 0.35, 0.6]);
  const faults = new Set(FAULTS.filter(() => chance.is(density)));
  const zone = chance.pick(ZONES);
  const days: readonly [string, ...string[]] = CHANGES[zone] ?? ["2026-01-05"];
  const anyDay = Date.parse("2026-01-01T00:00:00Z") + chance.whole(0, 360) * DAY_MS;
  const day = chance.is(0.4) ? Date.parse(`${chance.pick(days)}T00:00:00Z`) : anyDay;
  const countsSleep = chance.is(0.6);
  return {
    faults,
    parts,
    startMs: day + chance.whole(0, 24 * 60) * 60_000,
    home: {
      zone,
      policy: chance.pick(["latest", "latest", "all", "none"]),
      maxAge: chance.pick([undefined, "20h", "3d"]),
    },
    clockKind: { countsSleep, timersCountSleep: countsSleep && chance.is(0.5) },
    wakesForNight: chance.is(0.7),
    watchdogAtLoad: chance.is(0.5),
    watchdogHours: everyHours(chance.pick([2, 6, 8, 12, 12, 12, 24, 24, 24])),
    hostKeeps: ofParts.is(0.5),
    tickMinutes: 5,
    hostStarts: parts.size > 0 && ofParts.is(0.5),
    keepsPending: chance.is(0.5),
    forgetting: chance.pick(["all", "some"]),
  };
}

function partsOf(chance: Chance): Set<Part> {
  const has = {
    gates: chance.is(0.3),
    edits: chance.is(0.25),
    service: chance.is(0.12),
    daemon: chance.is(0.1),
  };
  return new Set(PARTS.filter((part) => has[part]));
}

function everyHours(step: number): number[] {
  return Array.from({ length: 24 / step }, (_, index) => index * step);
}

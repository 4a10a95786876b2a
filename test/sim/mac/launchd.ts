import { wallOf } from "../../../src/schedule/wall.ts";
import { dayOfWall } from "../../../src/schedule/wall.ts";
import { addDays } from "../../../src/schedule/day.ts";
import { zoneNamed } from "../../../src/schedule/zone.ts";
import type { Event } from "./events.ts";
import type { Mac } from "./mac.ts";
import type { SimProcess } from "./process.ts";

/** A `StartCalendarInterval`: a time of every day, or with the hour left out of every hour. */
export interface CalendarEntry {
  hour?: number;
  minute: number;
}

interface Label {
  name: string;
  entries: readonly CalendarEntry[];
  runAtLoad: boolean;
  /** `KeepAlive` of `SuccessfulExit` false: a process that was killed is started again. */
  keepsAlive?: boolean;
  main: (process: SimProcess) => Promise<unknown>;
  /** The armed instant, in wall time. */
  nextMs: number;
  event: Event | undefined;
  running: SimProcess | undefined;
  /** One start after wake, however many entries came due in sleep. */
  isOwed: boolean;
}

const DAY_MS = 86_400_000;

/**
 * launchd as its manual and measurements have it (launchd.plist(5)): entries that come due in sleep are one
 * start at wake, entries of a machine that is off are lost, a label has never two instances, and an
 * entry of a label that runs is kept for one start after it, or dropped (`keepsPending`).
 */
export class Launchd {
  readonly #mac: Mac;
  readonly #labels: Label[] = [];
  readonly #keepsPending: boolean;

  constructor(mac: Mac, options: { keepsPending: boolean }) {
    this.#mac = mac;
    this.#keepsPending = options.keepsPending;
  }

  load(label: Pick<Label, "name" | "entries" | "runAtLoad" | "keepsAlive" | "main">): void {
    const loaded = { ...label, nextMs: 0, event: undefined, running: undefined, isOwed: false };
    this.#labels.push(loaded);
    this.#arm(loaded);
    if (label.runAtLoad) this.#start(loaded);
  }

  /** `launchctl kickstart`: now, unless it runs. Whether there is such a label that did not. */
  kickstart(name: string): boolean {
    const label = this.#labels.find((one) => one.name === name);
    if (!label || this.#mac.power !== "awake") return false;
    const isIdle = label.running?.isDead !== false;
    this.#start(label);
    return isIdle;
  }

  booted(): void {
    for (const label of this.#labels) {
      label.isOwed = false;
      label.running = undefined;
      this.#arm(label);
      if (label.runAtLoad) this.#start(label);
    }
  }

  woke(): void {
    for (const label of this.#labels) {
      if (!label.isOwed) continue;
      label.isOwed = false;
      this.#arm(label);
      this.#start(label);
    }
  }

  clockChanged(): void {
    for (const label of this.#labels) {
      if (label.entries.length === 0) continue;
      // What came due by the jump fires; all else is armed anew.
      if (label.nextMs <= this.#mac.wallMs) this.#fire(label);
      else this.#arm(label);
    }
  }

  /** Nothing is started any more. */
  unload(): void {
    for (const { event } of this.#labels) if (event) this.#mac.cancel(event);
    this.#labels.length = 0;
  }

  #arm(label: Label): void {
    if (label.event) this.#mac.cancel(label.event);
    if (label.entries.length === 0) return;
    const { wallMs, trueMs, zone } = this.#mac;
    label.nextMs = Math.min(...label.entries.map((entry) => nextOf(entry, wallMs, zone)));
    label.event = this.#mac.at(trueMs + label.nextMs - wallMs, () => this.#fire(label));
  }

  #fire(label: Label): void {
    if (this.#mac.power === "off") return;
    if (this.#mac.power === "asleep") {
      label.isOwed = true;
      return;
    }
    this.#arm(label);
    this.#start(label);
  }

  #start(label: Label): void {
    if (label.running && !label.running.isDead) {
      label.isOwed ||= this.#keepsPending;
      return;
    }
    const process = this.#mac.start(label.name, label.main);
    label.running = process;
    process.atDeath(() => {
      const isKept = label.keepsAlive === true && !process.hasEnded;
      if (!(label.isOwed || isKept) || this.#mac.power !== "awake") return;
      label.isOwed = false;
      // At most one spawn in ten seconds (`minimum runtime`).
      this.#mac.at(this.#mac.trueMs + 10_000, () => {
        if (this.#mac.power === "awake" && this.#labels.includes(label)) this.#start(label);
        else label.isOwed ||= isKept;
      });
    });
  }
}

/** The first instant after `wallMs` at which a clock of the zone shows the entry. */
function nextOf({ hour, minute }: CalendarEntry, wallMs: number, zoneName: string): number {
  if (hour === undefined) {
    const startMs = Math.floor(wallMs / 3_600_000) * 3_600_000 + minute * 60_000;
    return startMs > wallMs ? startMs : startMs + 3_600_000;
  }
  const zone = zoneNamed(zoneName);
  if (!zone) throw new Error(`there is no zone ${zoneName}`);
  let day = dayOfWall(zone.wallAt(wallMs - DAY_MS));
  for (;;) {
    const { dueMs } = zone.dueOf(wallOf(day, hour * 60 + minute));
    if (dueMs > wallMs) return dueMs;
    day = addDays(day, 1);
  }
}

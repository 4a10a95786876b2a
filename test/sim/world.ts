import type { Chance } from "./mac/chance.ts";
import type { Strike } from "./mac/mac.ts";
import type { SimProcess } from "./mac/process.ts";
import type { Nights } from "./nights.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What happens around the machine: its owner, its power, its clock. Planned a day at a time. */
export class World {
  readonly #nights: Nights;
  readonly #chance: Chance;
  #isPaused = false;

  constructor(nights: Nights, chance: Chance) {
    this.#nights = nights;
    this.#chance = chance;
  }

  /** Plans what befalls the machine in the next 24 hours. */
  planDay(): void {
    const { swarm, mac } = this.#nights;
    const has = (fault: Parameters<typeof swarm.faults.has>[0], probability = 0.6): boolean =>
      swarm.faults.has(fault) && this.#chance.is(probability);
    mac.slowEffects = has("slow-disk") ? 0.03 : 0;
    if (has("sleep", 0.9)) this.#planSleep();
    if (has("power-cut")) this.#planStrike("power-cut");
    if (has("kill")) this.#planStrike("kill");
    if (has("reboot", 0.4)) this.#planReboot();
    if (has("clock", 0.4)) this.#planClock();
    if (has("travel", 0.3)) this.#planTravel();
    if (has("disk-full", 0.4)) this.#planFullDisk();
    if (has("person", 0.8)) this.#planPerson();
    if (has("pause", 0.4)) this.#planPause();
  }

  /** Every fault ends: the machine is awake, its clock right, its disk free, nothing is paused. */
  async calm(): Promise<void> {
    const { mac, cbi } = this.#nights;
    mac.armed = undefined;
    mac.slowEffects = 0;
    mac.disk.isFull = false;
    mac.setClock(0);
    mac.wake();
    mac.switchOn();
    if (this.#isPaused) mac.start("cbi resume", (process) => cbi.pause(process, undefined));
    await mac.runUntil(mac.trueMs + 5 * MINUTE_MS);
    // A clock that was ahead has left records of the future; a person says that it is right now.
    mac.start("cbi clock", (process) => cbi.believeClock(process));
    await mac.runUntil(mac.trueMs + MINUTE_MS);
  }

  /** Sometimes whoever started a program is killed while it runs, and the job is started again at once. */
  programStarts({ parent, environment }: SimProcess): void {
    const { mac, swarm, launchd } = this.#nights;
    if (!parent || !swarm.faults.has("kill") || !this.#chance.is(0.05)) return;
    const killAt = mac.trueMs + this.#chance.whole(1, 60) * 1000;
    this.#at(killAt, () => {
      if (parent.isDead) return;
      mac.say(`kill of ${parent.name} (${parent.pid})`);
      parent.die();
    });
    this.#at(killAt + this.#chance.whole(1, 60) * 1000, () => {
      launchd.kickstart(environment["CBI_JOB"] ?? "");
    });
  }

  /** An instant of the day that is planned. */
  #time(): number {
    const { mac } = this.#nights;
    return mac.trueMs + this.#chance.whole(0, DAY_MS - 1);
  }

  #at(atMs: number, work: () => void): void {
    this.#nights.mac.at(atMs, () => {
      if (!this.#nights.isPeace) work();
    });
  }

  #planSleep(): void {
    const { mac, swarm } = this.#nights;
    const sleepAt = this.#time();
    const wakeAt = sleepAt + this.#chance.whole(1, 14 * 60) * MINUTE_MS;
    const isLid = this.#chance.is(0.5);
    this.#at(sleepAt, () => this.#fallAsleep(isLid));
    this.#at(wakeAt, () => {
      if (mac.power === "asleep") mac.say("wakes");
      mac.wake();
    });
    if (swarm.wakesForNight && !isLid) {
      this.#at(sleepAt + this.#chance.whole(1, 60) * MINUTE_MS, () => mac.wake());
    }
    const naps = swarm.faults.has("dark-wake") ? this.#chance.whole(1, 6) : 0;
    for (let nap = 0; nap < naps; nap++) {
      const napAt = sleepAt + this.#chance.whole(0, wakeAt - sleepAt);
      this.#at(napAt, () => this.#darkWake());
    }
  }

  /** A lid that shuts stops everything; for idleness alone the machine does not sleep while a job keeps it awake. */
  #fallAsleep(isLid: boolean): void {
    const { mac } = this.#nights;
    if (mac.power !== "awake") return;
    if (!isLid && mac.processes.size > 0) {
      this.#at(mac.trueMs + 10 * MINUTE_MS, () => this.#fallAsleep(isLid));
      return;
    }
    mac.say(isLid ? "the lid shuts" : "falls asleep");
    mac.fallAsleep();
  }

  #darkWake(): void {
    const { mac } = this.#nights;
    if (mac.power !== "asleep") return;
    mac.say("wakes in the dark");
    mac.wake();
    this.#at(mac.trueMs + this.#chance.whole(1, 120) * 1000, () => mac.fallAsleep());
  }

  /** From now on: after so many effects it strikes, and the power is back in some minutes. */
  arm(strike: Strike, after: number, offMinutes: number): void {
    this.#nights.mac.armed = { strike, after };
    if (strike === "power-cut") this.#untilPowerIsBack(offMinutes * MINUTE_MS);
  }

  /** Strikes at one of the next effects after some instant of the day. */
  #planStrike(strike: Strike): void {
    const after = this.#chance.whole(0, this.#chance.pick([10, 60, 250]));
    const offMinutes = this.#chance.whole(1, this.#chance.pick([10, 600, 2000]));
    this.#at(this.#time(), () => this.arm(strike, after, offMinutes));
  }

  #untilPowerIsBack(offMs: number): void {
    const { mac } = this.#nights;
    this.#at(mac.trueMs + offMs, () => {
      if (mac.power === "off") {
        mac.say("the power is back");
        mac.switchOn();
      } else if (mac.armed) this.#untilPowerIsBack(offMs);
    });
  }

  #planReboot(): void {
    const { mac } = this.#nights;
    const offMs = this.#chance.whole(1, 120) * MINUTE_MS;
    this.#at(this.#time(), () => {
      if (mac.power !== "awake") return;
      mac.say("restarts");
      for (const process of mac.processes) mac.signal(process, "SIGTERM");
      this.#nights.mac.at(mac.trueMs + 5000, () => {
        mac.shutDown();
        mac.at(mac.trueMs + offMs, () => mac.switchOn());
      });
    });
  }

  #planClock(): void {
    const { mac, swarm } = this.#nights;
    const size = this.#chance.pick([2 * MINUTE_MS, HOUR_MS, 20 * HOUR_MS, 5 * DAY_MS]);
    const drawnMs = Math.round((this.#chance.fraction() * 2 - 1) * size);
    // A service looks each second, and would do so for days until its end comes by such a clock.
    const offsetMs = swarm.parts.has("service") ? Math.max(drawnMs, -HOUR_MS) : drawnMs;
    const setAt = this.#time();
    this.#at(setAt, () => {
      mac.say(`the clock is set by ${Math.round(offsetMs / 1000)} s`);
      mac.setClock(offsetMs);
    });
    this.#at(setAt + this.#chance.whole(1, 600) * MINUTE_MS, () => {
      mac.say("the clock is right again");
      mac.setClock(0);
    });
  }

  #planTravel(): void {
    const { mac } = this.#nights;
    const zone = this.#chance.pick(["Asia/Tokyo", "Europe/London", "America/Los_Angeles"]);
    this.#at(this.#time(), () => {
      mac.say(`travels to ${zone}`);
      mac.zone = zone;
      this.#nights.launchd.clockChanged();
    });
  }

  #planFullDisk(): void {
    const { mac } = this.#nights;
    const fullAt = this.#time();
    this.#at(fullAt, () => {
      mac.say("the disk is full");
      mac.disk.isFull = true;
    });
    this.#at(fullAt + this.#chance.whole(1, 600) * MINUTE_MS, () => {
      mac.say("the disk has room");
      mac.disk.isFull = false;
    });
  }

  #planPerson(): void {
    const { mac, cbi, checks } = this.#nights;
    const job = this.#chance.pick(["nightly", "scan", "report", "sweep"]);
    const isOfSlot = this.#chance.is(0.5);
    const pick = this.#chance.fraction();
    this.#at(this.#time(), () => {
      if (mac.power !== "awake") return;
      const rows = isOfSlot
        ? (checks.ledger()?.prepare("SELECT name FROM slot WHERE job = ?").all(job) ?? [])
        : [];
      const name = rows[Math.floor(pick * rows.length)]?.["name"];
      const slot = typeof name === "string" ? name : undefined;
      mac.say(`a person runs ${job} ${slot ?? ""}`);
      mac.start(`cbi run ${job}`, (process) => cbi.person(process, job, slot));
    });
  }

  #planPause(): void {
    const { mac, cbi } = this.#nights;
    const pausedAt = this.#time();
    const mode = this.#chance.is(0.5) ? "drain" : "stop";
    this.#at(pausedAt, () => {
      if (mac.power !== "awake") return;
      mac.say(`paused: ${mode}`);
      this.#isPaused = true;
      mac.start("cbi pause", (process) => cbi.pause(process, orderOf(mode)));
    });
    this.#at(pausedAt + this.#chance.whole(1, 900) * MINUTE_MS, () => {
      if (mac.power !== "awake") return;
      mac.say("resumed");
      mac.start("cbi resume", async (process) => {
        await cbi.pause(process, undefined);
        this.#isPaused = false;
      });
    });
  }
}

function orderOf(mode: "drain" | "stop"): Parameters<Nights["cbi"]["pause"]>[1] {
  return { scope: "all", name: "", mode, reason: "simulated", who: "ann", untilMs: undefined };
}

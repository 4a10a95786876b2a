import type { KillOrder } from "../../src/guard/kill-switch.ts";
import { addDays } from "../../src/schedule/day.ts";
import { dayOfWall, wallOf } from "../../src/schedule/wall.ts";
import { zoneNamed } from "../../src/schedule/zone.ts";
import type { ServiceWord } from "./home/cbi.ts";
import { writeConfig } from "./home/cbi-yaml.ts";
import { HOME } from "./home/config.ts";
import type { Chance } from "./mac/chance.ts";
import type { Nights } from "./nights.ts";
import type { Fault, Part } from "./swarm.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LIST_AT = 8 * 60;
/** The longest of the pauses that end by themselves. */
export const PAUSE_MAX_MS = 900 * MINUTE_MS;

const WORDS: readonly [ServiceWord, ...ServiceWord[]] = [
  "stop",
  "restart",
  "restart",
  "start",
  "run",
];

const BROKER = { scope: "tag", name: "broker" } as const;
const ALL = { scope: "all", name: "" } as const;
const PAUSED: readonly [PauseTarget, ...PauseTarget[]] = [
  BROKER,
  { scope: "job", name: "sweep" },
  { scope: "job", name: "trade" },
  ALL,
];

type PauseTarget = Pick<KillOrder, "scope" | "name">;

/** What happens around the parts that not every home has: what gates look at, edits, a person's word on a service. */
export class WorldOfParts {
  readonly #nights: Nights;
  readonly #chance: Chance;
  #edits = 0;

  constructor(nights: Nights, chance: Chance) {
    this.#nights = nights;
    this.#chance = chance;
  }

  /** Before the first night. */
  begin(): void {
    if (this.#nights.swarm.parts.size > 0) this.#writeToken(true);
  }

  /** Plans the next 24 hours. */
  planDay(): void {
    const { parts, faults } = this.#nights.swarm;
    if (parts.size === 0) return;
    const has = (part: Part, probability: number): boolean =>
      parts.has(part) && this.#chance.is(probability);
    const fails = (fault: Fault, probability: number): boolean =>
      faults.has(fault) && this.#chance.is(probability);
    if (parts.has("gates")) this.#planList();
    if (has("gates", 0.5)) this.#planBattery();
    if (has("gates", 0.4)) this.#planToken();
    if (has("edits", 0.25)) this.#planEdit();
    if (has("daemon", 0.3)) this.#planSecondDaemon();
    if (parts.has("service") && fails("person", 0.7)) this.#planWord();
    if (parts.has("service") && fails("sleep", 0.8)) this.#planNap();
    if (fails("pause", 0.4)) this.#planPause();
  }

  /** Nothing stands in the way of anything any more, and cbi.yaml is whole. */
  calm(): void {
    const { mac, permission, swarm } = this.#nights;
    if (swarm.parts.size === 0) return;
    mac.armed = undefined;
    mac.disk.isFull = false;
    mac.wake();
    mac.switchOn();
    this.#setMains(true);
    this.#writeToken(true);
    permission.changes("pause");
    mac.disk.remove(`${HOME}/STOP`);
    mac.start("cbi resume", (process) => this.#nights.cbi.pause(process, undefined));
    // What is paused for a while goes on by itself when that is over.
    if (swarm.faults.has("pause")) mac.at(mac.trueMs + 10 * MINUTE_MS, () => this.#pauseInPeace());
    writeConfig(this.#nights, "atomic");
    mac.zone = swarm.home.zone;
    if (!swarm.parts.has("daemon")) this.#nights.cbi.loadLabels();
  }

  #pauseInPeace(): void {
    const { mac, cbi, permission } = this.#nights;
    permission.changes("pause");
    const untilMs = mac.wallMs + this.#chance.whole(1, PAUSE_MAX_MS / MINUTE_MS - 20) * MINUTE_MS;
    const target = this.#chance.is(0.5) ? ALL : BROKER;
    const order = { ...target, mode: "drain", untilMs } as const;
    mac.start("cbi pause", (process) =>
      cbi.pause(process, { ...order, reason: "for a while", who: "ann" }),
    );
  }

  /** In peace the list comes in time each day. */
  planListInPeace(): void {
    if (this.#nights.swarm.parts.has("gates")) this.#planList(true);
  }

  #at(atMs: number, work: () => void): void {
    const { mac } = this.#nights;
    mac.at(atMs, () => {
      if (!this.#nights.isPeace && mac.power === "awake") work();
    });
  }

  #time(): number {
    return this.#nights.mac.trueMs + this.#chance.whole(0, DAY_MS - 1);
  }

  /** The next instant at which the clocks of the home show a time of the day. */
  #next(minute: number): number {
    const { mac, swarm } = this.#nights;
    const zone = zoneNamed(swarm.home.zone);
    if (!zone) throw new Error(`there is no zone ${swarm.home.zone}`);
    const today = dayOfWall(zone.wallAt(mac.trueMs));
    const { dueMs } = zone.dueOf(wallOf(today, minute));
    return dueMs > mac.trueMs ? dueMs : zone.dueOf(wallOf(addDays(today, 1), minute)).dueMs;
  }

  /** Before half past nine, when it is needed; sometimes late, and some days not at all. */
  #planList(isPeace = false): void {
    const { mac, permission, swarm } = this.#nights;
    if (!isPeace && this.#chance.is(0.1)) return;
    const late = !isPeace && this.#chance.is(0.35) ? this.#chance.whole(60, 120) : 0;
    // Whoever writes it takes a while: until then it is torn.
    const isSlow = !isPeace && this.#chance.is(0.3);
    mac.at(this.#next(LIST_AT) + late * MINUTE_MS, () => {
      if (mac.power !== "awake" || mac.disk.isFull) return;
      permission.changes("list");
      const date = dayOfWall(zoneNamed(swarm.home.zone)?.wallAt(mac.trueMs) ?? 0);
      const text = JSON.stringify({ date });
      this.#write("state/list.json", isSlow ? text.slice(0, 8) : text);
      if (!isSlow) return;
      mac.at(mac.trueMs + 5 * MINUTE_MS, () => {
        if (mac.power === "awake" && !mac.disk.isFull) this.#write("state/list.json", text);
      });
    });
  }

  #planBattery(): void {
    const atMs = this.#chance.is(0.5) ? this.#next(this.#chance.whole(500, 570)) : this.#time();
    this.#at(atMs, () => this.#setMains(false));
    const { mac } = this.#nights;
    mac.at(atMs + this.#chance.whole(1, this.#chance.pick([30, 600])) * MINUTE_MS, () =>
      this.#setMains(true),
    );
  }

  #setMains(isOnMains: boolean): void {
    const { mac, permission } = this.#nights;
    permission.changes("mains");
    mac.isOnMains = isOnMains;
    mac.say(isOnMains ? "plugged in" : "unplugged");
  }

  #planToken(): void {
    const isThere = this.#chance.is(0.6);
    const atMs = this.#chance.is(0.7) ? this.#next(this.#chance.whole(515, 580)) : this.#time();
    this.#at(atMs, () => this.#writeToken(isThere));
  }

  #writeToken(isThere: boolean): void {
    const { mac, permission } = this.#nights;
    permission.changes("token");
    mac.say(isThere ? "the token is there" : "the token is taken away");
    if (!isThere) mac.disk.remove(`${HOME}/state/token`);
    else if (!mac.disk.isFull) this.#write("state/token", "a-token\n");
  }

  #write(name: string, text: string): void {
    const { disk } = this.#nights.mac;
    disk.makeFolder(`${HOME}/state`);
    disk.write(disk.open(`${HOME}/${name}`, { isEmptied: true }), text);
  }

  /** Of one job: its times, its zone, whether it is enabled, whether it is there; and its host hears of it, or not. */
  #planEdit(): void {
    const { chance } = { chance: this.#chance };
    const change = chance.pick(["times", "times", "zone", "enabled", "there"]);
    const zone = chance.pick([undefined, "Asia/Tokyo", "Europe/London"]);
    const manner = chance.is(0.7) ? "atomic" : "in place";
    const isInstalled = chance.is(0.6);
    this.#at(this.#time(), () => {
      const { mac, sweep, checks, swarm } = this.#nights;
      const number = ++this.#edits;
      const to = {
        times: { minutes: [15 + number, 45 - number] as const },
        zone: { zone },
        enabled: { isEnabled: !sweep.isEnabled },
        there: { isThere: !sweep.isThere },
      }[change];
      mac.say(`cbi.yaml is edited: ${change} of sweep`);
      this.#nights.sweep = { ...sweep, ...to };
      checks.edited(this.#nights.sweep.minutes);
      writeConfig(this.#nights, manner);
      if (isInstalled && !swarm.parts.has("daemon")) this.#nights.cbi.loadLabels();
    });
  }

  #planSecondDaemon(): void {
    this.#at(this.#time(), () => {
      const { mac, cbi } = this.#nights;
      mac.start("cbi daemon", (process) => cbi.daemon(process));
    });
  }

  /** A person's word on the service, mostly while it should be there. */
  #planWord(): void {
    const word = this.#chance.pick(WORDS);
    const atMs = this.#chance.is(0.7)
      ? this.#next(519) + this.#chance.whole(0, 13 * 60_000)
      : this.#time();
    this.#at(atMs, () => {
      const { mac, cbi } = this.#nights;
      mac.say(`a person says: cbi service ${word}`);
      mac.start(`cbi service ${word}`, (process) => cbi.service(process, word));
    });
  }

  /** The lid shuts while the service is up, and opens again before its end, or after. */
  #planNap(): void {
    const { mac } = this.#nights;
    const atMs = this.#next(520) + this.#chance.whole(0, 8 * MINUTE_MS);
    const napMs = this.#chance.whole(20_000, this.#chance.pick([2, 2, 15]) * MINUTE_MS);
    this.#at(atMs, () => {
      mac.say("the lid shuts for a while");
      mac.fallAsleep();
    });
    mac.at(atMs + napMs, () => mac.wake());
  }

  /** Pauses that end by themselves, of some jobs; or the file that is made by hand. */
  #planPause(): void {
    const { mac, cbi, permission } = this.#nights;
    const { scope, name } = this.#chance.pick(PAUSED);
    const mode = this.#chance.is(0.5) ? "drain" : "stop";
    const spanMs =
      this.#chance.whole(1, this.#chance.pick([20, PAUSE_MAX_MS / MINUTE_MS])) * MINUTE_MS;
    const isByHand = this.#chance.is(0.2);
    const atMs = this.#chance.is(0.5) ? this.#next(this.#chance.whole(500, 570)) : this.#time();
    this.#at(atMs, () => {
      permission.changes("pause");
      if (!isByHand) {
        mac.say(`paused for ${spanMs / MINUTE_MS} minutes: ${mode} ${scope} ${name}`);
        const untilMs = mac.wallMs + spanMs;
        const order = { scope, name, mode, untilMs, reason: "for a while", who: "ann" } as const;
        mac.start("cbi pause", (process) => cbi.pause(process, order));
        return;
      }
      if (mac.disk.isFull) return;
      mac.say("STOP is made by hand");
      mac.disk.open(`${HOME}/STOP`);
      mac.at(mac.trueMs + spanMs, () => {
        permission.changes("pause");
        mac.disk.remove(`${HOME}/STOP`);
      });
    });
  }
}

import type { Home } from "../../../src/config/home.ts";
import type { JobWorld } from "../../../src/jobs/ports.ts";
import type { Road } from "../../../src/jobs/road.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { ExitCode } from "../../../src/system/exit-code.ts";
import { Failure } from "../../../src/system/failure.ts";
import type { Chance } from "./chance.ts";
import { Disk, type Forgetting } from "./disk.ts";
import { Events, type Event } from "./events.ts";
import { never, type ProcessStart, SimProcess } from "./process.ts";
import { Stores } from "./stores.ts";

export type Power = "awake" | "asleep" | "off";

/** What may strike at an effect of the product. */
export type Strike = "power-cut" | "kill";

/** How this machine's clocks go. */
export interface ClockKind {
  /** Whether the monotonic clock goes on in sleep: on macOS it does, on Linux not. */
  countsSleep: boolean;
  /** Whether a timer's wait goes on in sleep. */
  timersCountSleep: boolean;
}

/** What a program does when it is started: its exit code, or null when a signal ends it. */
export type Program = (
  process: SimProcess,
  argv: readonly string[],
  say: (text: string) => void,
) => Promise<number | null>;

/** What is installed on the machine besides programs: how `cbi` reads its home and starts itself. */
export interface Software {
  loadHome(): Home;
  openRoad(process: SimProcess, home: Home, world: JobWorld): Road;
  /** The code of `cbi` with these words. */
  main(process: SimProcess, words: readonly string[]): Promise<unknown>;
}

/** What happens to the machine, told to the story and to whoever keeps its processes. */
export interface MacListener {
  said(atMs: number, message: string): void;
  /** Nothing runs any more, and what was not synced is about to be forgotten. */
  powerFailed(): void;
  /** The machine is up again, nothing runs. */
  booted(): void;
  woke(): void;
  clockChanged(): void;
}

/**
 * The simulated machine: virtual time, power, a disk, databases, processes. Time passes from event to
 * event; while code of a process runs, none passes unless it waits.
 */
export class Mac {
  readonly disk: Disk;
  readonly stores = new Stores();
  readonly chance: Chance;
  readonly clockKind: ClockKind;
  readonly processes = new Set<SimProcess>();
  power: Power = "awake";
  boot = "boot-0";
  /** Time as it passes, which no clock of the machine need show. */
  trueMs: number;
  zone: string;
  /** Share of slow effects, so that processes meet in other orders. */
  slowEffects = 0;
  forgetting: Forgetting = "all";
  /** After so many further effects it strikes. */
  armed: { after: number; strike: Strike } | undefined;
  hasStruck = false;
  /** Effects so far. */
  effects = 0;
  listener: MacListener | undefined;
  program: Program = () => Promise.resolve(0);
  software: Software | undefined;
  isOnMains = true;
  /** Between two looks of the resident mode. */
  tickMs = 60_000;
  readonly #events = new Events();
  #frozen: Event[] = [];
  #offsetMs = 0;
  #sleptMs = 0;
  #asleepSinceMs = 0;
  #boots = 0;
  #pids = 100;

  constructor(options: { startMs: number; chance: Chance; zone: string; clockKind: ClockKind }) {
    this.trueMs = options.startMs;
    this.chance = options.chance;
    this.zone = options.zone;
    this.clockKind = options.clockKind;
    this.disk = new Disk(() => this.wallMs);
  }

  /** What the machine's clock shows. */
  get wallMs(): number {
    return this.trueMs + this.#offsetMs;
  }

  get monotonicMs(): number {
    return this.clockKind.countsSleep ? this.trueMs : this.trueMs - this.#sleptMs;
  }

  /** Time that was not slept through, since the beginning. */
  get awakeMs(): number {
    const sleepsMs = this.power === "asleep" ? this.trueMs - this.#asleepSinceMs : 0;
    return this.trueMs - this.#sleptMs - sleepsMs;
  }

  /** How far the machine's clock is ahead of the time. */
  get clockOffsetMs(): number {
    return this.#offsetMs;
  }

  say(message: string): void {
    this.listener?.said(this.wallMs, message);
  }

  /** Lets time pass, event by event. */
  async runUntil(endMs: number): Promise<void> {
    await settle();
    for (;;) {
      const event = this.#events.next(endMs);
      if (!event) break;
      this.trueMs = Math.max(this.trueMs, event.atMs);
      if (event.process?.isDead) continue;
      if (event.process && this.power === "asleep") {
        this.#frozen.push(event);
        continue;
      }
      event.work();
      await settle();
    }
    this.trueMs = Math.max(this.trueMs, endMs);
  }

  /** Something that happens in the world, whatever the machine does. */
  at(atMs: number, work: () => void): Event {
    return this.#events.add({ atMs: Math.max(atMs, this.trueMs), process: undefined, work });
  }

  cancel(event: Event): void {
    this.#events.cancel(event);
  }

  /** Starts a process whose `main` is its code; it dies when that is over. */
  start(
    name: string,
    main: (process: SimProcess) => Promise<unknown>,
    options: ProcessStart = {},
  ): SimProcess {
    const process = new SimProcess(this, { pid: ++this.#pids, name, ...options });
    this.processes.add(process);
    void process.run(async () => {
      try {
        await main(process);
        process.hasEnded = true;
      } catch (error) {
        if (!process.isDead) this.say(`${name} (${process.pid}) ended by ${String(error)}`);
      }
      process.die();
    });
    return process;
  }

  forget(process: SimProcess): void {
    this.processes.delete(process);
  }

  clockOf(process: SimProcess): Clock {
    return {
      now: () => this.wallMs,
      monotonic: () => this.monotonicMs,
      sleep: (ms, signal) => this.sleep(process, ms, signal),
    };
  }

  sleep(process: SimProcess, ms: number, signal?: AbortSignal): Promise<void> {
    if (process.isDead) return never();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(asError(signal.reason));
        return;
      }
      const event = this.#events.add({
        // Clocks show whole milliseconds, and no timer fires early.
        atMs: this.trueMs + Math.max(0, Math.ceil(ms)),
        process,
        work: () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        },
      });
      const stop = (): void => {
        this.#events.cancel(event);
        reject(asError(signal?.reason));
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** Before every effect of a process: whether something strikes. */
  strike(process: SimProcess, what: string): void {
    if (process.isDead) return;
    this.effects++;
    const { armed } = this;
    if (!armed || --armed.after >= 0) return;
    this.armed = undefined;
    this.hasStruck = true;
    this.say(`${armed.strike} in ${process.name} (${process.pid}) before ${what}`);
    if (armed.strike === "kill") process.die();
    else this.cutPower();
  }

  delayOfEffect(): number {
    if (this.slowEffects === 0 || !this.chance.is(this.slowEffects)) return 0;
    return this.chance.whole(1, 1500);
  }

  fallAsleep(): void {
    if (this.power !== "awake") return;
    this.power = "asleep";
    this.#asleepSinceMs = this.trueMs;
  }

  wake(): void {
    if (this.power !== "asleep") return;
    this.power = "awake";
    const sleptMs = this.trueMs - this.#asleepSinceMs;
    this.#sleptMs += sleptMs;
    const frozen = this.#frozen;
    this.#frozen = [];
    if (!this.clockKind.timersCountSleep) this.#events.shift(sleptMs);
    for (const event of frozen) {
      event.atMs = this.clockKind.timersCountSleep ? this.trueMs : event.atMs + sleptMs;
      if (!this.#events.isCancelled(event)) this.#events.add(event);
    }
    this.listener?.woke();
  }

  /** Everything that runs is gone at once, and what was not synced with it. */
  cutPower(): void {
    if (this.power === "off") return;
    for (const process of this.processes) process.die();
    this.#frozen = [];
    this.listener?.powerFailed();
    this.disk.cutPower(this.chance, this.forgetting);
    this.stores.cutPower();
    this.power = "off";
  }

  /** Nothing is left to run; what was written is on the disk. */
  shutDown(): void {
    if (this.power === "off") return;
    for (const process of this.processes) process.die();
    this.#frozen = [];
    this.power = "off";
  }

  switchOn(): void {
    if (this.power !== "off") return;
    this.power = "awake";
    this.boot = `boot-${++this.#boots}`;
    this.listener?.booted();
  }

  setClock(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    this.listener?.clockChanged();
  }

  isAlive(pid: number, boot: string, started: string): boolean {
    if (boot !== this.boot) return false;
    return [...this.processes].some((one) => one.pid === pid && one.started === started);
  }

  group(leader: number): SimProcess[] {
    return [...this.processes].filter(({ group }) => group === leader);
  }

  /** KILL ends it now; what TERM does is its own affair. */
  signal(process: SimProcess, signal: "SIGTERM" | "SIGKILL"): void {
    if (signal === "SIGKILL") process.die();
    else process.run(() => process.stop.abort(terminated()));
  }

  process(pid: number): SimProcess | undefined {
    return [...this.processes].find((one) => one.pid === pid);
  }
}

/** Everything that needs no time has happened: all microtasks are done. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function terminated(): Failure {
  return new Failure({
    code: "CBI_INTERRUPTED",
    message: "stopped by SIGTERM",
    exit: ExitCode.interrupted,
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

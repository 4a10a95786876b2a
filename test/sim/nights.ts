import path from "node:path";
import type { Home } from "../../src/config/home.ts";
import { Checks } from "./checks.ts";
import { judgeTheEnd } from "./end-checks.ts";
import { Cbi } from "./home/cbi.ts";
import { configText, HOME, homeOf, SWEEP, type SweepChoice } from "./home/config.ts";
import { runProgram } from "./home/programs.ts";
import { Chance } from "./mac/chance.ts";
import { Launchd } from "./mac/launchd.ts";
import { Mac, type Strike } from "./mac/mac.ts";
import type { SimProcess } from "./mac/process.ts";
import { plantedBugs } from "./planted/bugs.ts";
import { Permission } from "./permission.ts";
import { ServiceChecks } from "./service-checks.ts";
import { swarmOf, type Swarm } from "./swarm.ts";
import { PAUSE_MAX_MS, WorldOfParts } from "./world-parts.ts";
import { World } from "./world.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So long after the last fault everything must have come to its end. */
const PEACE_MS = 2 * DAY_MS;
/** Tells the chance of the parts from that of everything else. */
const OF_PARTS = 0x5eed_0fca;

export type Trouble = "retryable" | "fatal" | "hang" | "babble";

export interface Simulated {
  seed: number;
  nights: number;
  violations: readonly string[];
  /** What happened, in order. */
  story: readonly string[];
  /** Effects of the product. */
  effects: number;
  /** Whether what was armed has struck. */
  hasStruck: boolean;
}

export interface NightsOptions {
  nights: number;
  /** How long nothing goes wrong before the end is judged. */
  peaceMs?: number;
  /** Laid over what the seed decides. */
  swarm?: Partial<Swarm>;
  /** Strikes before the effect that comes after so many, counted from the installation. */
  strike?: { kind: Strike; after: number };
}

/** Some nights of one machine: everything that happens follows from the seed. */
export class Nights {
  readonly seed: number;
  readonly mac: Mac;
  readonly checks: Checks;
  readonly swarm: Swarm;
  readonly home: Home;
  readonly launchd: Launchd;
  readonly cbi: Cbi;
  /** Chance of the work, apart from that of the world. */
  readonly work: Chance;
  readonly story: string[] = [];
  isPeace = false;
  /** What the last edit has made of that job. */
  sweep: SweepChoice = SWEEP;
  readonly #options: NightsOptions;
  readonly permission: Permission;
  readonly services: ServiceChecks;
  readonly #world: World;
  readonly #parts: WorldOfParts;
  readonly #sick = new Map<string, boolean>();
  #sinceMs = 0;

  constructor(seed: number, options: NightsOptions) {
    this.seed = seed;
    this.#options = options;
    const chance = new Chance(seed);
    const ofParts = new Chance(seed ^ OF_PARTS);
    const swarm = { ...swarmOf(chance, ofParts), ...options.swarm };
    this.swarm = swarm;
    const { startMs, clockKind } = this.swarm;
    this.mac = new Mac({ startMs, chance: chance.fork(), zone: swarm.home.zone, clockKind });
    this.mac.forgetting = swarm.forgetting;
    this.work = chance.fork();
    this.home = homeOf(configText({ ...swarm.home, parts: swarm.parts })).home;
    this.checks = new Checks(this.mac, this.home.paths.ledger, { scan: "desk", report: "desk" });
    this.checks.hasPeople = this.swarm.faults.has("person");
    this.checks.hasWrongClocks = this.swarm.faults.has("clock");
    this.launchd = new Launchd(this.mac, swarm);
    this.cbi = new Cbi(this);
    const ledger = (): ReturnType<Checks["ledger"]> => this.checks.ledger();
    this.permission = new Permission(this.mac, ledger);
    this.services = new ServiceChecks(this.mac, ledger, (message) => this.checks.fail(message));
    this.#world = new World(this, chance.fork());
    this.#parts = new WorldOfParts(this, ofParts.fork());
    this.mac.tickMs = swarm.tickMinutes * 60_000;
    this.mac.software = this.cbi;
    this.mac.program = (process, argv, say) => runProgram(this, process, argv, say);
    this.mac.listener = {
      said: (atMs, message) => this.#said(atMs, message),
      powerFailed: () => this.checks.takeNotes(),
      booted: () => {
        this.checks.watchVerdicts();
        this.launchd.booted();
      },
      woke: () => this.launchd.woke(),
      clockChanged: () => this.launchd.clockChanged(),
    };
  }

  async run(): Promise<Simulated> {
    const { mac } = this;
    mac.disk.ignoresSync = plantedBugs.has("no-sync");
    mac.disk.makeFolder(path.join(HOME, "Logs"));
    mac.disk.sync(mac.disk.folderAt(HOME));
    mac.start("cbi install", (process) => this.cbi.install(process));
    await mac.runUntil(mac.trueMs + 60_000);
    this.#sinceMs = this.swarm.startMs;
    this.cbi.loadLabels();
    this.#parts.begin();
    const { nights, strike } = this.#options;
    if (strike) this.#world.arm(strike.kind, strike.after, 10);
    for (let night = 0; night < nights; night++) {
      this.#world.planDay();
      this.#parts.planDay();
      await mac.runUntil(mac.trueMs + DAY_MS);
      this.checks.judgeLedger();
    }
    await this.#peace();
    const { violations } = this.checks;
    const { seed, story } = this;
    mac.stores.close();
    const { hasStruck } = mac;
    return { seed, nights, violations, story, effects: mac.effects, hasStruck };
  }

  programStarts(process: SimProcess): void {
    const { parts, faults } = this.swarm;
    const refusal = this.permission.refusal(process, parts.has("gates"));
    if (refusal !== undefined) this.checks.fail(`${process.name} was started, and ${refusal}`);
    this.services.starts(process, !faults.has("clock"));
    this.#world.programStarts(process);
  }

  /** What goes wrong with a piece of work, if something does. */
  troubleOf(what: "stage" | "program" | "service" | "sick service"): Trouble | undefined {
    if (this.isPeace || !this.swarm.faults.has("trouble")) return undefined;
    if (what === "sick service") return "retryable";
    if (!this.work.is(0.15)) return undefined;
    return this.work.pick(["retryable", "retryable", "fatal", "hang", "babble"]);
  }

  /** Of a service some runs go wrong again and again. */
  isSick(run: string): boolean {
    if (this.isPeace || !this.swarm.faults.has("trouble")) return false;
    const known = this.#sick.get(run) ?? this.work.is(0.35);
    this.#sick.set(run, known);
    return known;
  }

  /** The faults stop; two days later all must have come to its end. */
  async #peace(): Promise<void> {
    const { mac, cbi } = this;
    this.isPeace = true;
    this.#said(mac.wallMs, "peace");
    this.#parts.calm();
    await this.#world.calm();
    const endMs = mac.trueMs + (this.#options.peaceMs ?? PEACE_MS);
    this.#expectTheService(endMs);
    for (let dayMs = mac.trueMs; dayMs < endMs; dayMs += DAY_MS) {
      this.#parts.planListInPeace();
      await mac.runUntil(Math.min(endMs, dayMs + DAY_MS));
    }
    const throughMs = mac.trueMs;
    this.launchd.unload();
    await this.#endDaemons();
    // Once for what is due, and again for what waited for that or for its group.
    for (let pass = 0; pass < 4; pass++) {
      mac.start("cbi watchdog", (process) => cbi.watchdog(process));
      await mac.runUntil(mac.trueMs + 2 * HOUR_MS);
    }
    this.checks.judgeLedger();
    const jobs = homeOf(this.cbi.loadHome().text).jobs;
    const { parts, faults } = this.swarm;
    const isPrompt = parts.size > 0 && !faults.has("clock") && this.#options.peaceMs === undefined;
    const rest = { hasEdits: parts.has("edits"), isPrompt };
    judgeTheEnd(mac, this.checks, { jobs, sinceMs: this.#sinceMs, throughMs, ...rest });
  }

  #expectTheService(untilMs: number): void {
    const job = this.swarm.parts.has("service") ? homeOf(this.home.text).jobs.find("trade") : null;
    if (!job) return;
    const sinceMs = this.mac.trueMs + (this.swarm.faults.has("pause") ? PAUSE_MAX_MS : 0);
    this.services.expect(job, sinceMs, untilMs);
    const { hostKeeps, parts } = this.swarm;
    const startAgain = (): void => {
      if (!hostKeeps && !parts.has("daemon")) this.launchd.kickstart(job.name);
    };
    if (this.work.is(0.5)) this.services.killIn(job, this.work.whole(1, 400) * 1000, startAgain);
  }

  async #endDaemons(): Promise<void> {
    const { mac } = this;
    for (const process of mac.processes) {
      if (process.name === "cbi daemon") mac.signal(process, "SIGTERM");
    }
    if (this.swarm.parts.has("daemon")) await mac.runUntil(mac.trueMs + HOUR_MS);
  }

  #said(atMs: number, message: string): void {
    this.story.push(`${new Date(atMs).toISOString()} ${message}`);
  }
}

/** Simulates `nights` nights from a seed. */
export function simulate(seed: number, nights: number): Promise<Simulated> {
  return simulateWith(seed, { nights });
}

/** The same with all that can be chosen. */
export async function simulateWith(seed: number, options: NightsOptions): Promise<Simulated> {
  const { stackTraceLimit } = Error;
  // Missing files are errors by the thousand, and nobody reads where they came from.
  Error.stackTraceLimit = 0;
  try {
    return await new Nights(seed, options).run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

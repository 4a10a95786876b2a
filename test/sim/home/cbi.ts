import path from "node:path";
import { openKillSwitch } from "../../../src/guard/open-kill-switch.ts";
import { changeOrders } from "../../../src/guard/kill-switch-file.ts";
import { RunLock } from "../../../src/guard/run-lock.ts";
import type { Host } from "../../../src/host/host.ts";
import { openBook } from "../../../src/jobs/check.ts";
import { commandRunner } from "../../../src/jobs/command/command-runner.ts";
import { openHandle } from "../../../src/jobs/ledger-handle.ts";
import { runByPerson } from "../../../src/jobs/person.ts";
import type { JobWorld } from "../../../src/jobs/ports.ts";
import { runScheduled, type Road } from "../../../src/jobs/road.ts";
import { believeClock } from "../../../src/ledger/clock-marks.ts";
import { assertNotKilled } from "../../../src/guard/open-kill-switch.ts";
import { runPipeline } from "../../../src/pipeline/runner.ts";
import type { Chain } from "../../../src/pipeline/chain.ts";
import { homeCalendar } from "../../../src/config/calendars.ts";
import type { Warehouse } from "../../../src/warehouse/warehouse.ts";
import { watchdogPass } from "../../../src/watchdog/pass.ts";
import type { SimProcess } from "../mac/process.ts";
import type { Nights } from "../nights.ts";
import { homeOf } from "./config.ts";
import { simulatedChain } from "./stages.ts";

// The product loads it when it is first needed, which would take time that the simulation does not have.
await import("../../../src/pipeline/prune.ts");

/** The commands of `cbi` on the simulated machine, each as the code of a process. */
export class Cbi {
  readonly #nights: Nights;
  readonly #chain: Chain<object>;

  constructor(nights: Nights) {
    this.#nights = nights;
    this.#chain = simulatedChain(nights);
  }

  /** What `cbi install` sets up at the host: a label a job, and the watchdog each hour. */
  loadLabels(): void {
    const { launchd, swarm } = this.#nights;
    const scheduled = (name: string) => (process: SimProcess) => this.scheduled(process, name);
    const load = (name: string, entries: { hour: number; minute: number }[]): void =>
      launchd.load({ name, entries, runAtLoad: false, main: scheduled(name) });
    load("nightly", [{ hour: 0, minute: 0 }]);
    load("report", [{ hour: 0, minute: 0 }]);
    load("scan", [{ hour: 8, minute: 30 }]);
    load("sweep", [
      { hour: 2, minute: 15 },
      { hour: 14, minute: 45 },
    ]);
    launchd.load({
      name: "watchdog",
      entries: swarm.watchdogHours.map((hour) => ({ hour, minute: 7 })),
      runAtLoad: swarm.watchdogAtLoad,
      main: (process) => this.watchdog(process),
    });
  }

  async install(process: SimProcess): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    openBook(road.jobs, ledgers.ledger, road.world.clock.now());
    this.#nights.checks.watchVerdicts();
  }

  async scheduled(process: SimProcess, name: string): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    void ledgers;
    await runScheduled(road, name, { mayWait: true });
  }

  async person(process: SimProcess, name: string, slot: string | undefined): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    void ledgers;
    const job = road.jobs.find(name);
    if (job) await runByPerson(road, job, slot === undefined ? {} : { slot });
  }

  async watchdog(process: SimProcess): Promise<void> {
    const { paths } = this.#nights.home;
    using lock = RunLock.tryTake(path.join(paths.logs, "watchdog.lock"));
    if (!lock) return;
    const { mac } = this.#nights;
    const report = await watchdogPass(
      {
        openRoad: () => this.#roadOf(process),
        host: HOST,
        uptime: () => ({ boot: mac.boot, uptimeMs: mac.monotonicMs }),
        tell: ({ edge, key, message }) => {
          this.#nights.checks.told(edge, key);
          mac.say(`alert ${edge}: ${message}`);
        },
      },
      { isDryRun: false },
    );
    for (const { job, message } of report.acts) mac.say(`watchdog: ${job}: ${message}`);
  }

  async pause(process: SimProcess, mode: "drain" | "stop" | undefined): Promise<void> {
    const { mac, home } = this.#nights;
    void process;
    await changeOrders(
      home.paths,
      mac.wallMs,
      () =>
        mode === undefined
          ? []
          : [
              {
                scope: "all",
                name: "",
                mode,
                reason: "simulated",
                who: "ann",
                sinceMs: mac.wallMs,
                untilMs: undefined,
              },
            ],
      { fromDamage: true },
    );
  }

  async believeClock(process: SimProcess): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    believeClock(ledgers.ledger, road.world.clock.now());
  }

  #roadOf(process: SimProcess): Road {
    const { mac } = this.#nights;
    const { home, jobs } = homeOf(this.#nights.home.text);
    const clock = mac.clockOf(process);
    const killSwitch = openKillSwitch(home.paths);
    const world: JobWorld = {
      clock,
      random: {
        fraction: () => mac.chance.fraction(),
        hex: (bytes) => mac.chance.hex(bytes),
      },
      environment: {},
      emit: () => undefined,
      signal: process.stop.signal,
    };
    return {
      home,
      jobs,
      ledgers: openHandle(home.paths, clock),
      world,
      services: {
        killSwitch: this.#nights.swarm.faults.has("pause")
          ? killSwitch
          : { ...killSwitch, watch: (_target, { signal }) => ({ signal, ...NOTHING }) },
        gates: { ask: () => Promise.resolve({ outcome: "pass", evidence: "well" }) },
        command: commandRunner(killSwitch),
        service: { run: () => Promise.reject(new Error("no service is simulated")) },
      },
      runNight: (of, request, { emit, signal }) =>
        runPipeline(
          { ...request, asOf: request.asOf ?? "" },
          {
            paths: of.paths,
            config: of.config,
            configHash: of.configHash,
            version: "0",
            codeHash: "code",
            chain: this.#chain,
            clock,
            random: world.random,
            calendar: homeCalendar(of),
            warehouse: nobody("the warehouse"),
            openExecutor: () => Promise.reject(new Error("no trainer is simulated")),
            emit,
            signal,
            beforeStage: () =>
              assertNotKilled(of.paths, { job: request.job, tags: [] }, clock.now()),
          },
        ),
    };
  }
}

const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };

const HOST: Host = {
  name: "launchd",
  state: (jobs) =>
    Promise.resolve({
      isInUse: true,
      jobs: new Map(jobs.map((job) => [job, { isLoaded: true, isEnabled: true }])),
      canWake: false,
      wakesMs: [],
    }),
};

/** A port that no simulated stage uses. */
function nobody(what: string): Warehouse {
  return new Proxy<Warehouse>(Object.create(null), {
    get: (_target, key) => {
      throw new Error(`${what} was asked for ${String(key)}`);
    },
  });
}

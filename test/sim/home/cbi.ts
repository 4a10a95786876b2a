import path from "node:path";
import type { Home } from "../../../src/config/home.ts";
import { changeOrders } from "../../../src/guard/kill-switch-file.ts";
import { RunLock } from "../../../src/guard/run-lock.ts";
import type { ServiceHost } from "../../../src/host/host.ts";
import { processHost } from "../../../src/host/process/process-host.ts";
import { openBook } from "../../../src/jobs/check.ts";
import { runByPerson } from "../../../src/jobs/person.ts";
import { runScheduled, type Road } from "../../../src/jobs/road.ts";
import { keepService } from "../../../src/jobs/service/keeper.ts";
import { patienceMs, restartService, stopService } from "../../../src/jobs/service/control.ts";
import { startService } from "../../../src/jobs/service/start.ts";
import { believeClock } from "../../../src/ledger/clock-marks.ts";
import type { KillOrder } from "../../../src/guard/kill-switch.ts";
import type { Chain } from "../../../src/pipeline/chain.ts";
import { watchTheWatchdog } from "../../../src/watchdog/watch-the-watchdog.ts";
import { watchdogPass } from "../../../src/watchdog/pass.ts";
import { serve } from "../../../src/watchdog/serve.ts";
import type { Software } from "../mac/mac.ts";
import type { SimProcess } from "../mac/process.ts";
import type { Nights } from "../nights.ts";
import { readHome, writeConfig } from "./cbi-yaml.ts";
import { hostOf, loadLabels } from "./labels.ts";
import { roadOf, worldOf } from "./road.ts";
import { simulatedChain } from "./stages.ts";

// The product loads it when it is first needed, which would take time that the simulation does not have.
await import("../../../src/pipeline/prune.ts");

const DRAIN_MS = 60_000;
const SERVICE = "trade";

export type ServiceWord = "stop" | "restart" | "start" | "run";

/** The commands of `cbi` on the simulated machine, each as the code of a process. */
export class Cbi implements Software {
  readonly #nights: Nights;
  readonly #chain: Chain<object>;

  constructor(nights: Nights) {
    this.#nights = nights;
    this.#chain = simulatedChain(nights);
  }

  async install(process: SimProcess): Promise<void> {
    writeConfig(this.#nights, "atomic");
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    openBook(road.jobs, ledgers.ledger, road.world.clock.now());
    this.#nights.checks.watchVerdicts();
  }

  /** What `cbi install` sets up at the host. */
  loadLabels(): void {
    loadLabels(this.#nights);
  }

  loadHome(): Home {
    return readHome(this.#nights);
  }

  openRoad(process: SimProcess, home: Home, world: Road["world"]): Road {
    if (process.name === "cbi daemon") this.#nights.checks.writer("the daemon", process);
    return roadOf(this.#nights, this.#chain, { home, world });
  }

  /** `cbi run JOB [--scheduled]`. */
  async main(process: SimProcess, [, job = "", ...rest]: readonly string[]): Promise<void> {
    if (rest.includes("--scheduled")) await this.scheduled(process, job);
    else await this.person(process, job, undefined);
  }

  async scheduled(process: SimProcess, name: string): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    void ledgers;
    const job = road.jobs.find(name);
    if (!job) return;
    if (this.#nights.swarm.parts.size > 0) await this.#watchTheWatchdog(road);
    if (job.settings.kind === "service") await keepService(road, job, { mayWait: true });
    else await runScheduled(road, name, { mayWait: true });
  }

  async person(process: SimProcess, name: string, slot: string | undefined): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    void ledgers;
    const job = road.jobs.find(name);
    if (!job) return;
    const { end } = await runByPerson(road, job, slot === undefined ? {} : { slot });
    // As the command does: a person's service is ended by its next slot, which then starts it anew.
    const isOver = job.settings.kind === "service" && end === "done";
    if (isOver) await runScheduled(road, name, { mayWait: true });
  }

  async watchdog(process: SimProcess): Promise<void> {
    const { paths } = this.#nights.home;
    using lock = RunLock.tryTake(path.join(paths.logs, "watchdog.lock"));
    if (!lock) return;
    const { mac } = this.#nights;
    const report = await watchdogPass(
      {
        openRoad: () => this.#roadOf(process),
        host: hostOf(this.#nights),
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

  /** Serves the home until TERM. */
  async daemon(process: SimProcess): Promise<void> {
    const { mac, checks } = this.#nights;
    const { clock, random, environment, signal } = worldOf(process);
    const say = (message: string): void => {
      const [, edge, told] = /^alert (\w+): (.*)$/s.exec(message) ?? [];
      if (edge !== undefined && told !== undefined) checks.told(edge, told);
      if (edge !== undefined || !message.endsWith(" done")) mac.say(`daemon: ${message}`);
    };
    await serve({
      home: this.loadHome(),
      again: { environment, workingDirectory: "/" },
      world: { clock, random, environment },
      signal,
      drainMs: DRAIN_MS,
      say,
    });
  }

  /** Adds an order, or with none lets everything go on. */
  async pause(process: SimProcess, order: Omit<KillOrder, "sinceMs"> | undefined): Promise<void> {
    const { mac, home } = this.#nights;
    void process;
    await changeOrders(
      home.paths,
      mac.wallMs,
      (before) => (order === undefined ? [] : [...before, { ...order, sinceMs: mac.wallMs }]),
      { fromDamage: true },
    );
  }

  /** `cbi service stop|restart|start`, and `cbi run` of it. */
  async service(process: SimProcess, word: ServiceWord): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    void ledgers;
    const job = road.jobs.find(SERVICE);
    if (!job) return;
    if (word === "run") return this.person(process, SERVICE, undefined);
    const { services, mac } = this.#nights;
    const running = services.process?.environment["CBI_RUN"];
    if (running !== undefined) services.asked.add(running);
    const wish = { who: "ann", reason: "simulated", waitMs: patienceMs(job) };
    if (word === "start") {
      const host = this.#hostOf(road);
      const { state } = await startService(road, job, { host, waitMs: wish.waitMs });
      mac.say(`the service is ${state}`);
    } else if (word === "restart") await restartService(road, job, wish);
    else {
      await stopService(road, job, wish);
      if (services.process) this.#nights.checks.fail("a service that was stopped lives");
    }
  }

  async believeClock(process: SimProcess): Promise<void> {
    const road = this.#roadOf(process);
    using ledgers = road.ledgers;
    believeClock(ledgers.ledger, road.world.clock.now());
  }

  #hostOf({ home, world }: Road): ServiceHost {
    return this.#nights.swarm.parts.has("daemon")
      ? processHost(home.paths, world.clock)
      : hostOf(this.#nights);
  }

  #roadOf(process: SimProcess): Road {
    const home = this.loadHome();
    return roadOf(this.#nights, this.#chain, { home, world: worldOf(process) });
  }

  async #watchTheWatchdog(road: Road): Promise<void> {
    const { mac, checks } = this.#nights;
    const machine = {
      uptime: { boot: mac.boot, uptimeMs: mac.monotonicMs },
      countsSleep: mac.clockKind.countsSleep,
    };
    for (const { edge, key, message } of await watchTheWatchdog(road, machine)) {
      checks.told(edge, key);
      mac.say(`alert ${edge}: ${message}`);
    }
  }
}

import { homeCalendar } from "../../../src/config/calendars.ts";
import type { Home } from "../../../src/config/home.ts";
import { commandRunner } from "../../../src/jobs/command/command-runner.ts";
import { realGates } from "../../../src/jobs/gates/home-gates.ts";
import { openHandle } from "../../../src/jobs/ledger-handle.ts";
import type { JobServices, JobWorld } from "../../../src/jobs/ports.ts";
import type { Road } from "../../../src/jobs/road.ts";
import { serviceRunner } from "../../../src/jobs/service/service-runner.ts";
import { HomeJobs } from "../../../src/jobs/schedules.ts";
import type { Chain } from "../../../src/pipeline/chain.ts";
import { runPipeline } from "../../../src/pipeline/runner.ts";
import type { Warehouse } from "../../../src/warehouse/warehouse.ts";
import type { SimProcess } from "../mac/process.ts";
import type { Nights } from "../nights.ts";
import { assertNotKilled, openKillSwitch } from "../planted/open-kill-switch.ts";
import { homeOf } from "./config.ts";

/** What a process of the simulated machine has to do with the world. */
export function worldOf(process: SimProcess): JobWorld {
  const { mac } = process;
  return {
    clock: mac.clockOf(process),
    random: {
      fraction: () => mac.chance.fraction(),
      hex: (bytes) => mac.chance.hex(bytes),
    },
    environment: {},
    emit: () => undefined,
    signal: process.stop.signal,
  };
}

/** The road of production, with a pipeline of three stages. */
export function roadOf(
  nights: Nights,
  chain: Chain<object>,
  { home, world }: { home: Home; world: JobWorld },
): Road {
  const { clock, random } = world;
  return {
    home,
    jobs: homeOf(home.text)?.jobs ?? new HomeJobs(home),
    ledgers: openHandle(home.paths, clock),
    world,
    services: servicesOf(nights, home),
    runNight: (of, request, { emit, signal }) =>
      runPipeline(
        { ...request, asOf: request.asOf ?? "" },
        {
          paths: of.paths,
          config: of.config,
          configHash: of.configHash,
          version: "0",
          codeHash: "code",
          chain,
          clock,
          random,
          calendar: homeCalendar(of),
          warehouse: nobody("the warehouse"),
          openExecutor: () => Promise.reject(new Error("no trainer is simulated")),
          emit,
          signal,
          beforeStage: () => assertNotKilled(of.paths, { job: request.job, tags: [] }, clock.now()),
        },
      ),
  };
}

function servicesOf(nights: Nights, home: Home): JobServices {
  const killSwitch = openKillSwitch(home.paths);
  return {
    // Looking every other second takes its time where nobody ever pauses anything.
    killSwitch: nights.swarm.faults.has("pause")
      ? killSwitch
      : { ...killSwitch, watch: (_target, { signal }) => ({ signal, ...NOTHING }) },
    gates: realGates,
    command: commandRunner(killSwitch),
    service: serviceRunner(killSwitch, realGates),
  };
}

const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };

/** A port that no simulated stage uses. */
function nobody(what: string): Warehouse {
  return new Proxy<Warehouse>(Object.create(null), {
    get: (_target, key) => {
      throw new Error(`${what} was asked for ${String(key)}`);
    },
  });
}

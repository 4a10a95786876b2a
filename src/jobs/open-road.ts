import type { Home } from "../config/home.ts";
import { letOptimize } from "../system/small-heap.ts";
import { openHandle } from "./ledger-handle.ts";
import type { JobWorld } from "./ports.ts";
import type { Road } from "./road.ts";
import { HomeJobs } from "./schedules.ts";
import { jobServices } from "./services.ts";

/** The road of a home with all its real parts. Disposing of `ledgers` ends it. */
export function openRoad(home: Home, world: JobWorld): Road {
  return {
    home,
    jobs: new HomeJobs(home),
    ledgers: openHandle(home.paths, world.clock),
    world,
    services: jobServices(home.paths),
    // Most starts find nothing due or run a command; the pipeline is loaded for a night alone.
    runNight: async (...asked) => {
      letOptimize();
      return (await import("../pipeline/night.ts")).runNight(...asked);
    },
  };
}

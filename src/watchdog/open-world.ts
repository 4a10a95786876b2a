import type { Home } from "../config/home.ts";
import type { Host } from "../host/host.ts";
import { processHost } from "../host/process/process-host.ts";
import { openRoad } from "../jobs/open-road.ts";
import type { JobWorld } from "../jobs/ports.ts";
import { uptime } from "../system/uptime.ts";
import type { Edge } from "./alert-edges.ts";
import type { WatchdogWorld } from "./pass.ts";

/** The watchdog's world of a home with all its real parts. */
export function openWatchdogWorld(
  home: Home,
  world: JobWorld,
  tell: (edge: Edge) => void,
  host: Host = processHost(home.paths, world.clock, world.environment),
): WatchdogWorld {
  return { openRoad: () => openRoad(home, world), host, uptime, tell };
}

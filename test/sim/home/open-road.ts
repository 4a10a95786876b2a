import type { Home } from "../../../src/config/home.ts";
import type { JobWorld } from "../../../src/jobs/ports.ts";
import type { Road } from "../../../src/jobs/road.ts";
import { currentProcess } from "../mac/process.ts";

// In place of src/jobs/open-road.ts: the road with the pipeline of the simulation.

export function openRoad(home: Home, world: JobWorld): Road {
  const process = currentProcess();
  const { software } = process.mac;
  if (!software) throw new Error("nothing is installed on this machine");
  return software.openRoad(process, home, world);
}

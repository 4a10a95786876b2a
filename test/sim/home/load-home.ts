import type { Home } from "../../../src/config/home.ts";
import { currentProcess } from "../mac/process.ts";

// Stands before src/config/home.ts: the home as cbi.yaml on the simulated disk has it, parsed once in all simulations.

export * from "../../../src/config/home.ts";

export async function loadHome(): Promise<Home> {
  const { software } = currentProcess().mac;
  if (!software) throw new Error("nothing is installed on this machine");
  return software.loadHome();
}

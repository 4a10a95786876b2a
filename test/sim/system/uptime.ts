import { currentProcess } from "../mac/process.ts";

// In place of src/system/uptime.ts: the clock of the simulated boot.

export function uptime(): { boot: string; uptimeMs: number } {
  const { mac } = currentProcess();
  return { boot: mac.boot, uptimeMs: mac.monotonicMs };
}

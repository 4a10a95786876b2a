import { processIdentity } from "./process-identity.ts";

/** How long this boot has lasted, by the clock that all processes of it share. */
export interface Uptime {
  boot: string;
  /** On Linux without the time asleep (CLOCK_MONOTONIC); on macOS with it (mach_continuous_time). */
  uptimeMs: number;
}

export function uptime(): Uptime {
  const uptimeMs = Number(process.hrtime.bigint() / 1_000_000n);
  return { boot: processIdentity().boot, uptimeMs };
}

import { readFileSync } from "node:fs";
import os from "node:os";

/** What of the world a boot is known by, which a test may have otherwise. */
export interface BootWorld {
  platform: NodeJS.Platform;
  readText(file: string): string;
  /** What a program prints. */
  ask(program: string, words: readonly string[]): string;
  /** Seconds since the epoch, and since the boot. */
  clock(): { now: number; up: number };
}

const SYSTEM: BootWorld = {
  platform: process.platform,
  readText: (file) => readFileSync(file, "utf8"),
  ask(program, words) {
    // Loaded on a Mac alone: every command asks.
    const { execFileSync } = process.getBuiltinModule("node:child_process");
    return execFileSync(program, words, { encoding: "utf8", env: {}, timeout: 5_000 });
  },
  clock: () => ({ now: Date.now() / 1000, up: os.uptime() }),
};

/**
 * A name that each boot of this machine has alone and keeps: `boot_id` of random(4) on Linux, and macOS's
 * `kern.bootsessionuuid`. A Mac's boot time would not do, since it moves whenever the clock is set right, as
 * after a sleep (xnu, clock_set_calendar_microtime). Elsewhere it has to, to the minute.
 */
export function bootName(world: BootWorld = SYSTEM): string {
  const known =
    world.platform === "darwin"
      ? orNone(() => world.ask("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"]))
      : orNone(() => world.readText("/proc/sys/kernel/random/boot_id"));
  if (/^[0-9a-f-]{36}$/i.test(known)) return known;
  const { now, up } = world.clock();
  return `boot-${Math.round((now - up) / 60)}`;
}

function orNone(ask: () => string): string {
  try {
    return ask().trim();
  } catch {
    return "";
  }
}

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "./run-command.ts";

/** What the machine runs on. */
export interface PowerReading {
  source: "ac" | "battery" | "unknown";
  /** What was seen, for people. */
  evidence: string;
}

/** The world that is asked, so that a test can bring its own. */
export interface PowerWorld {
  platform: string;
  /** Where Linux lists its power supplies. */
  suppliesFolder: string;
  /** The words that print the power source on macOS. */
  pmset: readonly [string, ...string[]];
}

const SYSTEM: PowerWorld = {
  platform: process.platform,
  suppliesFolder: "/sys/class/power_supply",
  pmset: ["/usr/bin/pmset", "-g", "batt"],
};
const PMSET_MS = 10_000;

/** What the machine runs on now. Never throws: what cannot be told is unknown. */
export async function readPower(
  signal: AbortSignal,
  world: PowerWorld = SYSTEM,
): Promise<PowerReading> {
  switch (world.platform) {
    case "linux":
      return readSupplies(world.suppliesFolder);
    case "darwin":
      return askPmset(world.pmset, signal);
    default:
      return { source: "unknown", evidence: `no way to ask on ${world.platform}` };
  }
}

/**
 * Linux (Documentation/ABI/testing/sysfs-class-power): mains that are online decide; else a battery that
 * discharges does, else what is plugged in by USB. A machine that lists neither has no battery, as systemd's
 * ConditionACPower has it too. Batteries of mice and the like have the scope `Device` and do not count.
 */
async function readSupplies(folder: string): Promise<PowerReading> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return { source: "unknown", evidence: `${folder} cannot be read` };
  }
  const read = async (name: string, key: string): Promise<string> =>
    readFile(path.join(folder, name, key), "utf8").then(
      (text) => text.trim(),
      () => "",
    );
  const mains: string[] = [];
  const plugged: string[] = [];
  const batteries: { name: string; status: string }[] = [];
  for (const name of names.sort()) {
    const [type, scope] = [await read(name, "type"), await read(name, "scope")];
    const isOnline = !["", "0"].includes(await read(name, "online"));
    if (type === "Mains" && isOnline) return { source: "ac", evidence: `${name} is online` };
    if (type === "Mains") mains.push(name);
    if (type === "USB" && isOnline) plugged.push(name);
    if (type === "Battery" && scope !== "Device") {
      batteries.push({ name, status: await read(name, "status") });
    }
  }
  // A USB port is online too when it feeds something: a battery that discharges knows better.
  const draining = batteries.find(({ status }) => status === "Discharging");
  if (draining) return { source: "battery", evidence: `${draining.name} is discharging` };
  if (plugged[0] !== undefined) return { source: "ac", evidence: `${plugged[0]} is online` };
  if (mains[0] !== undefined) return { source: "battery", evidence: `${mains[0]} is not online` };
  return batteries.length > 0
    ? { source: "unknown", evidence: "there is a battery, and no word of mains" }
    : { source: "ac", evidence: "the machine has no battery" };
}

/** macOS: `pmset -g batt` begins with `Now drawing from 'AC Power'`, also where there is no battery. */
async function askPmset(
  [command, ...args]: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<PowerReading> {
  const end = await runCommand(command, args, {
    environment: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
    workingDirectory: "/",
    timeoutMs: PMSET_MS,
    signal,
  });
  const source = /Now drawing from '([^']+)'/.exec(end.stdout)?.[1];
  if (end.exitCode !== 0 || source === undefined) {
    return { source: "unknown", evidence: "pmset -g batt did not say what the Mac draws from" };
  }
  const evidence = `the Mac draws from ${source}`;
  if (source === "AC Power") return { source: "ac", evidence };
  const isBattery = source === "Battery Power" || source === "UPS Power";
  return { source: isBattery ? "battery" : "unknown", evidence };
}

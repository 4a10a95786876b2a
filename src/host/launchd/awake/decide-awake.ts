import type { PowerReading } from "../../../system/power.ts";
import type { PowerAssertion } from "../pmset/assertions-text.ts";

/** When a job's machine is held awake: never, on mains, or wherever it draws from. */
export type AwakePolicy = "ac" | "always" | "never";

/** `hold`: nobody does it yet. `release`: whoever does it is to end. */
export type AwakeStep = "hold" | "release" | "leave";

/**
 * What a job's process should do about being held awake. On battery `ac` lets the Mac sleep; where it cannot
 * be told what the Mac draws from, a run matters more than a battery. Pure and total.
 */
export function decideAwake(
  policy: AwakePolicy,
  source: PowerReading["source"],
  isHeld: boolean,
): AwakeStep {
  const isWanted = policy === "always" || (policy === "ac" && source !== "battery");
  if (isWanted === isHeld) return "leave";
  return isWanted ? "hold" : "release";
}

/** The processes of caffeinate(8) that hold the machine awake for a process. */
export function holdersFor(pid: number, assertions: readonly PowerAssertion[]): number[] {
  const found = assertions.filter(
    (one) =>
      one.process === "caffeinate" && one.onBehalfOfPid === pid && one.type !== "PreventDiskIdle",
  );
  return [...new Set(found.map((one) => one.pid))];
}

import { statfs } from "node:fs/promises";
import path from "node:path";
import type { Gate } from "../../config/gates-schema.ts";
import { messageOf } from "../../system/failure.ts";
import { readPower } from "../../system/power.ts";
import type { Gates, GateVerdict, Invocation, JobWorld } from "../ports.ts";
import { valuesOf } from "../values.ts";
import { askCommandGate } from "./command-gate.ts";
import { askConfirmGate } from "./confirm-gate.ts";
import { askFreshGate } from "./fresh-gate.ts";
import { askOutputGate } from "./output-gate.ts";

/** The gates of `cbi.yaml`, asked of the real world. What goes wrong in asking is an `error`. */
export const realGates: Gates = {
  async ask(gate, invocation, world) {
    try {
      return await askOne(gate, invocation, world);
    } catch (error) {
      world.signal.throwIfAborted();
      // A token that cannot be compared is none, whatever the gate says of errors.
      const outcome = "confirm" in gate ? "hold" : "error";
      return { outcome, evidence: messageOf(error) };
    }
  },
};

async function askOne(gate: Gate, invocation: Invocation, world: JobWorld): Promise<GateVerdict> {
  const nowMs = world.clock.now();
  const values = valuesOf(invocation, nowMs);
  if ("output" in gate) {
    const asker = { day: values.slot_date, dueMs: invocation.slot?.dueMs ?? nowMs, nowMs };
    return askOutputGate(invocation.home, gate.output, asker);
  }
  if ("fresh" in gate) return askFreshGate(gate, values, invocation.zone, nowMs);
  if ("disk" in gate) {
    const { root } = invocation.home.paths;
    return askDisk(gate.disk, path.resolve(root, gate.path ?? "."));
  }
  if ("ac_power" in gate) return askPower(world);
  if ("confirm" in gate) return askConfirmGate(gate, invocation, world);
  return askCommandGate(gate, invocation, world);
}

const UNITS = { MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** Room that this user may take, which is less than what is free (statfs(2): f_bavail). */
async function askDisk(size: string, folder: string): Promise<GateVerdict> {
  const unit = size.slice(-2);
  if (unit !== "MB" && unit !== "GB" && unit !== "TB") {
    return { outcome: "error", evidence: `'${size}' is no size` };
  }
  const wanted = Number(size.slice(0, -2)) * UNITS[unit];
  const facts = await statfs(folder);
  const free = facts.bavail * facts.bsize;
  const evidence = `${(free / UNITS[unit]).toFixed(1)} ${unit} are free, expected ${size}`;
  return { outcome: free >= wanted ? "pass" : "hold", evidence };
}

async function askPower(world: JobWorld): Promise<GateVerdict> {
  const { source, evidence } = await readPower(world.signal);
  const outcome = source === "ac" ? "pass" : source === "battery" ? "hold" : "error";
  return { outcome, evidence };
}

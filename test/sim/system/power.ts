import { lookLater } from "../mac/process.ts";

// In place of src/system/power.ts: the simulated machine's plug.

interface PowerReading {
  source: "ac" | "battery" | "unknown";
  evidence: string;
}

export async function readPower(): Promise<PowerReading> {
  return lookLater(({ mac }) => {
    const source = mac.isOnMains ? "ac" : "battery";
    return { source, evidence: `drawing from ${source}` };
  });
}

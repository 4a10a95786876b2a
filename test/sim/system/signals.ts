import { effectNow } from "../mac/process.ts";
import { plantedBugs } from "../planted/bugs.ts";

// In place of src/system/signals.ts: signals to processes of the simulated machine.

export function signalProcess(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  effectNow(`${signal} to ${pid}`, ({ mac }) => {
    const process = mac.process(pid);
    if (process) mac.signal(process, signal);
  });
}

export function signalGroup(leader: number, signal: "SIGTERM" | "SIGKILL"): void {
  if (plantedBugs.has("orphans-live")) return;
  effectNow(`${signal} to group ${leader}`, ({ mac }) => {
    for (const member of mac.group(leader)) mac.signal(member, signal);
  });
}

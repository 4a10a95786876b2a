import { effectNow } from "../mac/process.ts";

// In place of src/system/signals.ts: signals to processes of the simulated machine.

export function signalProcess(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  effectNow(`${signal} to ${pid}`, ({ mac }) => {
    const process = mac.process(pid);
    if (process) mac.signal(process, signal);
  });
}

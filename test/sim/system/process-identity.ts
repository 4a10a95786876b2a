import { currentProcess } from "../mac/process.ts";

// In place of src/system/process-identity.ts: the processes of the simulated machine.

export interface ProcessIdentity {
  pid: number;
  host: string;
  boot: string;
  started: string;
}

export function processIdentity(pid?: number): ProcessIdentity {
  const { mac, pid: own } = currentProcess();
  const process = mac.process(pid ?? own);
  return {
    pid: pid ?? own,
    host: "mac",
    boot: mac.boot,
    started: process?.started ?? "",
  };
}

export function isAlive({ pid, boot, started }: ProcessIdentity): boolean {
  const { mac } = currentProcess();
  return mac.isAlive(pid, boot, started);
}

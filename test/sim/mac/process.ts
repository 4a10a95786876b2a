import { AsyncLocalStorage } from "node:async_hooks";
import type { Mac } from "./mac.ts";

/** Thrown into a process that died in the midst of a call: whatever it does from then on is void. */
export class ProcessDied extends Error {
  constructor() {
    super("the simulated process is dead");
  }
}

export interface ProcessStart {
  environment?: Record<string, string>;
  parent?: SimProcess;
}

/** One process of the simulated machine. Its code runs under its name, so that each effect has an owner. */
export class SimProcess {
  readonly mac: Mac;
  readonly pid: number;
  readonly name: string;
  /** The process group, which every process of the simulation leads. */
  readonly group: number;
  readonly boot: string;
  readonly started: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Who started it; undefined for what launchd or a person did. */
  readonly parent: SimProcess | undefined;
  /** Aborted by TERM. */
  readonly stop = new AbortController();
  isDead = false;
  /** Whether its code came to its end, by itself or by TERM. */
  hasEnded = false;
  readonly #atDeath = new Set<() => void>();

  constructor(mac: Mac, start: ProcessStart & { pid: number; name: string }) {
    this.mac = mac;
    this.pid = start.pid;
    this.name = start.name;
    this.group = start.pid;
    this.parent = start.parent;
    this.boot = mac.boot;
    this.started = String(mac.trueMs);
    this.environment = start.environment ?? {};
  }

  /** Runs `work` as code of this process. */
  run<T>(work: () => T): T {
    return storage.run(this, work);
  }

  /** `work` is done when the process ends, however it does: what the kernel lets go of with it. */
  atDeath(work: () => void): () => void {
    this.#atDeath.add(work);
    return () => void this.#atDeath.delete(work);
  }

  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const work of this.#atDeath) work();
    this.#atDeath.clear();
    this.mac.forget(this);
  }
}

const storage = new AsyncLocalStorage<SimProcess>();

/** The process whose code this is. */
export function currentProcess(): SimProcess {
  const process = storage.getStore();
  if (!process) throw new Error("an effect outside of every simulated process");
  return process;
}

/** A promise of a dead process: what waits for it never goes on. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** An effect that is done before the call returns. Throws `ProcessDied` when the process is dead, or dies of it. */
export function effectNow<T>(what: string, work: (process: SimProcess) => T): T {
  const process = currentProcess();
  process.mac.strike(process, what);
  if (process.isDead) throw new ProcessDied();
  return work(process);
}

/** Looking at something changes nothing, so dying before it is dying after the effect before. */
export function lookNow<T>(work: (process: SimProcess) => T): T {
  const process = currentProcess();
  if (process.isDead) throw new ProcessDied();
  return work(process);
}

/** An effect that takes its time. Of a dead process it is never heard of again. */
export async function effectLater<T>(what: string, work: (process: SimProcess) => T): Promise<T> {
  const process = currentProcess();
  process.mac.strike(process, what);
  if (process.isDead) return never();
  const delayMs = process.mac.delayOfEffect();
  if (delayMs > 0) await process.mac.sleep(process, delayMs);
  if (process.isDead) return never();
  return work(process);
}

export async function lookLater<T>(work: (process: SimProcess) => T): Promise<T> {
  const process = currentProcess();
  if (process.isDead) return never();
  return work(process);
}

import { spawnSync } from "node:child_process";
import os from "node:os";

/** Rows that a thread should have; below some 10,000 a second one only waits for the first. */
const ROWS_A_THREAD = 50_000;
/** The libraries and the interpreter, before any data. */
const WORKER_BYTES = 300 * 1024 * 1024;

/**
 * Processors that trainings may use: what the system gives this process (affinity and cgroup quota
 * included), on Apple silicon the performance cores alone, since equal shares of work would wait for
 * the slow ones.
 */
export function processors(): number {
  const available = os.availableParallelism();
  if (process.platform !== "darwin") return available;
  const asked = spawnSync("sysctl", ["-n", "hw.perflevel0.physicalcpu"], { encoding: "utf8" });
  const fast = Number(asked.stdout);
  return Number.isInteger(fast) && fast > 0 ? Math.min(fast, available) : available;
}

/**
 * Threads of one training on so many rows. Whole trainings side by side use processors better than
 * threads within one; only large tables, of which few fit into memory at once, get more.
 */
export function threadsFor(rows: number, cores = processors()): number {
  return Math.max(1, Math.min(cores, Math.floor(rows / ROWS_A_THREAD)));
}

/**
 * How many workers run side by side: as many as were asked for or there are processors for, as long
 * as threads and memory (six copies of the largest table of 32-bit numbers) suffice. At least one.
 */
export function workersThatFit(budget: {
  asked: number | "auto";
  cores: number;
  threads: number;
  cells: number;
  memoryBytes: number;
}): number {
  const byCores = Math.floor(budget.cores / Math.max(1, budget.threads));
  const wanted = budget.asked === "auto" ? byCores : budget.asked;
  const byMemory = Math.floor(budget.memoryBytes / (WORKER_BYTES + 6 * 4 * budget.cells));
  return Math.max(1, Math.min(wanted, byMemory));
}

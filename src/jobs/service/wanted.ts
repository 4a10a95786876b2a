import { rmSync } from "node:fs";
import path from "node:path";
import type { Ledger } from "../../ledger/ledger.ts";
import { newestRuns, type RunRecord } from "../../ledger/runs.ts";
import { RUNS_MAX } from "../../schedule/due.ts";
import { replaceJson } from "../../system/files.ts";
import type { HomePaths } from "../../system/home.ts";
import { isAlive } from "../../system/process-identity.ts";
import { systemRandom } from "../../system/random.ts";
import { readMessage } from "./request.ts";

/**
 * A person's word that a service is to run, though no slot may say so. It stands until the run that came
 * of it has ended in order, so that whoever starts a keeper anew after a crash starts the service too.
 */
export interface WantedService {
  id: string;
  sinceMs: number;
}

const RUNS_LOOKED_AT = 20;
const DEATHS_WITHIN_MS = 3_600_000;

function wantedFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, job, "service-wanted.json");
}

/** Leaves word for the next keeper, or the one that waits. */
export async function wantService(
  paths: HomePaths,
  job: string,
  nowMs: number,
): Promise<WantedService> {
  const id = systemRandom.hex(8);
  await replaceJson(wantedFile(paths, job), { id, since: new Date(nowMs).toISOString() });
  return { id, sinceMs: nowMs };
}

/** The word that stands; what cannot be read is none. */
export async function wantedService(
  paths: HomePaths,
  job: string,
): Promise<WantedService | undefined> {
  const { id, since } = (await readMessage(wantedFile(paths, job))) ?? {};
  const sinceMs = typeof since === "string" ? Date.parse(since) : Number.NaN;
  return typeof id === "string" && !Number.isNaN(sinceMs) ? { id, sinceMs } : undefined;
}

export function forgetWanted(paths: HomePaths, job: string): void {
  rmSync(wantedFile(paths, job), { force: true });
}

/**
 * What came of a wanted service: `kept` while a run is under way, `open` while none has ended but by the
 * death of its keeper, `settled` after any other end or a slot's run, `storm` after so many deaths lately
 * that it is the service which brings its keeper down.
 */
export function stateOfWanted(
  ledger: Ledger,
  job: string,
  { sinceMs }: WantedService,
  nowMs: number,
): "kept" | "open" | "settled" | "storm" {
  const runs = newestRuns(ledger, { job, limit: RUNS_LOOKED_AT }).filter(
    ({ startedMs, state }) => startedMs >= sinceMs && state !== "refused",
  );
  const [newest] = runs;
  if (newest && isUnderWay(newest)) return "kept";
  if (newest && !hasDied(newest)) return "settled";
  const isLate = ({ startedMs }: RunRecord): boolean => startedMs > nowMs - DEATHS_WITHIN_MS;
  return runs.filter((run) => hasDied(run) && isLate(run)).length >= RUNS_MAX ? "storm" : "open";
}

function isUnderWay({ state, owner }: RunRecord): boolean {
  return state === "running" && isAlive(owner);
}

/** A run of a slot goes on with its slot, and is nobody's wish any more. */
function hasDied({ state, slot, error }: RunRecord): boolean {
  return slot === undefined && (state === "running" || error?.code === "CBI_RUN_DIED");
}

import { newestAttempts } from "../../ledger/attempts.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { newestRuns, type RunRecord } from "../../ledger/runs.ts";
import { claimedSlots, findSlot } from "../../ledger/slots.ts";
import { isAlive } from "../../system/process-identity.ts";
import type { ScheduledJob } from "../schedules.ts";
import { endTimeOf } from "./end-time.ts";

export const SERVICE_STATES = [
  "running",
  "restarting",
  "starting",
  "dead",
  "interrupted",
  "stopped",
] as const;

/** How a service is now, by the ledger and the processes that it names. */
export interface ServiceState {
  /**
   * `restarting`: its keeper lives and its process does not. `starting`: a slot is taken and its gates are
   * asked. `dead`: its keeper is gone without a word. `interrupted`: its slot goes on with a later check.
   */
  state: (typeof SERVICE_STATES)[number];
  run: string | undefined;
  slot: string | undefined;
  /** Of the process that keeps it, and of its own. */
  keeperPid: number | undefined;
  pid: number | undefined;
  /** Which life this is, from 1. */
  attempt: number | undefined;
  sinceMs: number | undefined;
  /** How the life before ended, or why it is not running. */
  reason: string | undefined;
  /** When it is over; undefined when nothing ends it. */
  endMs: number | undefined;
}

const NOTHING = {
  run: undefined,
  slot: undefined,
  keeperPid: undefined,
  pid: undefined,
  attempt: undefined,
  sinceMs: undefined,
  reason: undefined,
  endMs: undefined,
} as const;

/** The state of one service; a home without a ledger has none that ever ran. */
export function serviceState(ledger: Ledger | undefined, job: ScheduledJob): ServiceState {
  if (!ledger) return { ...NOTHING, state: "stopped" };
  const [run] = newestRuns(ledger, { job: job.name, states: ["running"], limit: 1 });
  if (run) return stateOfRun(ledger, job, run);
  const claimed = claimedSlots(ledger, job.name).at(-1);
  if (claimed) {
    const state = claimed.run === undefined ? "interrupted" : "starting";
    return { ...NOTHING, state, slot: claimed.name, reason: claimed.reason };
  }
  const [last] = newestRuns(ledger, { job: job.name, limit: 1 });
  return { ...NOTHING, state: "stopped", reason: last?.error?.message };
}

function stateOfRun(ledger: Ledger, job: ScheduledJob, run: RunRecord): ServiceState {
  const [life, before] = newestAttempts(ledger, run.id, 2);
  const isLiving = life?.endedMs === undefined && life?.process && isAlive(life.process);
  const state = !isAlive(run.owner) ? "dead" : isLiving ? "running" : "restarting";
  return {
    state,
    run: run.id,
    slot: run.slot,
    keeperPid: run.owner.pid,
    pid: isLiving ? life?.process?.pid : undefined,
    attempt: life?.number,
    sinceMs: isLiving ? life?.startedMs : (life?.endedMs ?? run.startedMs),
    reason: life?.reason ?? before?.reason,
    endMs: endMsOf(ledger, job, run),
  };
}

function endMsOf(ledger: Ledger, job: ScheduledJob, run: RunRecord): number | undefined {
  const { settings } = job;
  if (settings.kind !== "service") return undefined;
  const slot = run.slot === undefined ? undefined : findSlot(ledger, job.name, run.slot);
  const end = endTimeOf({ ...job, settings }, { slot, startMs: run.startedMs });
  return end.kind === "at" && Number.isFinite(end.atMs) ? end.atMs : undefined;
}

import path from "node:path";
import { readTextIfThere, replaceJson } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import { isAlive, processIdentity, type ProcessIdentity } from "../system/process-identity.ts";

/** Who beats: the watchdog once a pass, the resident mode once a minute. */
export type Beating = "watchdog" | "daemon";

/** The last sign of life of one of them. */
export interface Heartbeat {
  atMs: number;
  /** `ended` after a clean end, which nobody need miss. */
  state: "alive" | "ended";
  process: ProcessIdentity;
}

export function heartbeatFile(paths: HomePaths, who: Beating): string {
  return path.join(paths.logs, `${who}.heartbeat.json`);
}

/** Leaves a sign of life; one that cannot be written is no reason to stop. */
export async function beat(
  paths: HomePaths,
  who: Beating,
  nowMs: number,
  state: Heartbeat["state"] = "alive",
): Promise<void> {
  const heartbeat = { at: new Date(nowMs).toISOString(), state, process: processIdentity() };
  await replaceJson(heartbeatFile(paths, who), heartbeat).catch(() => undefined);
}

/** The last sign of life; undefined where there never was one that can be read. */
export async function lastBeat(paths: HomePaths, who: Beating): Promise<Heartbeat | undefined> {
  const text = await readTextIfThere(heartbeatFile(paths, who)).catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { at, state, process } = JSON.parse(text) as Record<string, unknown>;
    const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (Number.isNaN(atMs) || (state !== "alive" && state !== "ended")) return undefined;
    return { atMs, state, process: process as ProcessIdentity };
  } catch {
    return undefined;
  }
}

/** Whether the process of a heartbeat lives still. */
export function isBeatingAlive({ state, process }: Heartbeat): boolean {
  return state === "alive" && typeof process?.pid === "number" && isAlive(process);
}

/** The watchdog looks every hour; after three in vain somebody should know. */
const WATCHDOG_SILENT_MS = 3 * 3_600_000;

/**
 * Why the watchdog seems to be gone, or undefined. One that was never at work here is not missed, and
 * one whose pass is under way may be catching up for hours.
 */
export function watchdogSilence(beat: Heartbeat | undefined, nowMs: number): string | undefined {
  if (!beat || nowMs - beat.atMs <= WATCHDOG_SILENT_MS || isBeatingAlive(beat)) return undefined;
  const at = new Date(beat.atMs).toISOString();
  return `the watchdog has not looked since ${at}: cbi watchdog`;
}

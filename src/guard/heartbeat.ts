import path from "node:path";
import { readTextIfThere, replaceJson } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import { isAlive, processIdentity, type ProcessIdentity } from "../system/process-identity.ts";
import { uptime, type Uptime } from "../system/uptime.ts";

/** Who beats: the watchdog once a pass, the resident mode once a minute. */
export type Beating = "watchdog" | "daemon";

/** The last sign of life of one of them. */
export interface Heartbeat {
  atMs: number;
  /** `ended` after a clean end, which nobody need miss. */
  state: "alive" | "ended";
  process: ProcessIdentity;
  /** The time since the boot at that beat; undefined where the file does not have it. */
  uptimeMs: number | undefined;
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
  const { uptimeMs } = uptime();
  const at = new Date(nowMs).toISOString();
  const heartbeat = { at, state, process: processIdentity(), uptime_ms: uptimeMs };
  const file = heartbeatFile(paths, who);
  await replaceJson(file, heartbeat).catch(() => undefined);
}

/** The last sign of life; undefined where there never was one that can be read. */
export async function lastBeat(paths: HomePaths, who: Beating): Promise<Heartbeat | undefined> {
  const text = await readTextIfThere(heartbeatFile(paths, who)).catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { at, state, process, uptime_ms: up } = JSON.parse(text) as Record<string, unknown>;
    const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (Number.isNaN(atMs) || (state !== "alive" && state !== "ended")) return undefined;
    const uptimeMs = typeof up === "number" ? up : undefined;
    return { atMs, state, process: process as ProcessIdentity, uptimeMs };
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
 * one whose pass is under way may be catching up for hours. Time in which the machine was off or, where
 * the clock of the boot stands still in sleep, asleep does not count.
 */
export function watchdogSilence(
  beat: Heartbeat | undefined,
  nowMs: number,
  up: Uptime,
): string | undefined {
  if (!beat || isBeatingAlive(beat)) return undefined;
  const isSameBoot = beat.process?.boot === up.boot;
  const beforeMs = isSameBoot ? (beat.uptimeMs ?? Number.NEGATIVE_INFINITY) : 0;
  const wakingMs = Math.min(nowMs - beat.atMs, up.uptimeMs - beforeMs);
  if (wakingMs <= WATCHDOG_SILENT_MS) return undefined;
  const at = new Date(beat.atMs).toISOString();
  return `the watchdog has not looked since ${at}: cbi watchdog`;
}

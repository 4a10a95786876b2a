import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import type { Zone } from "../../../schedule/zone.ts";
import { rewriteFile } from "../../../system/rewrite-file.ts";
import { readSchedule, type MacTools } from "../pmset/pmset.ts";
import { upcomingEvents, wakesFromSleep } from "../pmset/upcoming.ts";
import { chooseInstants, HORIZON_DAYS, instantsText, parseInstants } from "./instants.ts";
import { WAKE_OWNER, type WakePaths } from "./script.ts";

/** Where a Mac's wakes are asked for, and how it is asked about them. */
export interface WakingMac {
  paths: Pick<WakePaths, "list" | "report">;
  tools: MacTools;
  zone: Zone;
}

/** What a Mac says of its wakes. */
export interface WakesSet {
  /** When it will be woken, by whomever, in order. */
  wakesMs: number[];
  /** Why the daemon did not set what it was asked for. */
  refusal?: string;
}

/** The daemon looks every five minutes of waking time. */
const PENDING_MS = 15 * 60_000;

/** Whether the daemon is installed, with a list that this user may write. */
export async function canAskForWakes({ paths }: WakingMac): Promise<boolean> {
  return access(paths.list, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Asks for wakes at these instants, of which the next ones are taken, instead of those that were asked for
 * before. The daemon sets them within minutes. A list that says so already is left alone.
 */
export async function askForWakes(
  { paths }: WakingMac,
  duesMs: Iterable<number>,
  nowMs: number,
): Promise<void> {
  const before = await readFile(paths.list, "utf8");
  const text = instantsText(chooseInstants(duesMs, nowMs, parseInstants(before)));
  if (text !== before) await rewriteFile(paths.list, text);
}

/** The instants of our own wakes as pmset has them, and why the daemon refused, if it did. */
export async function instantsSet(
  mac: WakingMac,
  nowMs: number,
  signal: AbortSignal,
): Promise<{ setMs: ReadonlySet<number>; refusal: string | undefined }> {
  const schedule = await readSchedule(signal, mac.tools);
  const events = upcomingEvents(schedule, mac.zone, nowMs, nowMs + HORIZON_DAYS * 86_400_000);
  const ours = events.filter(({ owner }) => owner === WAKE_OWNER).map(({ atMs }) => atMs);
  return { setMs: new Set(ours), refusal: await lastRefusal(mac) };
}

/** When the Mac will be woken, as pmset says it; what was asked for just now counts as set. */
export async function wakesSet(
  mac: WakingMac,
  nowMs: number,
  signal: AbortSignal,
): Promise<WakesSet> {
  const schedule = await readSchedule(signal, mac.tools);
  const throughMs = nowMs + HORIZON_DAYS * 86_400_000;
  const set = upcomingEvents(schedule, mac.zone, nowMs - PENDING_MS, throughMs)
    .filter(wakesFromSleep)
    .map(({ atMs }) => atMs);
  const wakesMs = [...new Set([...set, ...(await pending(mac, nowMs))])];
  const refusal = await lastRefusal(mac);
  return {
    wakesMs: wakesMs.sort((left, right) => left - right),
    ...(refusal !== undefined && { refusal }),
  };
}

async function pending({ paths }: WakingMac, nowMs: number): Promise<number[]> {
  const { mtimeMs } = await stat(paths.list);
  if (Math.abs(nowMs - mtimeMs) > PENDING_MS) return [];
  return parseInstants(await readFile(paths.list, "utf8")) ?? [];
}

/** The report is two lines: when, and what came of it. */
async function lastRefusal({ paths }: WakingMac): Promise<string | undefined> {
  const report = await readFile(paths.report, "utf8").catch(() => "");
  return /^refused (.*)$/m.exec(report)?.[1];
}

import path from "node:path";
import { lastBeat, watchdogSilence } from "../guard/heartbeat.ts";
import type { Road } from "../jobs/road.ts";
import { readTextIfThere, replaceJson } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import { uptime, type Uptime } from "../system/uptime.ts";
import type { Edge } from "./alert-edges.ts";
import { tellAlerts } from "./tell-alerts.ts";

/** A start that sees the watchdog silent for so long believes it, sleep or not. */
const SEEN_AGAIN_MS = 3_600_000;

/**
 * What every scheduled start does for the watchdog, as that does for the jobs: when it has gone silent,
 * people are told, once. Where the clock of the boot goes on in sleep, a second start an hour later must
 * find it silent too, since a machine that has just woken up has not heard of it yet.
 */
export async function watchTheWatchdog(
  { home, ledgers, world }: Pick<Road, "home" | "ledgers" | "world">,
  machine: { uptime: Uptime; countsSleep: boolean } = {
    uptime: uptime(),
    countsSleep: process.platform !== "linux",
  },
): Promise<Edge[]> {
  const nowMs = world.clock.now();
  const beat = await lastBeat(home.paths, "watchdog");
  const silence = watchdogSilence(beat, nowMs, machine.uptime);
  if (!beat || silence === undefined) return [];
  const isNews = machine.countsSleep && !(await wasSeenBefore(home.paths, beat.atMs, nowMs));
  if (isNews) return [];
  const finding = {
    key: "watchdog",
    kind: "watchdog",
    job: undefined,
    severity: "fail",
    message: silence,
    needsPerson: true,
    isBeingHealed: false,
  } as const;
  return tellAlerts(ledgers.ledger, [finding], nowMs, "watchdog");
}

/** Whether the same last beat was found too old an hour ago; else that is noted. */
async function wasSeenBefore(paths: HomePaths, beatMs: number, nowMs: number): Promise<boolean> {
  const file = path.join(paths.logs, "watchdog.silence.json");
  const beat = new Date(beatMs).toISOString();
  try {
    const seen = JSON.parse((await readTextIfThere(file)) ?? "{}") as Record<string, unknown>;
    const sinceMs = Date.parse(String(seen["seen"]));
    if (seen["beat"] === beat && sinceMs <= nowMs) return nowMs - sinceMs >= SEEN_AGAIN_MS;
  } catch {
    // What is no JSON is written anew.
  }
  await replaceJson(file, { beat, seen: new Date(nowMs).toISOString() }).catch(() => undefined);
  return false;
}

import { utcText } from "../schedule/wall.ts";

export const KILL_MODES = ["drain", "stop"] as const;
export const KILL_SCOPES = ["all", "tag", "job"] as const;

/** `drain` lets what runs go on to its next halt; `stop` ends it now. */
export type KillMode = (typeof KILL_MODES)[number];

/** One order to stand still. */
export interface KillOrder {
  scope: (typeof KILL_SCOPES)[number];
  /** The tag or the job; empty for all. */
  name: string;
  mode: KillMode;
  reason: string;
  who: string;
  sinceMs: number;
  /** It ends by itself then; undefined when only `cbi resume` ends it. */
  untilMs: number | undefined;
}

/** Everything that stands in the way of starts. */
export interface KillState {
  orders: readonly KillOrder[];
  /** What the file `STOP` in the home says; undefined when there is none. */
  stopFile: string | undefined;
  /** Why the file of orders cannot be trusted; then nothing starts. */
  damage: string | undefined;
}

/** Whom a start is for. */
export interface KillTarget {
  job: string;
  tags: readonly string[];
}

/** Why a job may not run, in a sentence for people. */
export interface Killed {
  mode: KillMode;
  reason: string;
}

/**
 * Whether a job may run now: undefined when it may. Of several orders one that stops wins over one that
 * drains, and the oldest speaks. A file of orders that cannot be read holds everything back, and ends
 * nothing that runs.
 */
export function isKilled(state: KillState, target: KillTarget, nowMs: number): Killed | undefined {
  if (state.stopFile !== undefined) {
    return { mode: "stop", reason: stopText(state.stopFile) };
  }
  const orders = state.orders
    .filter((order) => concerns(order, target) && isInForce(order, nowMs))
    .sort((left, right) => strength(right) - strength(left) || left.sinceMs - right.sinceMs);
  const [first] = orders;
  if (first) return { mode: first.mode, reason: orderText(first) };
  if (state.damage === undefined) return undefined;
  return { mode: "drain", reason: damageText(state.damage) };
}

/** Everything that stands in the way of some start now, a sentence each. */
export function standingOrders(state: KillState, nowMs: number): string[] {
  const found = state.orders.filter((order) => isInForce(order, nowMs)).map(orderText);
  if (state.stopFile !== undefined) found.push(stopText(state.stopFile));
  if (state.damage !== undefined) found.push(damageText(state.damage));
  return found;
}

function stopText(words: string): string {
  return `the file STOP is in the home${words === "" ? "" : `: ${words}`}`;
}

function damageText(damage: string): string {
  return `the kill switch cannot be read: ${damage}`;
}

export function isInForce(order: KillOrder, nowMs: number): boolean {
  return order.untilMs === undefined || nowMs < order.untilMs;
}

/** `jobs tagged broker are paused by ann since 2026-11-20T14:30:00Z: gateway is down`. */
export function orderText(order: KillOrder): string {
  const whom = {
    all: "everything is",
    tag: `jobs tagged ${order.name} are`,
    job: `job ${order.name} is`,
  }[order.scope];
  const verb = order.mode === "stop" ? "stopped" : "paused";
  const until = order.untilMs === undefined ? "" : ` until ${utcText(order.untilMs)}`;
  return `${whom} ${verb} by ${order.who} since ${utcText(order.sinceMs)}${until}: ${order.reason}`;
}

function concerns(order: KillOrder, target: KillTarget): boolean {
  switch (order.scope) {
    case "all":
      return true;
    case "tag":
      return target.tags.includes(order.name);
    case "job":
      return order.name === target.job;
  }
}

function strength(order: KillOrder): number {
  return KILL_MODES.indexOf(order.mode);
}

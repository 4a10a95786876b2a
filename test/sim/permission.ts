import type { DatabaseSync } from "node:sqlite";
import { HOME } from "./home/config.ts";
import { textOf } from "./mac/disk.ts";
import type { Mac } from "./mac/mac.ts";
import type { SimProcess } from "./mac/process.ts";

/** A start may come so much waking time after the look that allowed it: children of a dead run are ended in between. */
const SLACK_MS = 60_000;
const TAGS: Readonly<Record<string, readonly string[]>> = {
  ship: ["broker"],
  live: ["broker"],
  trade: ["broker"],
};

type Gate = "mains" | "token" | "list" | "pause";

/**
 * What the world says of a start, by a look of its own: its gates, and what is paused. A start is
 * against it when it has said no for longer than a start takes.
 */
export class Permission {
  readonly #mac: Mac;
  readonly #ledger: () => DatabaseSync | undefined;
  readonly #before: { gate: Gate; value: unknown; untilMs: number }[] = [];
  readonly #begun = new Set<string>();

  constructor(mac: Mac, ledger: () => DatabaseSync | undefined) {
    this.#mac = mac;
    this.#ledger = ledger;
  }

  /** Before a change: what was so until now may be what a start was allowed by. */
  changes(gate: Gate): void {
    const { awakeMs } = this.#mac;
    while (this.#before[0] && this.#before[0].untilMs < awakeMs - SLACK_MS) this.#before.shift();
    this.#before.push({ gate, value: this.#now(gate), untilMs: awakeMs });
  }

  /** What forbids this start; undefined when nothing does. */
  refusal({ environment }: SimProcess, hasGates: boolean): string | undefined {
    const { CBI_JOB: job = "", CBI_RUN: run = "", CBI_SLOT_DATE: day = "" } = environment;
    if (!this.#was("pause", (orders) => !isPaused(orders, job))) return "it is paused";
    const isFirst = !this.#begun.has(run);
    this.#begun.add(run);
    // A gate is a condition of a run; of a service, which may go on for months, of each of its lives.
    if (!hasGates || (job !== "trade" && !isFirst)) return undefined;
    const isOnMains = this.#was("mains", (value) => value === true);
    const isLive = this.#was("token", (value) => value === "a-token");
    if ((job === "ship" || job === "trade") && !isOnMains) return "it is not on mains";
    if ((job === "live" || job === "trade") && !isLive) return "the token is not there";
    if (job === "live" && !this.#was("list", (value) => value === day)) return "the list is old";
    return job === "ship" && !this.#isScanned(day) ? "the scan of the day is not done" : undefined;
  }

  #was(gate: Gate, isWell: (value: unknown) => boolean): boolean {
    const sinceMs = this.#mac.awakeMs - SLACK_MS;
    const before = this.#before.filter((one) => one.gate === gate && one.untilMs >= sinceMs);
    return isWell(this.#now(gate)) || before.some(({ value }) => isWell(value));
  }

  #now(gate: Gate): unknown {
    switch (gate) {
      case "mains":
        return this.#mac.isOnMains;
      case "token":
        return this.#text("state/token")?.trim();
      case "list":
        return jsonOf(this.#text("state/list.json"))?.["date"];
      case "pause": {
        const orders = jsonOf(this.#text("Logs/kill-switch.json"))?.["orders"];
        const inForce = (Array.isArray(orders) ? orders : []).filter(
          ({ until }: { until?: string }) =>
            until === undefined || this.#mac.wallMs < Date.parse(until),
        );
        return this.#text("STOP") === undefined ? inForce : [{ scope: "all" }];
      }
    }
  }

  #text(name: string): string | undefined {
    const node = this.#mac.disk.find(`${HOME}/${name}`);
    return node?.kind === "file" ? textOf(node.content) : undefined;
  }

  #isScanned(day: string): boolean {
    const done = this.#ledger()
      ?.prepare("SELECT 1 FROM slot WHERE job = 'scan' AND day = ? AND verdict = 'done'")
      .get(day);
    return done !== undefined && this.#text(`out/${day}.json`) !== undefined;
  }
}

function isPaused(orders: unknown, job: string): boolean {
  if (!Array.isArray(orders)) return false;
  return orders.some(
    ({ scope, name }: Record<string, unknown>) =>
      scope === "all" ||
      (scope === "job" && name === job) ||
      (scope === "tag" && TAGS[job]?.includes(String(name)) === true),
  );
}

function jsonOf(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

import * as real from "../../../src/system/awake-time.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { plantedBugs } from "./bugs.ts";

// Stands before src/system/awake-time.ts, and lets everything through unless a bug is planted.

export * from "../../../src/system/awake-time.ts";

export class AwakeTime extends real.AwakeTime {
  readonly #wall: Clock;
  #passedMs = 0;

  constructor(clock: Clock) {
    super(clock);
    this.#wall = clock;
  }

  override get totalMs(): number {
    return plantedBugs.has("sleep-counts") ? this.#passedMs : super.totalMs;
  }

  override async wait(ms: number, signal: AbortSignal): Promise<number> {
    const beforeMs = this.#wall.now();
    const countedMs = await super.wait(ms, signal);
    const passedMs = this.#wall.now() - beforeMs;
    this.#passedMs += passedMs;
    return plantedBugs.has("sleep-counts") ? passedMs : countedMs;
  }
}

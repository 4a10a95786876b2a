import type { DatabaseSync } from "node:sqlite";
import type { ScheduledJob } from "../../src/jobs/schedules.ts";
import { slotsBetween } from "../../src/schedule/slots.ts";
import type { Mac } from "./mac/mac.ts";
import type { SimProcess } from "./mac/process.ts";

const SERVICE = "trade";
const LASTS_MS = 10 * 60_000;
/** From when its slot is due, or its keeper died, until it must be there: a start, and the end of an orphan. */
const BOUND_MS = 90_000;
const LOOK_MS = 10_000;
/** What cbi.yaml says of storms, with some seconds to spare: its lives are measured from without. */
const CRASHES_MAX = 3;
const CRASHES_WITHIN_MS = 150_000;

/** Watches the service: never two of it, no storm, and in peace it is there when it should be. */
export class ServiceChecks {
  readonly #mac: Mac;
  readonly #ledger: () => DatabaseSync | undefined;
  readonly #fail: (message: string) => void;
  readonly #lives = new Map<string, { livedMs: number; endsMs: number[] }>();
  /** Runs of which a person has had a say. */
  readonly asked = new Set<string>();
  /** It need not be there before this. */
  #excusedUntilMs = 0;

  constructor(mac: Mac, ledger: () => DatabaseSync | undefined, fail: (message: string) => void) {
    this.#mac = mac;
    this.#ledger = ledger;
    this.#fail = fail;
  }

  get process(): SimProcess | undefined {
    return [...this.#mac.processes].find(({ environment }) => environment["CBI_JOB"] === SERVICE);
  }

  /** Counts its lives as their limit does: by how long it lived in all. */
  starts(process: SimProcess, isClockRight: boolean): void {
    const { CBI_JOB: job, CBI_RUN: run = "" } = process.environment;
    if (job !== SERVICE) return;
    const life = this.#lives.get(run) ?? { livedMs: 0, endsMs: [] };
    this.#lives.set(run, life);
    const recent = life.endsMs.filter((endMs) => life.livedMs - endMs < CRASHES_WITHIN_MS);
    if (recent.length > CRASHES_MAX && isClockRight && !this.asked.has(run)) {
      this.#fail(`${SERVICE} was started again after ${recent.length} crashes in a row`);
    }
    const startedMs = this.#mac.trueMs;
    process.atDeath(() => {
      life.livedMs += this.#mac.trueMs - startedMs;
      life.endsMs.push(life.livedMs);
    });
  }

  /** From now on, when nothing goes wrong any more: it is there from its slot to its end. */
  expect(job: ScheduledJob, sinceMs: number, untilMs: number): void {
    if (!job.schedule) return;
    for (const { dueMs, name } of slotsBetween(job.schedule, sinceMs, untilMs)) {
      // A clock that was ahead may have had it already.
      this.#mac.at(dueMs - 1000, () => {
        if (this.#isKnown(name)) this.#excusedUntilMs = dueMs + LASTS_MS;
      });
      for (let atMs = dueMs + BOUND_MS; atMs < dueMs + LASTS_MS; atMs += LOOK_MS) {
        this.#mac.at(atMs, () => this.#mustBeThere());
      }
    }
  }

  /** Its keeper is killed at an instant of the first of its slots to come. */
  killIn(job: ScheduledJob, afterMs: number, startAgain: () => void): void {
    const slot =
      job.schedule &&
      [...slotsBetween(job.schedule, this.#mac.trueMs, this.#mac.trueMs + 2 * 86_400_000)][0];
    if (!slot) return;
    this.#mac.at(slot.dueMs + afterMs, () => {
      const keeper = this.process?.parent;
      if (!keeper || keeper.isDead) return;
      this.#mac.say(`kill of ${keeper.name} (${keeper.pid}), which keeps ${SERVICE}`);
      this.#excusedUntilMs = this.#mac.trueMs + BOUND_MS;
      keeper.die();
      this.#mac.at(this.#mac.trueMs + 20_000, startAgain);
    });
  }

  #isKnown(slot: string): boolean {
    const known = "SELECT 1 FROM slot WHERE job = ? AND name = ?";
    return this.#ledger()?.prepare(known).get(SERVICE, slot) !== undefined;
  }

  #mustBeThere(): void {
    if (this.process || this.#mac.trueMs < this.#excusedUntilMs) return;
    this.#fail(`${SERVICE} is not there, and nothing keeps it away`);
  }
}

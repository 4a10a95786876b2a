import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Home } from "../../src/config/home.ts";
import type { GateVerdict, JobServices, KillVerdict, RunOutcome } from "../../src/jobs/ports.ts";
import { runScheduled, type Road, type RoadEnd } from "../../src/jobs/road.ts";
import { HomeJobs } from "../../src/jobs/schedules.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { newestSlots } from "../../src/ledger/slots.ts";
import type { RunEvent } from "../../src/pipeline/events.ts";
import type { Invocation, JobWorld } from "../../src/jobs/ports.ts";
import { homePaths } from "../../src/system/home.ts";
import { parse } from "../config/support.ts";
import { ManualClock } from "../rig/manual-clock.ts";

const BASE = `version: 1
symbol: WTI
zone: America/New_York
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
`;

export const DONE: RunOutcome = { end: "done", exitCode: 0, warnings: [] };

/** The production road over an in-memory ledger, a clock by hand and a runner that a test answers for. */
export class RoadUnderTest implements Disposable {
  readonly ledger = Ledger.open(":memory:");
  readonly clock: ManualClock;
  readonly events: RunEvent[] = [];
  readonly ran: Invocation[] = [];
  readonly stop = new AbortController();
  road: Road;
  killed: KillVerdict = { blocked: false };
  /** Answers of the gates, in order; then pass. */
  gates: GateVerdict[] = [];
  onRun: (invocation: Invocation, world: JobWorld) => Promise<RunOutcome> = () =>
    Promise.resolve(DONE);
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "cbi-road-"));

  /** `jobs` is the text of that section in flow style; `now` is in UTC. */
  constructor(jobs: string, now: string) {
    this.clock = new ManualClock(now, () => true);
    this.road = this.#roadOf(jobs);
  }

  /** The same home after an edit of its jobs. */
  edit(jobs: string): void {
    this.road = this.#roadOf(jobs);
  }

  scheduled(job: string, mayWait = false): Promise<RoadEnd> {
    return runScheduled(this.road, job, { mayWait });
  }

  /** The slots of a job, oldest first: `2026-11-20T00:00 done`, or `claimed`. */
  slots(job: string): string[] {
    const newest = newestSlots(this.ledger, { job, limit: 1000 });
    return newest.toReversed().map(({ name, verdict }) => `${name} ${verdict ?? "claimed"}`);
  }

  reasons(job: string): (string | undefined)[] {
    const newest = newestSlots(this.ledger, { job, limit: 1000 });
    return newest.toReversed().map(({ reason }) => reason);
  }

  [Symbol.dispose](): void {
    this.ledger[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #roadOf(jobs: string): Road {
    const text = `${BASE}jobs: ${jobs}\n`;
    const loaded = parse(text);
    const home: Home = {
      ...loaded,
      configHash: "hash",
      paths: homePaths(this.#folder),
      text,
    };
    const runner = {
      run: (invocation: Invocation, world: JobWorld): Promise<RunOutcome> => {
        this.ran.push(invocation);
        return this.onRun(invocation, world);
      },
    };
    const services: JobServices = {
      killSwitch: {
        verdict: () => Promise.resolve(this.killed),
        watch: (_target, { signal }) => ({ signal, [Symbol.dispose]: () => undefined }),
      },
      gates: {
        ask: () => Promise.resolve(this.gates.shift() ?? { outcome: "pass", evidence: "well" }),
      },
      command: runner,
      service: runner,
    };
    return {
      home,
      jobs: new HomeJobs(home),
      ledgers: { ledger: this.ledger, release: () => undefined, [Symbol.dispose]: () => undefined },
      world: {
        clock: this.clock,
        random: {
          fraction: () => 0.5,
          hex: (bytes) => String(this.ran.length).padStart(2 * bytes, "0"),
        },
        environment: {},
        emit: (event) => void this.events.push(event),
        signal: this.stop.signal,
      },
      services,
      runNight: () => Promise.reject(new Error("no pipeline in this test")),
    };
  }
}

import { writeFileSync } from "node:fs";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Home } from "../../../src/config/home.ts";
import { killSwitchFile } from "../../../src/guard/kill-switch-file.ts";
import { killSwitchText } from "../../../src/guard/kill-switch-text.ts";
import type { KillMode } from "../../../src/guard/kill-switch.ts";
import type { JobWorld } from "../../../src/jobs/ports.ts";
import { openRoad } from "../../../src/jobs/open-road.ts";
import { openBook } from "../../../src/jobs/check.ts";
import { HomeJobs } from "../../../src/jobs/schedules.ts";
import { runByPerson } from "../../../src/jobs/person.ts";
import type { KindEnd } from "../../../src/jobs/run-kind.ts";
import { runScheduled, type Road, type RoadEnd } from "../../../src/jobs/road.ts";
import { keepService } from "../../../src/jobs/service/keeper.ts";
import { newestAttempts } from "../../../src/ledger/attempts.ts";
import { newestRuns, type RunRecord } from "../../../src/ledger/runs.ts";
import { newestSlots } from "../../../src/ledger/slots.ts";
import type { RunEvent } from "../../../src/pipeline/events.ts";
import { homePaths, type HomePaths } from "../../../src/system/home.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { parse, SMALL } from "../../config/support.ts";
import { pollUntil, processesMarked } from "../../rig/processes.ts";
import { SkippingClock } from "../../rig/skipping-clock.ts";

/** Friday, a session; the service's slot is at 08:40 in New York. */
const BEFORE = "2026-11-20T13:39:00Z";
const TO_SLOT_MS = 60_000;

/** A living process is looked at every second, and every half minute. */
export function isDelay(ms: number): boolean {
  return ms >= 5_000 && ms !== 30_000;
}

/** One service on the production road, with real processes, a real ledger and a clock that can skip. */
export class ServiceUnderTest implements AsyncDisposable {
  readonly paths: HomePaths;
  readonly events: RunEvent[] = [];
  readonly stop = new AbortController();
  /** Waits that pass at once: delays of restarts, but no looks at a living process. */
  isSkipped: (ms: number) => boolean = isDelay;
  readonly clock = new SkippingClock((ms) => this.isSkipped(ms), BEFORE);
  readonly #home: Home;

  private constructor(folder: string, jobs: string) {
    const text = `${SMALL}zone: America/New_York\njobs: ${jobs}\n`;
    this.paths = homePaths(folder);
    this.#home = {
      ...parse(text),
      configHash: "hash",
      paths: this.paths,
      text,
    };
  }

  /** `keys` are those of the service `loop`; `program` is the text of its JavaScript. */
  static async make(keys: string, program: string): Promise<ServiceUnderTest> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-service-"));
    await mkdir(path.join(folder, "Logs"));
    await writeFile(path.join(folder, "loop.mjs"), program);
    const argv = JSON.stringify([process.execPath, "loop.mjs"]);
    const jobs = `{ loop: { kind: service, schedule: ['40 8 * * *'], days: session, argv: ${argv}, grace: 2s, ${keys} } }`;
    const under = new ServiceUnderTest(folder, jobs);
    await under.scheduled();
    under.clock.advance(TO_SLOT_MS);
    return under;
  }

  /** A trigger of the schedule, to its end. */
  async scheduled(): Promise<RoadEnd> {
    const road = this.road();
    using ledgers = road.ledgers;
    return await runScheduled({ ...road, ledgers }, "loop", { mayWait: false });
  }

  /** A keeper of a host, to its end. */
  async kept(): Promise<RoadEnd> {
    const road = this.road();
    using ledgers = road.ledgers;
    const job = road.jobs.find("loop");
    if (!job) throw new Error("no job");
    return await keepService({ ...road, ledgers }, job, { mayWait: true });
  }

  /** Another process looks at a cbi.yaml without this job. */
  without(job: string): void {
    const { jobs, ...rest } = this.#home.config;
    const left = Object.fromEntries(Object.entries(jobs).filter(([name]) => name !== job));
    const home = { ...this.#home, config: { ...rest, jobs: left } };
    const road = this.road();
    using ledgers = road.ledgers;
    openBook(new HomeJobs(home), ledgers.ledger, this.clock.now());
  }

  /** A person's run of it, to its end. */
  async byPerson(): Promise<KindEnd> {
    const road = this.road();
    using ledgers = road.ledgers;
    const job = road.jobs.find("loop");
    if (!job) throw new Error("no job");
    return await runByPerson({ ...road, ledgers }, job, {});
  }

  road(): Road {
    const world: JobWorld = {
      clock: this.clock,
      random: systemRandom,
      environment: { PATH: process.env["PATH"] },
      emit: (event) => void this.events.push(event),
      signal: this.stop.signal,
    };
    return openRoad(this.#home, world);
  }

  /** Lets the kill switch hold everything back, or nothing. */
  pause(mode: KillMode | undefined): void {
    const order = { scope: "all", name: "", reason: "gateway", who: "ann" } as const;
    const sinceMs = this.clock.now();
    const orders = mode === undefined ? [] : [{ ...order, mode, sinceMs, untilMs: undefined }];
    writeFileSync(killSwitchFile(this.paths), killSwitchText(orders));
  }

  /** What it printed, over all lives. */
  output(): string[] {
    return this.events.flatMap((event) => (event.event === "output" ? [event.text] : []));
  }

  async untilSaid(text: string, times = 1): Promise<void> {
    await pollUntil(`it says '${text}' ${times} times`, () => {
      return this.output().filter((line) => line.includes(text)).length >= times;
    });
  }

  /** How its lives ended, the first first; `lives` for one that goes on. */
  lives(): string[] {
    const road = this.road();
    using ledgers = road.ledgers;
    const runs = newestRuns(ledgers.ledger, { job: "loop", limit: 10 }).toReversed();
    return runs.flatMap(({ id }) =>
      newestAttempts(ledgers.ledger, id, 100)
        .toReversed()
        .map(({ reason }) => reason ?? "lives"),
    );
  }

  runs(): RunRecord[] {
    const road = this.road();
    using ledgers = road.ledgers;
    return newestRuns(ledgers.ledger, { job: "loop", limit: 10 }).toReversed();
  }

  /** `2026-11-20T08:40 done`, the first first, with its reason. */
  slots(): string[] {
    const road = this.road();
    using ledgers = road.ledgers;
    return newestSlots(ledgers.ledger, { job: "loop", limit: 100 })
      .toReversed()
      .map(
        ({ name, verdict, reason }) =>
          `${name} ${verdict ?? "claimed"}${reason === undefined ? "" : `: ${reason}`}`,
      );
  }

  delaysSeconds(): (number | null)[] {
    return this.events.flatMap((event) =>
      event.event === "attempt-ended" ? [event.again_in_seconds] : [],
    );
  }

  /** Living processes of the service. */
  processes(): number[] {
    return processesMarked(`CBI_HOME=${this.paths.root}`);
  }

  file(name: string): string {
    return path.join(this.paths.root, name);
  }

  async read(name: string): Promise<string> {
    return readFile(this.file(name), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort(new Error("the test is over"));
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    await rm(this.paths.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

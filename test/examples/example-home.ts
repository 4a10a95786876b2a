import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { loadHome, type Home } from "../../src/config/home.ts";
import { openRoad } from "../../src/jobs/open-road.ts";
import { runScheduled } from "../../src/jobs/road.ts";
import { HomeJobs } from "../../src/jobs/schedules.ts";
import { newestSlots, type SlotRecord } from "../../src/ledger/slots.ts";
import type { RunEvent } from "../../src/pipeline/events.ts";
import { slotsBetween } from "../../src/schedule/slots.ts";
import { pollUntil, processesMarked } from "../rig/processes.ts";
import { SkippingClock } from "../rig/skipping-clock.ts";
import { expectedSlots, FIRST_DAY, LAST_DAY, type Rule } from "./rules.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
/** Waits of gates and between attempts; what a running process is watched by is shorter. */
const SKIPPED_FROM_MS = 31_000;

/** The home of an example as it stands in the repository. */
export async function exampleHome(name: string): Promise<Home> {
  const homeOption = path.join(REPOSITORY, "examples", name);
  return loadHome({ environment: {}, workingDirectory: REPOSITORY, homeOption });
}

/** Holds every job of a home to its rule over 400 days, and the table to name every job. */
export function assertSlots(home: Home, rules: Readonly<Record<string, Rule>>): void {
  const jobs = new HomeJobs(home);
  assert.deepEqual([...jobs.names].sort(), Object.keys(rules).sort());
  const fromMs = Date.parse(`${FIRST_DAY}T05:00:00Z`) - 1;
  const throughMs = Date.parse(`${LAST_DAY}T05:00:00Z`) + 24 * 3_600_000 - 1;
  for (const [name, rule] of Object.entries(rules)) {
    const schedule = jobs.find(name)?.schedule;
    assert.equal(schedule !== undefined, rule !== undefined, `whether ${name} has a schedule`);
    const slots = schedule ? [...slotsBetween(schedule, fromMs, throughMs)] : [];
    const found = slots.map(
      (slot) => `${slot.name} ${new Date(slot.dueMs).toISOString().replace(".000Z", "Z")}`,
    );
    assert.deepEqual(found, expectedSlots(rule), name);
  }
}

/** A copy of an example with the commands and prices that it names, taken through time by a clock of its own. */
export class ExampleWeek implements AsyncDisposable {
  readonly clock: SkippingClock;
  readonly events: { job: string; event: RunEvent }[] = [];
  /** Told of each wait that passes at once: what happens meanwhile. */
  onWait: (job: string) => void = () => undefined;
  readonly #folder: string;
  readonly #name: string;
  #job = "";
  #ids = 0;
  readonly #stop = new AbortController();

  private constructor(folder: string, name: string, startUtc: string) {
    this.#folder = folder;
    this.#name = name;
    this.clock = new SkippingClock((ms) => {
      const isSkipped = ms >= SKIPPED_FROM_MS;
      if (isSkipped) this.onWait(this.#job);
      return isSkipped;
    }, startUtc);
  }

  /** `through` is the last day of prices that are there at first. */
  static async make(name: string, start: { utc: string; through: string }): Promise<ExampleWeek> {
    const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "cbi-example-")));
    const week = new ExampleWeek(folder, name, start.utc);
    for (const part of [`examples/${name}`, "examples/commands", "TrainingData/prepare"]) {
      const isOurs = (file: string): boolean => !/[\\/](Logs|__pycache__)$/.test(file);
      await cp(path.join(REPOSITORY, part), path.join(folder, part), {
        recursive: true,
        filter: isOurs,
      });
    }
    await mkdir(path.join(folder, "TrainingData/raw"));
    for (const table of ["wti", "brent"]) {
      const lines = pricesOf(table);
      const kept = lines.filter((line) => line < `${start.through}~`);
      const text = ["date,usd_per_barrel", ...kept, ""].join("\n");
      await writeFile(week.prices(table), text);
    }
    return week;
  }

  /** More of the real prices, through a day, as a vendor delivers them. */
  deliver(through: string): void {
    for (const table of ["wti", "brent"]) {
      const last = readFileSync(this.prices(table), "utf8").trimEnd().split("\n").at(-1) ?? "";
      const lines = pricesOf(table);
      const more = lines.filter((line) => line > last && line < `${through}~`);
      appendFileSync(this.prices(table), more.map((line) => `${line}\n`).join(""));
    }
  }

  prices(table: string): string {
    return path.join(this.#folder, "TrainingData/raw", `${table}.csv`);
  }

  file(name: string): string {
    return path.join(this.#folder, "examples", this.#name, name);
  }

  async write(name: string, text: string, mode = 0o644): Promise<void> {
    await mkdir(path.dirname(this.file(name)), { recursive: true });
    await writeFile(this.file(name), text);
    await chmod(this.file(name), mode);
  }

  async read(name: string): Promise<string> {
    return readFile(this.file(name), "utf8");
  }

  async list(name: string): Promise<string[]> {
    return (await readdir(this.file(name))).sort();
  }

  /** Runs a program in the home to its end, as a person would. */
  async run(...argv: [string, ...string[]]): Promise<{ stdout: string; exitCode: number }> {
    const [program, ...words] = argv;
    try {
      const { stdout } = await promisify(execFile)(program, words, { cwd: this.file(".") });
      return { stdout, exitCode: 0 };
    } catch (error) {
      const { code, stdout } = error as { code?: unknown; stdout?: string };
      if (typeof code !== "number") throw error;
      return { stdout: stdout ?? "", exitCode: code };
    }
  }

  /**
   * Goes from due instant to due instant of these jobs until a time, and takes the production road at
   * each, with real gates, processes, files and ledger.
   */
  async goOn(jobs: readonly string[], untilUtc: string): Promise<void> {
    const home = await this.#home();
    const untilMs = Date.parse(untilUtc);
    const known = new HomeJobs(home);
    const due = new Set<number>();
    for (const job of jobs) {
      const schedule = known.find(job)?.schedule;
      if (!schedule) continue;
      for (const slot of slotsBetween(schedule, this.clock.now(), untilMs)) due.add(slot.dueMs);
    }
    await this.#passes(home, jobs);
    for (const dueMs of [...due].sort((left, right) => left - right)) {
      this.#advanceTo(dueMs + 1000);
      await this.#passes(home, jobs);
    }
    this.#advanceTo(untilMs);
  }

  /** Starts what is due of a job that stays, in the background; resolves when it has ended. */
  async begin(job: string): Promise<void> {
    const road = this.#road(await this.#home(), job);
    using ledgers = road.ledgers;
    await runScheduled({ ...road, ledgers }, job, { mayWait: false });
  }

  /** The same for a start that must not come about; throws when it has not ended soon. */
  async beginInVain(job: string): Promise<void> {
    let hasEnded = false;
    const ended = this.begin(job).finally(() => (hasEnded = true));
    ended.catch(() => undefined);
    await pollUntil(`${job} is held back`, () => hasEnded);
    await ended;
  }

  /** Living processes of this home. */
  processes(): number[] {
    return processesMarked(`CBI_HOME=${path.join(this.#folder, "examples", this.#name)}`);
  }

  /** The slots of a job, the oldest first: `2025-04-15T05:15 skipped`. */
  async slots(job: string): Promise<string[]> {
    return (await this.#records(job)).map(({ name, verdict }) => `${name} ${verdict ?? "claimed"}`);
  }

  async reason(job: string, slot: string): Promise<string | undefined> {
    return (await this.#records(job)).find(({ name }) => name === slot)?.reason;
  }

  /** What the attempts of a job meant, in order. */
  attempts(job: string): string[] {
    return this.events.flatMap((one) =>
      one.event.event === "attempt-ended" && one.job === job ? [one.event.meaning] : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("the test is over"));
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #advanceTo(ms: number): void {
    const leftMs = ms - this.clock.now();
    if (leftMs > 0) this.clock.advance(leftMs);
  }

  async #passes(home: Home, jobs: readonly string[]): Promise<void> {
    for (const job of jobs) {
      this.#job = job;
      const road = this.#road(home, job);
      using ledgers = road.ledgers;
      await runScheduled({ ...road, ledgers }, job, { mayWait: false });
    }
  }

  async #home(): Promise<Home> {
    const homeOption = this.file(".");
    return loadHome({ environment: {}, workingDirectory: homeOption, homeOption });
  }

  #road(home: Home, job = ""): ReturnType<typeof openRoad> {
    const { PATH, HOME } = process.env;
    return openRoad(home, {
      clock: this.clock,
      // The middle of every spread: waits are as long as they are written.
      random: { fraction: () => 0.5, hex: (bytes) => this.#nextId(bytes) },
      environment: { PATH, HOME, TMPDIR: this.#folder },
      emit: (event) => void this.events.push({ job, event }),
      signal: this.#stop.signal,
    });
  }

  #nextId(bytes: number): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(2 * bytes, "0");
  }

  async #records(job: string): Promise<SlotRecord[]> {
    using ledgers = this.#road(await this.#home()).ledgers;
    return newestSlots(ledgers.ledger, { job, limit: 1000 }).toReversed();
  }
}

function pricesOf(table: string): string[] {
  const file = path.join(REPOSITORY, "TrainingData/raw", `${table}.csv`);
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(1);
}

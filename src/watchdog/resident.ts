import { openBook } from "../jobs/check.ts";
import { runScheduled, type Road } from "../jobs/road.ts";
import { keepService } from "../jobs/service/keeper.ts";
import { wantedService } from "../jobs/service/wanted.ts";
import { messageOf } from "../system/failure.ts";

const WATCH_EVERY_MS = 60 * 60_000;

/** What the resident mode works with; the road and the pass are read anew each time. */
export interface ResidentParts {
  /** A road of the home as it is now, with a ledger handle of its own; for one job where one is named. */
  openRoad(job?: string): Road;
  /** One pass of the watchdog. */
  watch(): Promise<void>;
  /** Leaves a sign of life. */
  beat(): Promise<void>;
  /** Told, in a sentence, of everything that started, ended or went wrong. */
  say(message: string): void;
}

/**
 * The resident mode: each tick asks the same due-check as any other start and takes the same road. It
 * trusts no tick to come in time, and keeps nothing that the ledger does not know. One job that fails,
 * hangs or throws never holds up another.
 */
export class Resident {
  readonly #parts: ResidentParts;
  readonly #atWork = new Map<string, Promise<void>>();
  #watchedMs: number | undefined;
  #isEnding = false;

  constructor(parts: ResidentParts) {
    this.#parts = parts;
  }

  /** The jobs that it has under way. */
  get atWork(): string[] {
    return [...this.#atWork.keys()];
  }

  /** Starts what is due and not under way; returns when that has begun. Never throws. */
  async tick(): Promise<void> {
    if (this.#isEnding) return;
    try {
      await this.#parts.beat();
      const road = this.#parts.openRoad();
      using ledgers = road.ledgers;
      const nowMs = road.world.clock.now();
      const book = openBook(road.jobs, ledgers.ledger, nowMs);
      for (const name of road.jobs.names) this.#startIfDue(book, name);
      await this.#startWanted(road);
      this.#watchIfDue(nowMs);
    } catch (error) {
      this.#parts.say(`a tick failed, and the next is asked in a minute: ${messageOf(error)}`);
    }
  }

  /** Starts nothing more and resolves when all that is under way has ended. */
  async drain(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#atWork.values());
  }

  #startIfDue(book: ReturnType<typeof openBook>, name: string): void {
    if (this.#atWork.has(name)) return;
    try {
      const { ends, range, next } = book.check(name, { hasLock: false });
      const isStart = next.step === "start" || next.step === "resume";
      if (isStart || ends.length > 0 || range !== undefined)
        this.#begin(name, () => this.#run(name));
    } catch (error) {
      this.#parts.say(`${name} could not be checked: ${messageOf(error)}`);
    }
  }

  /** Services that a person has started, and whose keeper has died. */
  async #startWanted({ home, jobs }: Road): Promise<void> {
    for (const name of jobs.names) {
      if (home.config.jobs[name]?.kind !== "service" || this.#atWork.has(name)) continue;
      if (await wantedService(home.paths, name)) this.#begin(name, () => this.#run(name));
    }
  }

  /** A clock that was set back by hours must not silence the watchdog until it has caught up. */
  #watchIfDue(nowMs: number): void {
    const sinceMs = this.#watchedMs === undefined ? WATCH_EVERY_MS : nowMs - this.#watchedMs;
    if (Math.abs(sinceMs) < WATCH_EVERY_MS || this.#atWork.has(WATCHDOG)) return;
    this.#watchedMs = nowMs;
    this.#begin(WATCHDOG, () => this.#parts.watch());
  }

  #begin(name: string, work: () => Promise<void>): void {
    const contained = (async () => {
      try {
        await work();
      } catch (error) {
        this.#parts.say(`${name} failed: ${messageOf(error)}`);
      } finally {
        this.#atWork.delete(name);
      }
    })();
    this.#atWork.set(name, contained);
  }

  async #run(name: string): Promise<void> {
    const road = this.#parts.openRoad(name);
    using ledgers = road.ledgers;
    const inner = { ...road, ledgers };
    const options = { mayWait: false, isEnding: () => this.#isEnding };
    const job = road.jobs.find(name);
    const { slots } =
      job?.settings.kind === "service"
        ? await keepService(inner, job, options)
        : await runScheduled(inner, name, options);
    for (const { slot, verdict } of slots) {
      this.#parts.say(`${name}@${slot} ${verdict ?? "stays claimed"}`);
    }
  }
}

/** No job has this name: theirs hold no spaces. */
const WATCHDOG = "the watchdog";

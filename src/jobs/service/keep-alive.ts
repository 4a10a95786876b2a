import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { singleLine } from "../../system/text.ts";
import { passGates } from "../pass-gates.ts";
import {
  decideAfterCrash,
  restartPolicyOf,
  type Crash,
  type RestartHistory,
  type StopCause,
} from "./decide.ts";
import { watchLife, type LifeSigns, type Pulse } from "./life.ts";
import { liveOnce, runLost, type Life, type ServiceWork } from "./one-life.ts";
import { answerRequest, requestFor, type ServiceRequest } from "./request.ts";

/** How the run of a service ended, but for an interruption, which is thrown. */
export type ServiceResult =
  /** It lived, or was about to live again, until its time was over. */
  | { kind: "over" }
  | { kind: "stopped"; request: ServiceRequest }
  | { kind: "done"; reason: string }
  | { kind: "failed"; code: string; reason: string; mayHeal: boolean };

/**
 * Keeps a service alive until its time is over: starts it, ends it when it hangs or a person says so, and
 * starts it again by its restart policy. There is never more than one of it: whatever is left of a life is
 * ended before the next. Throws the signal's reason when it is stopped, `CBI_PAUSED` (77) when the kill
 * switch forbids a restart, and `CBI_SERVICE_UNENDING` (1) when a process of it cannot be ended.
 */
export async function keepAlive(work: ServiceWork): Promise<ServiceResult> {
  return new Keeper(work).run();
}

class Keeper {
  readonly #work: ServiceWork;
  #history: RestartHistory = { livedMs: 0, crashes: [] };
  /** A request to restart that is answered when the next life has begun. */
  #asked: ServiceRequest | undefined;
  /** The last request that was heard: its file may be there for a moment longer. */
  #heard: string | undefined;

  constructor(work: ServiceWork) {
    this.#work = work;
  }

  async run(): Promise<ServiceResult> {
    const { world } = this.#work;
    for (let number = 1; ; number++) {
      const life = await liveOnce(this.#work, number, {
        watch: (over, stop, pulse) => this.#watch(over, stop, pulse),
        keep: (record) => this.#keep(record),
        onUp: () => this.#answerAsked(),
      });
      this.#history = { ...this.#history, livedMs: this.#history.livedMs + life.livedMs };
      if (world.signal.aborted) this.#note(life, "interrupted", messageOf(world.signal.reason));
      world.signal.throwIfAborted();
      const result = await this.#after(life);
      if (result) return result;
    }
  }

  /** Where the ledger cannot be read, what was ours is. */
  #isOurs(): boolean {
    try {
      return this.#work.book.isOurs();
    } catch {
      return true;
    }
  }

  /** Ends the life with the first cause that is seen. */
  async #watch(
    over: AbortSignal,
    stop: AbortController,
    pulse?: Pulse,
  ): Promise<StopCause | undefined> {
    const { world, invocation, endMs } = this.#work;
    const { home, job, run } = invocation;
    const signs: LifeSigns = {
      clock: world.clock,
      endMs,
      request: async () => {
        const request = await requestFor(home.paths, job, run);
        return request?.id === this.#heard ? undefined : request;
      },
      isOurs: () => this.#isOurs(),
      mayRestart: (request) => this.#mayRestart(request, pulse !== undefined),
      ...(pulse && { pulse }),
    };
    try {
      const cause = await watchLife(signs, over);
      if (cause?.kind === "asked") this.#heard = cause.request.id;
      return cause;
    } finally {
      // Also when the watch itself failed: nothing may live unwatched.
      if (!over.aborted) stop.abort();
    }
  }

  /** What cannot be recorded now must not end a service that works. */
  #keep(record: () => void): void {
    try {
      record();
    } catch (error) {
      this.#work.warn(`a line of the ledger could not be written: ${messageOf(error)}`);
    }
  }

  /** What follows a life: the end of the run, or undefined for the next one. */
  async #after(life: Life): Promise<ServiceResult | undefined> {
    const { cause } = life;
    if (cause?.kind === "over") {
      this.#note(life, "done", "its time was over");
      return { kind: "over" };
    }
    if (cause?.kind === "lost") {
      this.#note(life, "interrupted", "its run or its slot is not its own any more");
      throw runLost(this.#work.invocation.run);
    }
    if (cause?.kind === "asked") {
      const { who, wish, reason } = cause.request;
      const why = reason === "" ? "" : `: ${reason}`;
      const did = wish === "stop" ? "stopped" : "restarted";
      this.#note(life, did, `${did} by ${who}${why}`, wish === "restart" ? 0 : undefined);
      if (wish === "stop") return this.#stopped(cause.request);
      this.#asked = cause.request;
      return undefined;
    }
    return this.#afterCrash(life, crashOf(life));
  }

  async #afterCrash(life: Life, crash: Crash): Promise<ServiceResult | undefined> {
    const policy = restartPolicyOf(this.#work.invocation.settings);
    const next = decideAfterCrash(policy, crash, this.#history);
    const words =
      life.lastWords === "" ? "" : `; its last words: ${singleLine(life.lastWords, 200)}`;
    if (next.step === "end") {
      this.#note(life, next.isDone ? "done" : "failed", next.reason);
      if (next.isDone) return { kind: "done", reason: next.reason };
      return { kind: "failed", code: next.code, reason: `${next.reason}${words}`, mayHeal: false };
    }
    this.#note(life, "restart", next.reason, next.delayMs);
    this.#history = { ...this.#history, crashes: next.crashes };
    return this.#wait(next.delayMs, `${next.reason}${words}`);
  }

  /** Waits and asks whether it may be started again; a restart is a start like any other. */
  async #wait(delayMs: number, why: string): Promise<ServiceResult | undefined> {
    const { world, invocation, killSwitch, gates, warn } = this.#work;
    const over = new AbortController();
    const stop = new AbortController();
    const signal = AbortSignal.any([world.signal, stop.signal]);
    const watched = this.#watch(over.signal, stop);
    watched.catch(() => undefined);
    try {
      await world.clock.sleep(delayMs, signal);
      const target = { job: invocation.job, tags: invocation.settings.tags };
      const mustNotBePaused = async (): Promise<void> => {
        const kill = await killSwitch.verdict(target, world.clock.now());
        if (kill.blocked) throw paused(why, kill.reason);
      };
      await mustNotBePaused();
      const said = await passGates(gates, invocation, { ...world, signal }, world.clock.now());
      if (said.passed) {
        // A gate may have been waited for: the switch can have come on meanwhile.
        await mustNotBePaused();
        return undefined;
      }
      const reason = `${why}; it is not restarted: ${said.reason}`;
      return { kind: "failed", code: "CBI_SERVICE_HELD", reason, mayHeal: true };
    } catch (error) {
      if (world.signal.aborted || !stop.signal.aborted) throw error;
      const cause = await watched;
      if (cause?.kind === "over") {
        warn(`it was down when its time was over: ${why}`);
        return { kind: "over" };
      }
      if (cause?.kind === "lost") throw runLost(invocation.run);
      if (cause?.kind !== "asked") throw error;
      if (cause.request.wish === "stop") return this.#stopped(cause.request);
      this.#asked = cause.request;
      return undefined;
    } finally {
      over.abort();
    }
  }

  async #stopped(request: ServiceRequest): Promise<ServiceResult> {
    const { home, job } = this.#work.invocation;
    await answerRequest(home.paths, job, { id: request.id, outcome: "done", message: "stopped" });
    return { kind: "stopped", request };
  }

  /** A person who asks for a restart wants the service up afterwards: what would hold it refuses. */
  async #mayRestart(request: ServiceRequest, isAlive: boolean): Promise<boolean> {
    if (!isAlive) return true;
    const { world, invocation, killSwitch, gates } = this.#work;
    const { job, home, settings } = invocation;
    const kill = await killSwitch.verdict({ job, tags: settings.tags }, world.clock.now());
    const said = kill.blocked
      ? { passed: false as const, reason: kill.reason }
      : await passGates(gates, invocation, world, Number.NEGATIVE_INFINITY);
    if (said.passed) return true;
    const message = `not restarted, and it goes on: ${said.reason}`;
    this.#work.emit({ event: "note", message });
    await answerRequest(home.paths, job, { id: request.id, outcome: "refused", message });
    return false;
  }

  #answerAsked(): void {
    const request = this.#asked;
    if (!request) return;
    this.#asked = undefined;
    const { home, job } = this.#work.invocation;
    void answerRequest(home.paths, job, { id: request.id, outcome: "done", message: "restarted" });
  }

  #note(life: Life, meaning: string, reason: string, againInMs?: number): void {
    const { book, emit } = this.#work;
    this.#keep(() => book.end(life.number, reason));
    emit({
      event: "attempt-ended",
      attempt: life.number,
      meaning,
      reason,
      duration_seconds: life.livedMs / 1000,
      again_in_seconds: againInMs === undefined ? null : againInMs / 1000,
    });
  }
}

/** The end of a life that neither its time nor a person ended. */
function crashOf({ cause, end }: Life): Crash {
  if (cause?.kind === "hung") return cause;
  if (end.kind === "exited" || end.kind === "signalled" || end.kind === "not-started") return end;
  throw new Error(`a life ended as ${end.kind}, and nobody ended it`);
}

function paused(why: string, reason: string): Failure {
  return new Failure({
    code: "CBI_PAUSED",
    message: `${why}; no restart: ${reason}`,
    remedy: "Let it run again: cbi resume",
    exit: ExitCode.held,
    class: "retryable",
  });
}

import { newestRecordMs } from "../ledger/clock-marks.ts";
import { registeredJob, registeredJobs, type RegisteredJob } from "../ledger/jobs.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { findRun, newestRuns } from "../ledger/runs.ts";
import {
  claimedSlots,
  findSlot,
  lastCaughtUpMs,
  noteCheck,
  recordCheck,
  unreachedSlots,
  writeCheck,
  type SlotRecord,
} from "../ledger/slots.ts";
import { dueCheck, RUNS_MAX, type ClaimedSlot, type DueDecision } from "../schedule/due.ts";
import { isAlive } from "../system/process-identity.ts";
import { version } from "../system/version.ts";
import { afterState } from "./after.ts";
import { disabledReason, registerJobs } from "./registration.ts";
import type { HomeJobs } from "./schedules.ts";

/** What a due-check of one job found. */
export interface Checked extends DueDecision {
  job: string;
}

/** The registered jobs by name. */
type Registered = Pick<ReadonlyMap<string, RegisteredJob>, "get">;

/**
 * The ledger's side of the due-check, read once for all jobs of a home or for one of them: what is
 * registered, what is claimed, how far the clock had come.
 */
export class DueBook {
  readonly #jobs: HomeJobs;
  readonly #ledger: Ledger;
  readonly #nowMs: number;
  readonly #newestRecordMs: number | undefined;
  readonly #registered: Registered;
  readonly #claimed = new Map<string, SlotRecord[]>();

  private constructor(
    jobs: HomeJobs,
    ledger: Ledger,
    nowMs: number,
    registered: Registered,
    newestMs: number | undefined,
    only: string | undefined,
  ) {
    this.#jobs = jobs;
    this.#ledger = ledger;
    this.#nowMs = nowMs;
    this.#newestRecordMs = newestMs;
    this.#registered = registered;
    for (const slot of claimedSlots(ledger, only)) {
      this.#claimed.set(slot.job, [...(this.#claimed.get(slot.job) ?? []), slot]);
    }
  }

  /**
   * Opens the book at an instant, registering what cbi.yaml has new. When the clock is behind the
   * ledger nothing is registered, and every check holds. `only` names the one job that is asked for.
   */
  static open(
    jobs: HomeJobs,
    ledger: Ledger,
    nowMs: number,
    registered: (isClockBehind: boolean) => Registered,
    only?: string,
  ): DueBook {
    const newestMs = newestRecordMs(ledger);
    const isBehind = newestMs !== undefined && newestMs > nowMs;
    return new DueBook(jobs, ledger, nowMs, registered(isBehind), newestMs, only);
  }

  /**
   * Decides for one job. Under the job's lock no run of it can be alive, whatever the ledger says;
   * elsewhere a claimed slot whose run's process lives is left alone.
   */
  check(name: string, options: { hasLock: boolean }): Checked {
    const job = this.#jobs.find(name);
    const registered = this.#registered.get(name);
    if (!job || !registered) {
      const next = {
        step: "wait",
        untilMs: undefined,
        reason: "it is not registered yet",
      } as const;
      return { job: name, ends: [], throughMs: 0, next };
    }
    const early = this.#nothingYet(name, registered);
    if (early) return early;
    const ledger = this.#ledger;
    const decision = dueCheck({
      nowMs: this.#nowMs,
      newestRecordMs: this.#newestRecordMs,
      schedule: job.schedule,
      sinceMs: registered.sinceMs,
      throughMs: registered.throughMs,
      disabled: disabledReason(this.#jobs, registered),
      catchUp: job.catchUp,
      claimed: [...unreachedSlots(ledger, name), ...this.claimed(name)].map((slot) =>
        this.#factsOf(slot, options.hasLock),
      ),
      isKeptAlive: job.settings.kind === "service",
      isRecorded: (slot) => findSlot(ledger, name, slot) !== undefined,
      caughtUpMs: job.catchUp.spacingMs === undefined ? undefined : lastCaughtUpMs(ledger, name),
      ...(job.settings.after.length > 0 && {
        after: (slot) => afterState(this.#jobs, ledger, this.#registered, job, slot),
      }),
    });
    return { job: name, ...decision };
  }

  claimed(name: string): readonly SlotRecord[] {
    return this.#claimed.get(name) ?? [];
  }

  /**
   * Records what a check found; only for who holds the job's lock. Before a start it becomes durable with
   * the claim that follows, which says more.
   */
  record(checked: Checked): void {
    const { ends, range, throughMs, next } = checked;
    if (next.step === "hold") return;
    const isStart = next.step === "start" || next.step === "resume";
    // A claim follows and says it all.
    if (isStart && ends.length === 0 && !range) return;
    // The slot that is about to start has no record yet: until it has, it must be found again.
    const safeMs = next.step === "start" ? Math.min(throughMs, next.slot.dueMs - 1) : throughMs;
    const record = { ...this.#noteOf(checked), ends, range, throughMs: safeMs };
    if (isStart) this.#ledger.provisional(() => writeCheck(this.#ledger, record));
    else recordCheck(this.#ledger, record);
  }

  /** Keeps that a job was checked and what was said, where nothing was to be done. */
  note(checked: Checked): void {
    if (checked.next.step === "hold") return;
    // Nothing rests on it: where it is lost, the job is looked at in full.
    this.#ledger.provisional(() => noteCheck(this.#ledger, this.#noteOf(checked)));
  }

  #noteOf({ job, next }: Checked): Parameters<typeof noteCheck>[1] {
    const isIdle = next.step === "wait" && next.reason === NOTHING_DUE;
    return {
      job,
      nextDueMs: isIdle ? next.untilMs : undefined,
      nextStamp: isIdle ? stampOf(this.#jobs, job) : "",
      said: next.reason,
      nowMs: this.#nowMs,
    };
  }

  /** Most checks of most jobs: the next slot is known from the last one, and is not due. */
  #nothingYet(name: string, registered: RegisteredJob): Checked | undefined {
    const { nextDueMs, nextStamp, throughMs } = registered;
    const isBehind = this.#newestRecordMs !== undefined && this.#newestRecordMs > this.#nowMs;
    if (nextDueMs === undefined || nextDueMs <= this.#nowMs || isBehind) return undefined;
    if (!registered.isEnabled || this.#claimed.has(name)) return undefined;
    if (nextStamp === "" || nextStamp !== stampOf(this.#jobs, name)) return undefined;
    const next = { step: "wait", untilMs: nextDueMs, reason: NOTHING_DUE } as const;
    return { job: name, ends: [], throughMs, next };
  }

  #factsOf(slot: SlotRecord, hasLock: boolean): ClaimedSlot {
    const run = slot.run === undefined ? undefined : findRun(this.#ledger, slot.run);
    return {
      name: slot.name,
      dueMs: slot.dueMs,
      day: slot.day,
      attempts: this.#isService(slot.job) ? this.#deathsLately(slot) : slot.attempts,
      failures: slot.failures,
      endedMs: run?.endedMs ?? slot.recordedMs,
      isUnreached: slot.verdict === "missed",
      isRunning: !hasLock && run?.state === "running" && isAlive(run.owner),
    };
  }

  #isService(name: string): boolean {
    return this.#jobs.home.config.jobs[name]?.kind === "service";
  }

  /** A service may outlive any number of restarts of its machine; what counts is that it dies at once. */
  #deathsLately({ job, name }: SlotRecord): number {
    const runs = newestRuns(this.#ledger, { job, limit: RUNS_MAX });
    const sinceMs = this.#nowMs - DEATHS_WITHIN_MS;
    return runs.filter(
      ({ slot, error, startedMs }) =>
        slot === name && error?.code === "CBI_RUN_DIED" && startedMs > sinceMs,
    ).length;
  }
}

/**
 * Opens the book for acting: what is new in cbi.yaml is registered. For `only` one job, whoever asks has
 * had it opened for all of them before.
 */
export function openBook(jobs: HomeJobs, ledger: Ledger, nowMs: number, only?: string): DueBook {
  if (only !== undefined) {
    const registered = { get: (name: string) => registeredJob(ledger, name) };
    return DueBook.open(jobs, ledger, nowMs, () => registered, only);
  }
  return DueBook.open(jobs, ledger, nowMs, (isBehind) =>
    isBehind ? registeredJobs(ledger) : registerJobs(jobs, ledger, nowMs),
  );
}

/** Opens the book for looking: nothing is written. */
export function readBook(jobs: HomeJobs, ledger: Ledger, nowMs: number): DueBook {
  return DueBook.open(jobs, ledger, nowMs, () => registeredJobs(ledger));
}

const NOTHING_DUE = "nothing is due";
const DEATHS_WITHIN_MS = 3_600_000;

/** What a computed due time rests on besides the schedule: this Node's zones, this program's rules. */
function stampOf(jobs: HomeJobs, name: string): string {
  const calendar = jobs.home.config.jobs[name]?.calendar ?? jobs.home.config.calendar;
  // Days of a user's file may change under a schedule that does not.
  const isOwn = jobs.home.config.calendars[calendar]?.file !== undefined;
  return isOwn ? "" : `${process.versions["tz"] ?? ""} ${version()}`;
}

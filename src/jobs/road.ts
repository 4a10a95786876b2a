import type { Home } from "../config/home.ts";
import { findRun, type RecordedError, type RunRecord } from "../ledger/runs.ts";
import {
  claimedSlots,
  claimSlot,
  endSlot,
  findSlot,
  keepClaimed,
  reclaimSlot,
  releaseSlot,
  type SlotVerdict,
} from "../ledger/slots.ts";
import type { runNight } from "../pipeline/night.ts";
import type { DueSlot, NextStep } from "../schedule/due.ts";
import { ExitCode } from "../system/exit-code.ts";
import { NETWORK_UNAVAILABLE } from "../warehouse/warehouse.ts";
import { buryTheDead } from "./bury.ts";
import { openBook, type Checked, type DueBook } from "./check.ts";
import { invocationOf } from "./invocation.ts";
import { takeGroupLock, takeJobLock, type LockWait } from "./job-locks.ts";
import type { LedgerHandle } from "./ledger-handle.ts";
import { passGates } from "./pass-gates.ts";
import type { Invocation, JobServices, JobWorld, RunOutcome } from "./ports.ts";
import { beginRun, runKind } from "./run-kind.ts";
import type { HomeJobs, ScheduledJob } from "./schedules.ts";

/** Everything that the road works with: one home, its ledger, the world, and the parts. */
export interface Road {
  home: Home;
  jobs: HomeJobs;
  ledgers: LedgerHandle;
  world: JobWorld;
  services: JobServices;
  runNight: typeof runNight;
}

/** How one slot went in this pass: its verdict, or undefined while it stays claimed. */
export interface SlotEndReport {
  slot: string;
  verdict: SlotVerdict | undefined;
  reason: string | undefined;
  run?: string;
}

/** How a pass of the road ended. */
export interface RoadEnd {
  job: string;
  exitCode: ExitCode;
  /** The slots that got something in this pass, in order. */
  slots: SlotEndReport[];
  /** What the last due-check said. */
  next: NextStep;
}

const SLOTS_MAX = 1000;
/** A lock that was had in less time was not waited for. */
const AT_ONCE_MS = 500;
const LOOK_AGAIN_MS = 10_000;
const WAIT_MAX_MS = 24 * 3_600_000;
/** A slot whose run failed so often is a person's affair. */
const FAILURES_MAX = 2;

/**
 * The one road of a scheduled start, whoever triggers it: registration, due-check, lock, the check
 * again under the lock, claim, kill switch, gates, run, verdict; until nothing more is due. Starting
 * it when nothing is due, or many times at once, is harmless. With `mayWait`, a start waits for a run
 * in its way and, until `isWanted` elsewhere, for the jobs that it comes after; without, it leaves the
 * slot to a later check. Once `isEnding` says so, the slot under way is the last. `seen` is what
 * the caller has just seen of the job, with the ledger's jobs brought in line with cbi.yaml.
 */
export async function runScheduled(
  road: Road,
  name: string,
  options: {
    mayWait: boolean;
    isEnding?: () => boolean;
    isWanted?: () => Promise<boolean>;
    seen?: Checked;
  },
): Promise<RoadEnd> {
  const pass = new Pass(road, name);
  const startedMs = road.world.clock.now();
  if (options.seen === undefined) openBook(road.jobs, road.ledgers.ledger, startedMs);
  // Work that was seen is looked at again under the lock; that there is none may not be true any more.
  else if (isWork(options.seen)) pass.expect(options.seen);
  for (let count = 0; count < SLOTS_MAX; count++) {
    const seen = pass.found() ?? look(road, name);
    if (!isWork(seen)) {
      if (!options.mayWait || !isWaitingForJobs(seen)) return pass.end(seen.next);
      if (road.world.clock.now() - startedMs > WAIT_MAX_MS) return pass.end(seen.next);
      if ((await options.isWanted?.()) === true) return pass.end(seen.next);
      await road.world.clock.sleep(LOOK_AGAIN_MS, road.world.signal);
      continue;
    }
    const goesOn = await pass.underLock(options.mayWait);
    if (!goesOn || options.isEnding?.() === true) {
      return pass.end((pass.found() ?? look(road, name)).next);
    }
  }
  return pass.end({ step: "wait", untilMs: undefined, reason: "enough for one pass" });
}

/** Looks at one job without its lock; that there is nothing to do is kept. */
function look(road: Road, name: string): Checked {
  const book = openBook(road.jobs, road.ledgers.ledger, road.world.clock.now(), name);
  const checked = book.check(name, { hasLock: false });
  if (!isWork(checked)) book.note(checked);
  return checked;
}

/** Whether something is to be done that needs the lock. */
function isWork({ ends, range, next }: Checked): boolean {
  return ends.length > 0 || range !== undefined || next.step === "start" || next.step === "resume";
}

function isWaitingForJobs({ next }: Checked): boolean {
  return next.step === "wait" && next.isForJobs === true;
}

/** One pass of the road over one job. */
class Pass {
  readonly #road: Road;
  readonly #name: string;
  readonly #slots: SlotEndReport[] = [];
  #exitCode: ExitCode = ExitCode.done;
  #found: Checked | undefined;

  constructor(road: Road, name: string) {
    this.#road = road;
    this.#name = name;
  }

  end(next: NextStep): RoadEnd {
    if (next.step === "hold") this.#exitCode = ExitCode.held;
    return { job: this.#name, exitCode: this.#exitCode, slots: this.#slots, next };
  }

  expect(seen: Checked): void {
    this.#found = seen;
  }

  /** What the caller saw, or what was seen as the last slot got its verdict; told once. */
  found(): Checked | undefined {
    const found = this.#found;
    this.#found = undefined;
    return found;
  }

  /** Takes the lock, checks again and handles one slot; false when the pass is over. */
  async underLock(mayWait: boolean): Promise<boolean> {
    const { home, world, jobs } = this.#road;
    const job = jobs.find(this.#name);
    if (!job) return false;
    const wait: LockWait = { paths: home.paths, clock: world.clock, signal: world.signal, mayWait };
    using lock = await takeJobLock(this.#name, wait);
    if (!lock) return this.#busy();
    await buryTheDead(this.#road, this.#name);
    this.#settleTheEnded();
    const first = this.#checkUnderLock();
    if (!isStart(first.checked)) return this.#record(first);
    const beforeMs = world.clock.monotonic();
    using group = await takeGroupLock(job, wait);
    if (!group) {
      this.#record(first);
      return this.#busy();
    }
    // The wait may have been long: what is due now counts.
    const hasWaited = world.clock.monotonic() - beforeMs > AT_ONCE_MS;
    const seen = hasWaited ? this.#checkUnderLock() : first;
    const { next } = seen.checked;
    if (next.step !== "start" && next.step !== "resume") return this.#record(seen);
    return await this.#handle(job, next, seen);
  }

  #busy(): false {
    this.#exitCode = ExitCode.lockHeld;
    return false;
  }

  #checkUnderLock(): Seen {
    const { jobs, ledgers, world } = this.#road;
    const book = openBook(jobs, ledgers.ledger, world.clock.now(), this.#name);
    return { book, checked: book.check(this.#name, { hasLock: true }) };
  }

  /** Records what was found under the lock, before anything follows from it. */
  #record({ book, checked }: Seen): true {
    book.record(checked);
    for (const { name, verdict, reason } of checked.ends) {
      this.#slots.push({ slot: name, verdict, reason });
    }
    return true;
  }

  /** A run that ended, its process dead before it told its slot: its end becomes the slot's. */
  #settleTheEnded(): void {
    const { ledger } = this.#road.ledgers;
    for (const slot of claimedSlots(ledger, this.#name)) {
      const run = slot.run === undefined ? undefined : findRun(ledger, slot.run);
      if (!run || (run.state !== "done" && run.state !== "failed")) continue;
      const { state: end, error } = run;
      this.#verdict(run.id, slot, {
        end,
        reason: error?.message,
        error,
        mayHeal: error?.class === "retryable",
      });
    }
  }

  async #handle(
    job: ScheduledJob,
    next: NextStep & { step: "start" | "resume" },
    seen: Seen,
  ): Promise<boolean> {
    const { world, services, ledgers } = this.#road;
    const target = { job: job.name, tags: job.settings.tags };
    const kill = await services.killSwitch.verdict(target, world.clock.now());
    if (kill.blocked && next.step === "resume") {
      this.#record(seen);
      return this.#keepPaused(next.slot, kill.reason);
    }
    const isAtOnce =
      !kill.blocked && job.settings.kind !== "pipeline" && job.settings.gates.length === 0;
    if (isAtOnce) return await this.#startAtOnce(job, next, seen);
    const invocation = ledgers.ledger.provisional(() => {
      this.#record(seen);
      return this.#claim(job, next);
    });
    // Someone else has it, which only a replaced lock file can bring about: look again.
    if (!invocation) return true;
    if (kill.blocked) return this.#skip(invocation, next.slot, kill.reason);
    using watched = services.killSwitch.watch(target, world);
    const inner: JobWorld = { ...world, signal: watched.signal };
    try {
      const sinceMs = findSlot(this.#road.ledgers.ledger, job.name, next.slot.name)?.claimedMs;
      const gates = await passGates(
        services.gates,
        invocation,
        inner,
        sinceMs ?? world.clock.now(),
      );
      if (!gates.passed) return this.#skip(invocation, next.slot, gates.reason);
      // A gate may have been waited for: the switch can have come on meanwhile.
      const late = await services.killSwitch.verdict(target, world.clock.now());
      if (late.blocked) return this.#skip(invocation, next.slot, late.reason);
    } catch (error) {
      if (!inner.signal.aborted) throw error;
      return this.#interrupted(invocation, next.slot);
    }
    return await this.#run(invocation, next.slot, inner);
  }

  /** With nothing to wait for between them, what was found, the claim and the run are one record. */
  async #startAtOnce(
    job: ScheduledJob,
    next: NextStep & { step: "start" | "resume" },
    seen: Seen,
  ): Promise<boolean> {
    const { world, services, ledgers } = this.#road;
    const begin = ledgers.ledger.transaction(() => {
      this.#record(seen);
      const invocation = this.#claim(job, next);
      return invocation && { invocation, begun: beginRun(this.#road, invocation, world) };
    });
    if (!begin) return true;
    const target = { job: job.name, tags: job.settings.tags };
    using watched = services.killSwitch.watch(target, world);
    const inner: JobWorld = { ...world, signal: watched.signal };
    return await this.#run(begin.invocation, next.slot, inner, begin.begun);
  }

  #claim(job: ScheduledJob, next: NextStep & { step: "start" | "resume" }): Invocation | undefined {
    const { ledger } = this.#road.ledgers;
    const seen = findSlot(ledger, job.name, next.slot.name);
    const invocation = invocationOf(this.#road, job, {
      slot: next.slot,
      trigger: next.isCatchUp ? "catch_up" : "schedule",
      isCatchUp: next.isCatchUp,
      slotAttempt: (seen?.attempts ?? 0) + 1,
    });
    const { run, isCatchUp } = invocation;
    const nowMs = this.#road.world.clock.now();
    const { dueMs } = next.slot;
    const claim = { ...next.slot, job: job.name, run, isCatchUp, nowMs, settledMs: dueMs - 1 };
    const isOurs = seen ? reclaimSlot(ledger, claim, seen) : claimSlot(ledger, claim);
    return isOurs ? invocation : undefined;
  }

  async #run(
    invocation: Invocation,
    slot: DueSlot,
    world: JobWorld,
    begun?: RunRecord,
  ): Promise<boolean> {
    let isSettled = false;
    const settle = (outcome: RunOutcome): void => {
      isSettled = true;
      this.#settle(invocation, slot, outcome);
    };
    const end = await runKind(this.#road, invocation, world, { beside: { begun, settle } });
    if (end.isRefused === true) {
      const { job, run } = invocation;
      releaseSlot(this.#road.ledgers.ledger, { ...slot, job, run });
      return this.#busy();
    }
    if (!isSettled) settle(end);
    return end.end !== "interrupted" && !world.signal.aborted;
  }

  #settle(invocation: Invocation, slot: DueSlot, outcome: RunOutcome): void {
    this.#count(outcome.exitCode);
    const { end } = outcome;
    // A person's or a kill switch's stop; the slot goes on later.
    if (end === "interrupted") this.#interrupted(invocation, slot);
    else this.#verdict(invocation.run, slot, { ...outcome, end });
    // In the transaction of the verdict this costs half of what it does after it. The verdict stands
    // whatever becomes of it.
    try {
      this.#found = look(this.#road, this.#name);
    } catch {
      this.#found = undefined;
    }
  }

  /**
   * Gives a slot its verdict, or keeps it claimed after a first failure that time may heal. A run that
   * found no network missed its slot, which a later check catches up.
   */
  #verdict(run: string, slot: DueSlot, ended: SlotRunEnd): void {
    const { ledger } = this.#road.ledgers;
    const nowMs = this.#road.world.clock.now();
    const hasFailed = ended.end === "failed";
    const isUnreached = hasFailed && ended.error?.code === NETWORK_UNAVAILABLE;
    const reason = isUnreached ? `network: ${ended.reason}` : ended.reason;
    const base = { job: this.#name, name: slot.name, run, reason, nowMs };
    const failures = (findSlot(ledger, this.#name, slot.name)?.failures ?? 0) + 1;
    if (hasFailed && !isUnreached && ended.mayHeal === true && failures < FAILURES_MAX) {
      keepClaimed(ledger, { ...base, hasFailed: true });
      this.#slots.push({ slot: slot.name, verdict: undefined, reason, run });
      return;
    }
    const verdict = isUnreached ? "missed" : ended.end;
    endSlot(ledger, { ...base, verdict });
    this.#slots.push({ slot: slot.name, verdict, reason, run });
  }

  #skip(invocation: Invocation, slot: DueSlot, reason: string): boolean {
    this.#road.world.emit({ event: "note", message: `${slot.name} is skipped: ${reason}` });
    this.#count(ExitCode.held);
    this.#verdict(invocation.run, slot, { end: "skipped", reason });
    return true;
  }

  /** What was begun before the switch came on goes on when it is off again. */
  #keepPaused(slot: DueSlot, reason: string): false {
    this.#road.world.emit({ event: "note", message: `${slot.name} is not resumed: ${reason}` });
    this.#count(ExitCode.held);
    return false;
  }

  #interrupted({ run, job }: Invocation, slot: DueSlot): false {
    const nowMs = this.#road.world.clock.now();
    const reason = "interrupted";
    keepClaimed(this.#road.ledgers.ledger, {
      job,
      name: slot.name,
      run,
      reason,
      nowMs,
      hasFailed: false,
    });
    this.#slots.push({ slot: slot.name, verdict: undefined, reason, run });
    this.#count(ExitCode.interrupted);
    return false;
  }

  /** A pass that handled several slots ends by the code of the last that was not done. */
  #count(exitCode: ExitCode): void {
    if (exitCode !== ExitCode.done) this.#exitCode = exitCode;
  }
}

/** How the run of a slot ended that is not to go on. */
interface SlotRunEnd {
  end: "done" | "failed" | "skipped";
  reason?: string | undefined;
  error?: RecordedError | undefined;
  mayHeal?: boolean;
}

/** What was found under the lock, not yet recorded. */
interface Seen {
  book: DueBook;
  checked: Checked;
}

function isStart({ next }: Checked): boolean {
  return next.step === "start" || next.step === "resume";
}

import type { Day } from "./day.ts";
import { pendingSlots } from "./pending.ts";
import type { Schedule } from "./schedule.ts";
import { nextSlots } from "./slots.ts";

const MINUTE_MS = 60_000;
/** A start within this of the due time, or of what the slot waited for, is in time. */
export const ON_TIME_MS = 5 * MINUTE_MS;
/** A clock so far behind the newest record is not believed. */
export const CLOCK_BEHIND_MS = 5 * MINUTE_MS;
/** Between a failure that time may heal and the slot's next run. */
export const HEAL_MS = 10 * MINUTE_MS;
/** A network that stays away is looked for ever more rarely, at last once an hour: so many times that. */
const UNREACHED_HEAL_MAX = 6;
/** A slot that was interrupted so often takes the machine down with it, or is taken down by it. */
export const RUNS_MAX = 5;

/** What becomes of slots that could not start in time. */
export interface CatchUpRule {
  policy: "none" | "latest" | "all";
  maxAgeMs?: number | undefined;
  /** Of `all` only. */
  maxCount: number;
  spacingMs?: number | undefined;
}

export interface DueSlot {
  name: string;
  dueMs: number;
  day: Day;
}

/** A slot that a run took and that has no verdict yet, or was missed for want of a network. */
export interface ClaimedSlot extends DueSlot {
  /** How many runs it has had. */
  attempts: number;
  /** How many of them failed. */
  failures: number;
  /** When the last of them ended, where it left word of that. */
  endedMs?: number | undefined;
  /** Whether a run of it is alive. */
  isRunning: boolean;
  /** Its run found no network: it counts as missed, and goes on where it still may. */
  isUnreached?: boolean | undefined;
}

/** Whether the jobs that a slot waits for are done. */
export type AfterState =
  /** `sinceMs`: when the last of them was done; absent where there are none. */
  | { state: "ready"; sinceMs?: number | undefined }
  | { state: "waiting"; reason: string }
  | { state: "never"; reason: string };

/** What the ledger and the configuration say of one job. */
export interface DueFacts {
  nowMs: number;
  /** The newest instant in the ledger; undefined when it is empty. */
  newestRecordMs: number | undefined;
  /** Undefined for a job that only people start. */
  schedule: Schedule | undefined;
  /** Slots due no later than this do not count: before the job was there, or its schedule was edited. */
  sinceMs: number;
  /** Every slot that counts and is due no later than this has a record. */
  throughMs: number;
  /** Why its slots do not start; undefined for an enabled job. */
  disabled?: string | undefined;
  catchUp: CatchUpRule;
  claimed: readonly ClaimedSlot[];
  /**
   * A slot that was begun goes on, however late that is: a service is kept alive until its own end, which
   * its runner knows. Only a newer slot takes its place.
   */
  isKeptAlive?: boolean | undefined;
  isRecorded: (name: string) => boolean;
  /** When a slot of this job that was caught up last started. */
  caughtUpMs?: number | undefined;
  after?: ((slot: DueSlot) => AfterState) | undefined;
}

export type EndVerdict = "failed" | "skipped" | "missed" | "superseded";

/** A slot that ends without a start, or without a further one. */
export interface SlotEnd extends DueSlot {
  verdict: EndVerdict;
  reason: string;
}

/** All slots due in (after, through] that have no record of their own. */
export interface RangeEnd {
  afterMs: number;
  throughMs: number;
  verdict: "skipped" | "missed" | "superseded";
  reason: string;
}

export type NextStep =
  | { step: "start"; slot: DueSlot; isCatchUp: boolean; reason: string }
  | { step: "resume"; slot: DueSlot; isCatchUp: boolean; reason: string }
  /** `untilMs`: when to look again at the latest; undefined when only a change of the world helps. */
  | { step: "wait"; untilMs: number | undefined; reason: string; isForJobs?: boolean }
  /** The clock cannot be right: nothing starts, nothing is recorded, and a person should know. */
  | { step: "hold"; reason: string };

/** What to do for one job now. */
export interface DueDecision {
  /** To be recorded before anything starts, in order of due time. */
  ends: SlotEnd[];
  range?: RangeEnd;
  /** With these recorded and the start claimed, every slot due no later has a record. */
  throughMs: number;
  next: NextStep;
}

/**
 * Decides for one job from what is known: which slot starts or goes on, which end without it and why.
 * One function for sleep, power-off, pause, disabling, edits and jumps of the clock: all are slots
 * that were due and had no start. Total: any facts give a decision, and each due slot is started,
 * waits, or ends, once.
 */
export function dueCheck(facts: DueFacts): DueDecision {
  const held = clockHold(facts);
  if (held !== undefined) {
    return { ends: [], throughMs: facts.throughMs, next: { step: "hold", reason: held } };
  }
  const fromMs = Math.max(facts.sinceMs, facts.throughMs);
  const { slots, unlisted } = facts.schedule
    ? pendingSlots(facts.schedule, fromMs, facts.nowMs, facts.isRecorded)
    : { slots: [] };
  const range = unlisted && { ...unlisted, ...rangeVerdict(facts) };
  const decided = facts.disabled === undefined ? choose(facts, slots) : refuseAll(facts, slots);
  const waiting = decided.waiting.map(({ dueMs }) => dueMs - 1);
  return {
    ends: decided.ends.sort(byDue),
    ...(range && { range }),
    throughMs: Math.max(facts.throughMs, Math.min(facts.nowMs, ...waiting)),
    next: decided.next,
  };
}

/** What is decided of the pending slots; those neither ended nor started are waiting. */
interface Choice {
  ends: SlotEnd[];
  waiting: DueSlot[];
  next: NextStep;
}

function clockHold({ nowMs, newestRecordMs }: DueFacts): string | undefined {
  if (newestRecordMs === undefined || newestRecordMs - nowMs <= CLOCK_BEHIND_MS) return undefined;
  return `the clock is ${spanText(newestRecordMs - nowMs)} behind the newest record of the ledger`;
}

function rangeVerdict({ disabled, catchUp }: DueFacts): Pick<RangeEnd, "verdict" | "reason"> {
  if (disabled !== undefined) return { verdict: "skipped", reason: disabled };
  const verdict = catchUp.policy === "latest" ? "superseded" : "missed";
  return { verdict, reason: "too long ago, and too many to be listed one by one" };
}

function refuseAll(facts: DueFacts, pending: readonly DueSlot[]): Choice {
  const reason = facts.disabled ?? "disabled";
  const ends: SlotEnd[] = pending.map((slot) => end(slot, "skipped", reason));
  for (const slot of facts.claimed) {
    if (slot.isRunning || slot.isUnreached === true) continue;
    ends.push(end(slot, "failed", `interrupted, and not resumed: ${reason}`));
  }
  return { ends, waiting: [], next: { step: "wait", untilMs: undefined, reason } };
}

function choose(facts: DueFacts, pending: readonly DueSlot[]): Choice {
  const { nowMs, catchUp } = facts;
  const ends: SlotEnd[] = [];
  const young = pending.filter((slot) => {
    const isYoung = catchUp.maxAgeMs === undefined || nowMs - slot.dueMs <= catchUp.maxAgeMs;
    if (!isYoung)
      ends.push(end(slot, "missed", `due for longer than ${spanText(catchUp.maxAgeMs ?? 0)}`));
    return isYoung;
  });
  const candidates =
    catchUp.policy === "all" ? newestOf(facts, young, ends) : latestOf(facts, young, ends);
  const ready = firstReady(facts, candidates, ends);
  const resumable = resumableOf(facts, ready, ends);
  if (facts.claimed.some(({ isRunning }) => isRunning)) {
    const reason = "a run of it is under way";
    return { ends, waiting: [...ready.left], next: { step: "wait", untilMs: undefined, reason } };
  }
  if (resumable) return { ends, waiting: [...ready.left], next: resume(facts, resumable) };
  if (ready.next.step !== "start") return { ends, waiting: ready.left, next: ready.next };
  const started = ready.next.slot;
  return { ends, waiting: ready.left.filter((slot) => slot !== started), next: ready.next };
}

/** Of many, the newest counts; under `none` only while it is in time. */
function latestOf(facts: DueFacts, young: readonly DueSlot[], ends: SlotEnd[]): DueSlot[] {
  const newest = young.at(-1);
  if (!newest) return [];
  const isNone = facts.catchUp.policy === "none";
  for (const slot of young.slice(0, -1)) {
    const wasInTime = facts.nowMs - slot.dueMs <= ON_TIME_MS;
    if (isNone && !wasInTime) ends.push(end(slot, "missed", notInTime(facts, slot)));
    else ends.push(end(slot, "superseded", `${newest.name} came after it`));
  }
  const state = afterOf(facts, newest);
  if (!isNone || state.state !== "ready" || !isLate(facts, newest, state)) return [newest];
  ends.push(end(newest, "missed", notInTime(facts, newest)));
  return [];
}

function newestOf(facts: DueFacts, young: readonly DueSlot[], ends: SlotEnd[]): DueSlot[] {
  const count = Math.max(1, facts.catchUp.maxCount);
  const kept = young.slice(-count);
  for (const slot of young.slice(0, Math.max(0, young.length - count))) {
    ends.push(end(slot, "missed", `more than ${count} were due; the newest count`));
  }
  return kept;
}

/** The first candidate that may start or must be waited for; those that never will, end. */
function firstReady(
  facts: DueFacts,
  candidates: readonly DueSlot[],
  ends: SlotEnd[],
): { next: NextStep; left: DueSlot[] } {
  for (const [index, slot] of candidates.entries()) {
    const state = afterOf(facts, slot);
    if (state.state === "never") {
      ends.push(end(slot, "skipped", state.reason));
      continue;
    }
    const left = candidates.slice(index);
    if (state.state === "waiting") {
      const { reason } = state;
      return { next: { step: "wait", untilMs: undefined, reason, isForJobs: true }, left };
    }
    return { next: startOrSpace(facts, slot, state), left };
  }
  return { next: nothingDue(facts), left: [] };
}

function startOrSpace(facts: DueFacts, slot: DueSlot, state: AfterState): NextStep {
  const { nowMs, catchUp, caughtUpMs } = facts;
  const isCatchUp = isLate(facts, slot, state);
  const freeMs = (caughtUpMs ?? Number.NEGATIVE_INFINITY) + (catchUp.spacingMs ?? 0);
  if (isCatchUp && caughtUpMs !== undefined && freeMs > nowMs && caughtUpMs <= nowMs) {
    return { step: "wait", untilMs: freeMs, reason: "slots that are caught up are spaced" };
  }
  const late = spanText(nowMs - slot.dueMs);
  const reason = isCatchUp ? `due ${late} ago; caught up by policy ${catchUp.policy}` : "due";
  return { step: "start", slot, isCatchUp, reason };
}

function nothingDue({ schedule, nowMs }: DueFacts): NextStep {
  if (!schedule) return { step: "wait", untilMs: undefined, reason: "it has no schedule" };
  const untilMs = nextSlots(schedule, nowMs, 1)[0]?.dueMs;
  return { step: "wait", untilMs, reason: "nothing is due" };
}

/** The claimed slot that goes on; those that cannot or need not any more, end. */
function resumableOf(
  facts: DueFacts,
  ready: { next: NextStep },
  ends: SlotEnd[],
): ClaimedSlot | undefined {
  const { nowMs, catchUp } = facts;
  let found: ClaimedSlot | undefined;
  for (const slot of [...facts.claimed].sort(byDue)) {
    if (slot.isRunning) continue;
    if (slot.isUnreached === true) {
      if (isOwed(facts, slot, ready.next)) found ??= slot;
      continue;
    }
    const was = slot.failures > 0 ? "failed once" : "interrupted";
    const taker = ready.next.step === "start" ? ready.next.slot : undefined;
    if (slot.attempts >= RUNS_MAX) {
      ends.push(end(slot, "failed", `interrupted in ${slot.attempts} runs`));
    } else if (facts.isKeptAlive === true && taker && taker.dueMs >= slot.dueMs) {
      ends.push(end(slot, "superseded", `${was}, and ${taker.name} came after it`));
    } else if (facts.isKeptAlive === true) {
      found ??= slot;
    } else if (catchUp.maxAgeMs !== undefined && nowMs - slot.dueMs > catchUp.maxAgeMs) {
      const age = spanText(catchUp.maxAgeMs);
      ends.push(end(slot, "failed", `${was}, and due for longer than ${age}`));
    } else if (catchUp.policy === "none" && nowMs - slot.dueMs > ON_TIME_MS) {
      ends.push(end(slot, "failed", `${was}, and late slots are not started`));
    } else if (taker && catchUp.policy !== "all" && taker.dueMs >= slot.dueMs) {
      const verdict = slot.failures > 0 ? "failed" : "superseded";
      ends.push(end(slot, verdict, `${was}, and ${taker.name} came after it`));
    } else found ??= slot;
  }
  return found;
}

/** Whether a slot that found no network is still to be caught up: its verdict stands otherwise. */
function isOwed({ nowMs, catchUp }: DueFacts, slot: ClaimedSlot, next: NextStep): boolean {
  const lateMs = nowMs - slot.dueMs;
  if (catchUp.maxAgeMs !== undefined && lateMs > catchUp.maxAgeMs) return false;
  if (catchUp.policy === "none" && lateMs > ON_TIME_MS) return false;
  const isReplaced = next.step === "start" && next.slot.dueMs >= slot.dueMs;
  return catchUp.policy === "all" || !isReplaced;
}

function resume(facts: DueFacts, slot: ClaimedSlot): NextStep {
  const { name, dueMs, day, failures, isUnreached } = slot;
  const reason = isUnreached
    ? "its last run found no network"
    : failures > 0
      ? "its last run failed"
      : "its last run was interrupted";
  const healMs = isUnreached
    ? HEAL_MS * Math.min(slot.attempts, UNREACHED_HEAL_MAX)
    : failures > 0
      ? HEAL_MS
      : 0;
  const healedMs = (slot.endedMs ?? dueMs) + healMs;
  if (healMs > 0 && healedMs > facts.nowMs && healedMs - facts.nowMs <= healMs) {
    return { step: "wait", untilMs: healedMs, reason: `${reason}; time may heal it` };
  }
  const isCatchUp = facts.nowMs - dueMs > ON_TIME_MS;
  return { step: "resume", slot: { name, dueMs, day }, isCatchUp, reason };
}

function afterOf(facts: DueFacts, slot: DueSlot): AfterState {
  return facts.after?.(slot) ?? { state: "ready" };
}

/** A slot that waited for other jobs is late only from their end. */
function isLate(facts: DueFacts, slot: DueSlot, state: AfterState): boolean {
  const sinceMs = state.state === "ready" ? (state.sinceMs ?? slot.dueMs) : slot.dueMs;
  return facts.nowMs - Math.max(slot.dueMs, sinceMs) > ON_TIME_MS;
}

function notInTime(facts: DueFacts, slot: DueSlot): string {
  return `not started in time: due ${spanText(facts.nowMs - slot.dueMs)} ago, and late slots are not started`;
}

function end(slot: DueSlot, verdict: EndVerdict, reason: string): SlotEnd {
  return { name: slot.name, dueMs: slot.dueMs, day: slot.day, verdict, reason };
}

function byDue(left: DueSlot, right: DueSlot): number {
  return left.dueMs - right.dueMs || (left.name < right.name ? -1 : left.name > right.name ? 1 : 0);
}

/** `45 s`, `20 min`, `3 h 20 min`, `12 days`: a span as people say it. */
export function spanText(spanMs: number): string {
  const minutes = Math.round(spanMs / MINUTE_MS);
  if (minutes < 1) return `${Math.round(spanMs / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

import { ON_TIME_MS } from "../../../schedule/due.ts";
import type { PowerMoment } from "../pmset/log-text.ts";

/** How a Mac met an instant at which it was to be woken. */
export const WAKE_STATES = [
  /** It was awake already. */
  "awake",
  /** It woke, in time. */
  "woke",
  /** It woke, or was woken by somebody, when the instant had long passed. */
  "late",
  /** It woke for its own housekeeping alone, in which programs are frozen again within seconds. */
  "dark",
  /** It slept on with its lid shut, on battery. */
  "lid",
  /** It slept on, for no reason that the log has. */
  "asleep",
  /** It ran out of battery in its sleep. */
  "drained",
  /** It was off. */
  "off",
  /** It was on, and its disk waited for somebody's password. */
  "locked",
  /** It was awake, and launchd did not start the job. */
  "disallowed",
  /** The log does not reach back so far. */
  "unknown",
] as const;

export type WakeState = (typeof WAKE_STATES)[number];

/** What is known of one instant. */
export interface WakeFacts {
  job: string;
  dueMs: number;
  /** In order, through now. */
  moments: readonly PowerMoment[];
  /** When the Mac that runs now began to. */
  bootMs: number;
  /** When the first program of ours ran since then. */
  firstRunMs: number;
  /** Undefined where it could not be asked. */
  isFileVaultOn: boolean | undefined;
  /** When cbi took the slot or decided it, if it did: a pause or a gate is no fault of the Mac. */
  handledMs: number | undefined;
}

export interface WakeJudgement {
  state: WakeState;
  /** When the Mac was awake for programs; undefined when it was not, or nobody knows. */
  awakeMs: number | undefined;
  /** A sentence of what was seen. */
  evidence: string;
  /** What helps; undefined where nothing is wrong. */
  remedy: string | undefined;
}

/** A Mac that is powered on by its own clock needs a minute or two to begin. */
const POWER_ON_MS = 10 * 60_000;
/** A wake is set to the second, and told by another clock. */
const EARLY_MS = 60_000;
/** Beyond this, a wake has nothing to do with the one that was set. */
const LATE_MS = 60 * 60_000;
/** A start may wait for another run, and the watchdog starts within the hour what launchd did not. */
const WAITED_MS = 2 * 60 * 60_000;
/** As powerd calls the sleep of an empty battery. */
const LOW_POWER = "Low Power Sleep";

/** Judges whether the Mac was awake for a slot, by its own log. Pure and total. */
export function judgeWake(facts: WakeFacts): WakeJudgement {
  const state = stateOf(facts);
  const awakeMs = awakeFrom(facts);
  const { evidence, remedy } = WORDS[state](facts, awakeMs);
  return { state, awakeMs, evidence, remedy };
}

/** Whether a person should do something about it. */
export function isWakeWell(state: WakeState): boolean {
  return state === "awake" || state === "woke" || state === "unknown";
}

function stateOf(facts: WakeFacts): WakeState {
  const { dueMs, moments, handledMs } = facts;
  const inTimeMs = dueMs + ON_TIME_MS;
  const isHandled = handledMs !== undefined && handledMs <= inTimeMs;
  const atDue = moments.findLast(({ atMs }) => atMs <= dueMs);
  const window = moments.filter(({ atMs }) => atMs > dueMs && atMs <= inTimeMs);
  if (!isHandled && isLocked(facts)) return "locked";
  if (!isHandled && isOff(facts)) return atDue?.reason === LOW_POWER ? "drained" : "off";
  if (isUp(atDue) || window.some(isUp)) {
    if (handledMs === undefined || handledMs > dueMs + WAITED_MS) return "disallowed";
    const upMs = isUp(atDue) ? atDue?.atMs : undefined;
    return upMs !== undefined && upMs < dueMs - EARLY_MS ? "awake" : "woke";
  }
  if (atDue?.kind === "dark" || window.some(({ kind }) => kind === "dark")) return "dark";
  if (!atDue) return "unknown";
  // The log has it asleep, and it was at work: the log's clock was another.
  if (isHandled) return "woke";
  const asleep = window.findLast(({ kind }) => kind === "sleep") ?? atDue;
  if (asleep.reason === LOW_POWER) return "drained";
  if (asleep.reason === "Clamshell Sleep" && asleep.source !== "ac") return "lid";
  const later = moments.find((moment) => moment.atMs > inTimeMs && isUp(moment));
  return later && later.atMs <= dueMs + LATE_MS ? "late" : "asleep";
}

function isUp(moment: PowerMoment | undefined): boolean {
  return moment?.kind === "wake" || moment?.kind === "start";
}

/**
 * The volume with everybody's programs stays locked after a boot until somebody types a password. So the Mac
 * ran, and nothing of ours did until much later.
 */
function isLocked({ dueMs, bootMs, firstRunMs, isFileVaultOn }: WakeFacts): boolean {
  if (isFileVaultOn !== true) return false;
  return bootMs <= dueMs + POWER_ON_MS && firstRunMs > dueMs + POWER_ON_MS;
}

/** Nothing happened from the instant until the Mac began anew. */
function isOff({ dueMs, bootMs, moments }: WakeFacts): boolean {
  const begins = moments.filter(({ kind }) => kind === "start").map(({ atMs }) => atMs);
  const beganMs = [...begins, bootMs]
    .filter((atMs) => atMs > dueMs + POWER_ON_MS)
    .sort((left, right) => left - right)[0];
  if (beganMs === undefined) return false;
  return !moments.some(({ atMs }) => atMs > dueMs && atMs < beganMs - EARLY_MS);
}

function awakeFrom({ dueMs, moments }: WakeFacts): number | undefined {
  const atDue = moments.findLast(({ atMs }) => atMs <= dueMs);
  if (isUp(atDue)) return atDue?.atMs;
  return moments.find((one) => one.atMs > dueMs && isUp(one))?.atMs;
}

type Words = (
  facts: WakeFacts,
  awakeMs: number | undefined,
) => { evidence: string; remedy: string | undefined };

const WORDS: Readonly<Record<WakeState, Words>> = {
  awake: () => well("the Mac was awake already"),
  woke: ({ dueMs }, awakeMs) => {
    const seconds = awakeMs === undefined ? 0 : Math.round((awakeMs - dueMs) / 1000);
    return well(seconds > 0 ? `the Mac woke ${seconds} s after it` : "the Mac woke in time");
  },
  unknown: () => well("the Mac's log does not say how it met it"),
  late: ({ dueMs }, awakeMs) => ({
    evidence: `the Mac woke ${Math.round(((awakeMs ?? dueMs) - dueMs) / 60_000)} minutes after it`,
    remedy: "See whether a wake was set: pmset -g sched; cbi watchdog sets those that are missing",
  }),
  dark: () => ({
    evidence: "the Mac woke for its own housekeeping only, in which programs are frozen again",
    remedy: "Leave it on mains with its lid open, or with an outer display and keyboard",
  }),
  lid: () => ({
    evidence: "the Mac slept with its lid shut, on battery, where nothing wakes it",
    remedy: "Leave it on mains with its lid open, or with an outer display and keyboard",
  }),
  asleep: () => ({
    evidence: "the Mac slept on",
    remedy: "See whether a wake is set: pmset -g sched; then what the Mac says: pmset -g log",
  }),
  drained: () => ({
    evidence: "the Mac ran out of battery in its sleep",
    remedy: "Leave it on mains",
  }),
  off: ({ bootMs, dueMs }) => ({
    evidence: `the Mac was off${bootMs > dueMs ? `, until ${new Date(bootMs).toISOString()}` : ""}`,
    remedy: "Let it sleep instead of shutting it down; a laptop turns itself on only on mains",
  }),
  locked: () => ({
    evidence: "the Mac was on, and FileVault kept its disk locked until somebody logged in",
    remedy:
      "Log in after every start; for one restart without: sudo fdesetup authrestart. Automatic updates restart at night: System Settings > General > Software Update",
  }),
  disallowed: ({ job }) => ({
    evidence: `the Mac was awake, and launchd did not start ${job}`,
    remedy: "Allow cbi in System Settings > General > Login Items & Extensions, then: cbi doctor",
  }),
};

function well(evidence: string): { evidence: string; remedy: undefined } {
  return { evidence, remedy: undefined };
}

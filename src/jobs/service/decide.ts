import type { ServiceJob } from "../../config/jobs-schema.ts";
import { parseDurationMs } from "../../config/duration.ts";
import type { AttemptEnd } from "../command/supervise.ts";
import { spanText } from "../../schedule/due.ts";
import type { ServiceRequest } from "./request.ts";

/** How a service is kept alive. */
export interface RestartPolicy {
  max: number;
  withinMs: number;
  delayMs: number;
  delayMaxMs: number;
  neverOn: readonly number[];
}

/** Why a living service is ended. */
export type StopCause =
  /** Its time is over. */
  | { kind: "over" }
  /** Another has its run or its slot, or nobody: its job has left cbi.yaml. */
  | { kind: "lost" }
  | { kind: "asked"; request: ServiceRequest }
  | { kind: "hung"; sign: "heartbeat" | "silence"; limitMs: number };

/** What a look at a living service shows. Spans are waking time. */
export interface LookFacts {
  nowMs: number;
  endMs: number;
  isLost: boolean;
  request: ServiceRequest | undefined;
  /** Since its last output, and how long that may be. */
  silentMs: number;
  silenceMaxMs: number;
  /** Since its heartbeat file changed, and how long that may be. */
  beatlessMs: number;
  beatlessMaxMs: number;
}

/** How one life of a service ended that nobody had asked to end. */
export type Crash = Exclude<AttemptEnd, { kind: "interrupted" | "deadline" | "silent" }> | Hang;
type Hang = Extract<StopCause, { kind: "hung" }>;

/** What is remembered of the lives before. */
export interface RestartHistory {
  /** How long it has lived in all lives of this run. */
  livedMs: number;
  /** What that was at each crash that counts still. */
  crashes: readonly number[];
}

export type AfterCrash =
  | { step: "restart"; delayMs: number; reason: string; crashes: readonly number[] }
  | { step: "end"; isDone: boolean; code: string; reason: string };

export function restartPolicyOf({ restart }: ServiceJob): RestartPolicy {
  return {
    max: restart.max,
    withinMs: parseDurationMs(restart.within) ?? 0,
    delayMs: parseDurationMs(restart.delay) ?? 0,
    delayMaxMs: parseDurationMs(restart.max_delay) ?? 0,
    neverOn: restart.never_on,
  };
}

/** Whether a living service is to be ended now, and why; a person's word counts first. Pure and total. */
export function lookAt(facts: LookFacts): StopCause | undefined {
  const { request } = facts;
  if (facts.isLost) return { kind: "lost" };
  if (request?.wish === "stop") return { kind: "asked", request };
  if (facts.nowMs >= facts.endMs) return { kind: "over" };
  if (request) return { kind: "asked", request };
  if (facts.beatlessMs >= facts.beatlessMaxMs) {
    return { kind: "hung", sign: "heartbeat", limitMs: facts.beatlessMaxMs };
  }
  if (facts.silentMs >= facts.silenceMaxMs) {
    return { kind: "hung", sign: "silence", limitMs: facts.silenceMaxMs };
  }
  return undefined;
}

/**
 * What follows the end of a life: a restart, or the end of the run. Restarts are counted in time that the
 * service lived, so that growing delays cannot hide a storm. Pure and total.
 */
export function decideAfterCrash(
  policy: RestartPolicy,
  crash: Crash,
  history: RestartHistory,
): AfterCrash {
  const reason = crashText(crash);
  const fail = (code: string, why: string): AfterCrash => ({
    step: "end",
    isDone: false,
    code,
    reason: `${reason}${why}`,
  });
  if (crash.kind === "exited" && policy.neverOn.includes(crash.exitCode)) {
    if (crash.exitCode === 0) return { step: "end", isDone: true, code: "", reason };
    return fail("CBI_SERVICE_FORBIDDEN", ", after which it is not started again");
  }
  if (crash.kind === "not-started" && !crash.isPassing) return fail("CBI_SERVICE_NOT_STARTED", "");
  const recent = history.crashes.filter((atMs) => history.livedMs - atMs < policy.withinMs);
  if (recent.length >= policy.max) {
    if (policy.max === 0) return fail("CBI_SERVICE_ENDED", ", and it is not restarted");
    const span = spanText(policy.withinMs);
    return fail("CBI_SERVICE_STORM", `, after ${recent.length} restarts within ${span}`);
  }
  const delayMs = Math.min(policy.delayMaxMs, policy.delayMs * 2 ** recent.length);
  return { step: "restart", delayMs, reason, crashes: [...recent, history.livedMs] };
}

/**
 * How much of the time between two looks the service could use. A look that came far too late was slept
 * through, or the machine was too busy for either: then no more counts than twice what was asked for.
 */
export function wakingPart(passedMs: number, askedMs: number): number {
  return Math.min(Math.max(0, passedMs), 2 * askedMs);
}

/** How a life ended, in words. */
export function crashText(crash: Crash): string {
  switch (crash.kind) {
    case "exited":
      return `it ended with exit code ${crash.exitCode}`;
    case "signalled":
      return `it died of ${crash.signal}`;
    case "not-started":
      return `it could not be started: ${crash.reason}`;
    case "hung":
      return crash.sign === "heartbeat"
        ? `it hung: its heartbeat stood still for ${spanText(crash.limitMs)}`
        : `it hung: it printed nothing for ${spanText(crash.limitMs)}`;
  }
}

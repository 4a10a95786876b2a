import type { SlotVerdict } from "../ledger/slots.ts";
import type { JudgedWake } from "./wake-book.ts";

/** What the watchdog knows of one job when it judges. Instants are wall time in milliseconds. */
export interface JobFacts {
  job: string;
  isEnabled: boolean;
  /** A slot that is due, late, and about to be started by this pass; undefined when there is none. */
  late: { slot: string; dueMs: number } | undefined;
  /** Why nothing can be decided: the clock is behind the ledger. */
  clockHold: string | undefined;
  /** The newest slots that have a verdict, the newest first. */
  ended: readonly EndedSlot[];
  /** Runs that the ledger calls running. */
  running: readonly RunningFacts[];
  /** From when on the job counts: a job that is new is not stale. */
  sinceMs: number;
  lastSuccessMs: number | undefined;
  /** Without a success for so long it is stale; undefined when it never is. */
  staleAfterMs: number | undefined;
  /** When the first slot after the last success was due, or is. */
  owedMs: number | undefined;
}

export interface EndedSlot {
  name: string;
  verdict: SlotVerdict;
  reason: string | undefined;
  failures: number;
  /** When it got its verdict; undefined for one that is about to. */
  recordedMs: number | undefined;
}

export interface RunningFacts {
  run: string;
  pid: number;
  /** Its process is gone, or nobody holds the lock that it would hold. */
  isDead: boolean;
  /** How long it has shown no progress while the machine was awake. */
  quietMs: number;
  /** How long it may show none before it hangs; undefined when silence says nothing. */
  quietMaxMs: number | undefined;
}

/** What the watchdog knows of the home as a whole. */
export interface HomeFacts {
  nowMs: number;
  /** Undefined where the disk does not say. */
  freeBytes: number | undefined;
  /** The last day that each calendar in use has announced, as days from today. */
  calendars: readonly { name: string; announcedThrough: string; daysLeft: number }[];
  host: HostFacts;
}

/** What the host's scheduler says. */
export interface HostFacts {
  name: string;
  /** Whether this home relies on it; a host that was never set up is no fault. */
  isInUse: boolean;
  /** What it says of the enabled jobs that have a schedule. */
  jobs: readonly { job: string; isLoaded: boolean; isEnabled: boolean }[];
  /** Of the jobs that want the machine woken: the next due instant, and the wake set for it. */
  wakes: readonly { job: string; dueMs: number; wakeMs: number | undefined }[];
  /** Why wakes that were asked for were refused. */
  wakeRefusal?: string | undefined;
  /** Of the same jobs: how the machine met the last slot that it is known of. */
  met: readonly JudgedWake[];
  /** Why what it was told is no longer what there is. */
  stale?: string | undefined;
}

import type { Home } from "../config/home.ts";
import type { CommandJob, Job, ServiceJob } from "../config/jobs-schema.ts";
import type { Gate } from "../config/gates-schema.ts";
import type { RecordedError, Trigger } from "../ledger/runs.ts";
import type { Emit } from "../pipeline/events.ts";
import type { Day } from "../schedule/day.ts";
import type { Zone } from "../schedule/zone.ts";
import type { Clock } from "../system/clock.ts";
import type { ExitCode } from "../system/exit-code.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";
import type { Random } from "../system/random.ts";

/** The slot that a run handles. */
export interface RunSlot {
  /** The wall clock that names it, `2026-11-20T00:00`; with its job, the key: `nightly@2026-11-20T00:00`. */
  name: string;
  dueMs: number;
  /** The day in its name. */
  day: Day;
}

/** One handling of a slot, or of a person's request without one, before it starts. */
export interface Invocation {
  /** The run's id: the key of its ledger row, log file and folder. */
  run: string;
  job: string;
  settings: Job;
  home: Home;
  /** The job's own zone. */
  zone: Zone;
  /** Absent when a person runs the job now. */
  slot: RunSlot | undefined;
  trigger: Trigger;
  /** The day whose close the run may know. */
  asOf: Day;
  /** The first session that ends after the slot. */
  tradingDate: Day;
  /** Whether the slot starts later than a start in time would. */
  isCatchUp: boolean;
  /** Which run of its slot this is, from 1; a resumed or repeated one counts on. */
  slotAttempt: number;
  /** What a person typed after `--`. */
  extraArguments: readonly string[];
}

/** The world of a run: what it may look at, say and be stopped by. */
export interface JobWorld {
  clock: Clock;
  random: Random;
  environment: Readonly<Record<string, string | undefined>>;
  emit: Emit;
  /** Aborted with a `Failure` as its reason: by a person, or by a kill switch that stops. */
  signal: AbortSignal;
}

/** What a kill switch says of a start. */
export type KillVerdict =
  | { blocked: false }
  /** The reason is a sentence for people, with who, until when and the scope; it becomes the slot's. */
  | { blocked: true; reason: string };

/**
 * The kill switch of a home. Asked before every start and, through `JobWorld.signal`, effective
 * within a run: `watch` aborts a run when a switch in mode `stop` comes on.
 */
export interface KillSwitch {
  /** Must not throw for want of a readable switch file: what cannot be read blocks. */
  verdict(target: { job: string; tags: readonly string[] }, nowMs: number): Promise<KillVerdict>;
  /**
   * A signal that follows the parent's and is aborted with a `Failure` of exit code 77 when a switch
   * in mode `stop` comes on during the run. Disposed of when the run has ended.
   */
  watch(
    target: { job: string; tags: readonly string[] },
    world: Pick<JobWorld, "clock" | "signal">,
  ): { signal: AbortSignal } & Disposable;
}

/** What one gate says. The evidence is what it saw, kept with the run. */
export interface GateVerdict {
  outcome: "pass" | "hold" | "error";
  /** A sentence: `state/list.csv is of 2026-11-19, expected 2026-11-20`. */
  evidence: string;
}

/** Asks one gate once. Never throws: what goes wrong is an `error`. Waiting is the road's. */
export interface Gates {
  ask(gate: Gate, invocation: Invocation, world: JobWorld): Promise<GateVerdict>;
}

/** How a run ended. */
export interface RunOutcome {
  /** `interrupted`: the slot stays claimed and is resumed. */
  end: "done" | "failed" | "skipped" | "interrupted";
  /** cbi's own exit code for it. */
  exitCode: ExitCode;
  /** Why it was skipped, or how it failed in few words; recorded as the slot's reason. */
  reason?: string;
  error?: RecordedError;
  warnings: readonly string[];
  /** A failure that time may heal: the slot is tried once more by a later run. */
  mayHeal?: boolean;
}

/**
 * Runs a command to its end: attempts, deadlines, exit codes, outputs, log. The road has
 * recorded the run before and records the outcome after. Resolves with every expected end; throws
 * bugs only. Obeys `world.signal`: ends the whole process group and says `interrupted`.
 */
export interface JobRunner<Settings extends Job> {
  run(invocation: Invocation & { settings: Settings }, world: JobWorld): Promise<RunOutcome>;
}

/** What a service keeps in the ledger while it runs: its lives, from 1. */
export interface ServiceBook {
  /** Before a start; false when the run was found dead meanwhile, and nothing may be started. */
  begin(number: number): boolean;
  running(number: number, process: ProcessIdentity): void;
  end(number: number, reason: string): void;
  /** Whether the run, and the slot that it took, are still its own: a job may leave cbi.yaml meanwhile. */
  isOurs(): boolean;
  /** Whether the run of its slot before this one died. */
  hasDied(): boolean;
  /** The newest process of the runs before this one; it may be there still. */
  before(): { run: string; process: ProcessIdentity; startedMs: number } | undefined;
}

/** A `JobRunner` that keeps each life of a service. */
export interface ServiceRunner {
  run(
    invocation: Invocation & { settings: ServiceJob },
    world: JobWorld,
    book: ServiceBook,
  ): Promise<RunOutcome>;
}

/** What the road works with besides home and world. */
export interface JobServices {
  killSwitch: KillSwitch;
  gates: Gates;
  command: JobRunner<CommandJob>;
  service: ServiceRunner;
}

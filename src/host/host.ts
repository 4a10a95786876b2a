/** A job as the host's scheduler has it. */
export interface HostJob {
  isLoaded: boolean;
  isEnabled: boolean;
}

/** What a host's scheduler says of a home. */
export interface HostState {
  /** Whether the home relies on this host: something of it is set up, or was until it broke. */
  isInUse: boolean;
  /** By name; a job that it does not know is not there. */
  jobs: ReadonlyMap<string, HostJob>;
  /** Whether this host can wake the machine at all. */
  canWake: boolean;
  /** The instants at which the machine will be woken, in order. */
  wakesMs: readonly number[];
  /** Why wakes that were asked for were refused, in a few words. */
  wakeRefusal?: string;
  /** Why what it was told is no longer what there is, with what to do. */
  stale?: string;
}

/** What a host did to start a service. */
export interface ServiceStart {
  /** A sentence. */
  said: string;
  /** Its keeper's exit code once that has ended, where it is a child of this process; never rejects. */
  ended?: Promise<number>;
}

/** An instant at which the machine was to be awake. */
export interface WakeAsked {
  job: string;
  dueMs: number;
  /** When the job's slot was taken or decided, if it was. */
  handledMs: number | undefined;
  /** When the boot that is now began, and when the first program of ours ran in it. */
  bootMs: number;
  firstRunMs: number;
}

/** How the machine met it. */
export interface WakeMet {
  /** In a word that does not change: `woke`, `off`, `lid`, … */
  state: string;
  isWell: boolean;
  /** When it was awake for programs; undefined when it was not, or nobody knows. */
  awakeMs: number | undefined;
  /** What was seen, and what helps where something does. */
  evidence: string;
  remedy: string | undefined;
}

/** The operating system's scheduler, or what stands in for it, as the watchdog asks it. */
export interface Host {
  /** As people call it: `launchd`, `cbi daemon`. */
  readonly name: string;
  /** What it says of these jobs. Changes nothing; throws a `Failure` when it cannot be asked. */
  state(jobs: readonly string[]): Promise<HostState>;
  startService?: ServiceHost["startService"];
  /**
   * Lets the host start what is due of a job, as it does at its times, and does not wait for its end;
   * gives a sentence of what it did, or undefined when the host has left the last wish unheard. Absent
   * where whoever finds a job due may as well run it.
   */
  start?(job: string): Promise<string | undefined>;
  /**
   * Asks for the machine to be woken at the next of these instants, instead of at those asked for before.
   * Absent where that is not asked for from within.
   */
  setWakes?(duesMs: Iterable<number>): Promise<void>;
  /** How the machine met the instants, in their order. Slow, so asked once of each. */
  judgeWakes?(asked: readonly WakeAsked[]): Promise<WakeMet[]>;
}

/** A host as services need it: it starts their keepers, and may bring them back. */
export interface ServiceHost extends Host {
  /** Starts whoever keeps a service, to stay when this process ends, and does not wait for more. */
  startService(job: string): Promise<ServiceStart>;
  /**
   * The process of the host's that keeps a service, and that it starts again when that dies: undefined
   * where it does so for none of this name, without a number while there is none.
   */
  keeper(job: string): Promise<{ pid: number | undefined } | undefined>;
}

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
  /** Why what it was told is no longer what there is, with what to do. */
  stale?: string;
}

/** The operating system's scheduler, or what stands in for it, as the watchdog asks it. */
export interface Host {
  /** As people call it: `launchd`, `cbi daemon`. */
  readonly name: string;
  /** What it says of these jobs. Changes nothing; throws a `Failure` when it cannot be asked. */
  state(jobs: readonly string[]): Promise<HostState>;
  /**
   * Starts whoever keeps a service, to stay when this process ends; gives a sentence of what it did.
   * Absent where the host does so by itself when a service dies.
   */
  startService?(job: string): Promise<string>;
  /**
   * Lets the host start what is due of a job, as it does at its times, and does not wait for its end;
   * gives a sentence of what it did, or undefined when the host has left the last wish unheard. Absent
   * where whoever finds a job due may as well run it.
   */
  start?(job: string): Promise<string | undefined>;
}

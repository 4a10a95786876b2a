/** Under this name a scheduler starts a look from within itself, beside the jobs and as they are. */
export const PROBE_NAME = "probe";

/** What a process that the scheduler starts looks at, and where it leaves its answer. */
export interface ProbeRequest {
  /** The file for the answer, absolute. */
  answer: string;
  /** Whether the network is left alone. */
  isOffline: boolean;
}

/** One process that a scheduler starts as it starts the jobs, to be looked at from outside. */
export interface HostProbe {
  /** Whether the scheduler itself starts it; otherwise something that has the same environment. */
  isInside: boolean;
  /** Lets the scheduler start it and does not wait for its end. Throws a `Failure` when it refuses. */
  start(): Promise<void>;
  /** How it ended, a clause such as `it ended with 78`; undefined while it goes on. */
  ended(): Promise<string | undefined>;
  /** Whether something of one is there. */
  isThere(): Promise<boolean>;
  /** Ends it and takes every trace of it away, also one of an earlier probe. May be done again. */
  clear(): Promise<void>;
}

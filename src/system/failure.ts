import type { ExitCode } from "./exit-code.ts";

/** What a failure is made of, before it is a `Failure`. */
export interface FailureFacts {
  /** A stable name such as `CBI_LOCK_HELD`, for programs and for searching. */
  code: string;
  /** One sentence: what was expected, what came. */
  message: string;
  /** What the reader can do about it, with the command where there is one. */
  remedy?: string;
  /** The exit code of the command that ends by it. */
  exit: ExitCode;
  /** Whether doing the same again may help: `retryable` is tried again, the others are not. */
  class?: FailureClass;
  cause?: unknown;
}

/** `retryable`: time may heal it. `data`: the input is refused. `fatal`: only a change helps. */
export type FailureClass = "retryable" | "data" | "fatal";

/**
 * An expected failure: shown as its message and remedy, without a stack. Any other error that
 * reaches the command line is a bug and exits with 70.
 */
export class Failure extends Error {
  readonly code: string;
  readonly remedy: string | undefined;
  readonly exit: ExitCode;
  readonly class: FailureClass;

  constructor(facts: FailureFacts) {
    super(facts.message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.name = "Failure";
    this.code = facts.code;
    this.remedy = facts.remedy;
    this.exit = facts.exit;
    this.class = facts.class ?? "fatal";
  }
}

/** The text of anything thrown, for a log or a record. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

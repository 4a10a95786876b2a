import type { ExitMeaning } from "../../config/jobs-schema.ts";
import { type ExitCodeTable, meaningOfExitCode } from "./exit-codes.ts";
import type { AttemptEnd } from "./supervise.ts";

/** What an attempt's end means, in a word, a sentence and a stable code. */
export interface AttemptVerdict {
  meaning: ExitMeaning | "interrupted";
  reason: string;
  /** Of the failure, if it is one. */
  code: string;
  /** The system was short of something that comes back: a later run may heal it. */
  mayHeal: boolean;
}

/**
 * Judges the end of an attempt. Only an exit code is looked up in the job's table; a deadline, silence, a
 * signal that nobody here sent and a program that never ran are different things and say so.
 */
export function judgeEnd(end: AttemptEnd, codes: ExitCodeTable): AttemptVerdict {
  const verdict = (meaning: AttemptVerdict["meaning"], code: string, reason: string) => ({
    meaning,
    code,
    reason,
    mayHeal: end.kind === "not-started" && end.isPassing,
  });
  switch (end.kind) {
    case "exited": {
      const reason = `it ended with exit code ${end.exitCode}`;
      return verdict(meaningOfExitCode(codes, end.exitCode), "CBI_COMMAND_FAILED", reason);
    }
    case "signalled":
      return verdict("retry", "CBI_COMMAND_KILLED", killedBy(end.signal));
    case "deadline": {
      const reason = `it took longer than ${seconds(end.limitMs)} and was ended`;
      return verdict("retry", "CBI_COMMAND_TIMED_OUT", reason);
    }
    case "silent": {
      const reason = `it printed nothing for ${seconds(end.limitMs)} and was ended`;
      return verdict("retry", "CBI_COMMAND_SILENT", reason);
    }
    case "not-started": {
      const meaning = end.isPassing ? "retry" : "fatal";
      return verdict(meaning, "CBI_COMMAND_NOT_STARTED", `it could not be started: ${end.reason}`);
    }
    case "interrupted":
      return verdict("interrupted", "CBI_INTERRUPTED", "it was stopped");
  }
}

function killedBy(signal: string): string {
  return signal === "SIGKILL"
    ? "it was killed (SIGKILL), as the system does when memory runs out"
    : `it died of ${signal}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

import type { RecordedError, RunState } from "../ledger/runs.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";
import type { TrainingProgress } from "../training/training.ts";

/**
 * Everything that a run says while it works. Presenters show it, `cbi run --json` prints one line
 * an event, the log keeps it; nothing is decided by it. Its last event is `run-finished`.
 */
export type RunEvent =
  | {
      event: "run-started";
      run: string;
      job: string;
      as_of: string;
      trigger: string;
      stages: string[];
    }
  | { event: "stage-started"; stage: string; attempt: number }
  | { event: "stage-progress"; stage: string; done: number; total: number; message: string }
  | { event: "training"; stage: string; progress: TrainingProgress }
  | {
      event: "stage-retried";
      stage: string;
      attempt: number;
      delay_seconds: number;
      error: RecordedError;
    }
  | {
      event: "stage-finished";
      stage: string;
      reused: boolean;
      duration_seconds: number;
      summary: string;
    }
  | { event: "stage-failed"; stage: string; error: RecordedError }
  | { event: "stage-skipped"; stage: string; reason: string }
  | {
      event: "attempt-started";
      attempt: number;
      /** Null for a service, which is restarted by other rules. */
      attempts_max: number | null;
      /** Without secrets. */
      argv: string[];
    }
  | { event: "attempt-running"; attempt: number; process: ProcessIdentity }
  | { event: "output"; stream: "stdout" | "stderr"; text: string }
  | { event: "output-cut"; bytes: number }
  | {
      event: "attempt-ended";
      attempt: number;
      meaning: string;
      reason: string;
      duration_seconds: number;
      /** Seconds until the next attempt; null when there is none. */
      again_in_seconds: number | null;
    }
  | { event: "warning"; message: string }
  | { event: "note"; message: string }
  | {
      event: "run-finished";
      run: string;
      state: RunState;
      exit_code: number;
      duration_seconds: number;
      warnings: string[];
      error: RecordedError | null;
    };

/** Takes each event as it happens; must not throw and must not wait. */
export type Emit = (event: RunEvent) => void;

import { singleLine } from "../system/text.ts";
import type { RunEvent } from "./events.ts";

/** How often the trainings say how far they are, where every line stays. */
const TRAINING_STEP = 10;

/** The line that an event is worth, or undefined for one that is only worth showing live. */
export function plainLine(event: RunEvent): string | undefined {
  switch (event.event) {
    case "run-started":
      return `run ${event.run}: ${event.job} as of ${event.as_of}`;
    case "stage-started":
      return `${event.stage}: started${event.attempt > 1 ? ` (attempt ${event.attempt})` : ""}`;
    case "stage-progress": {
      const isWorthALine = event.stage !== "train" || event.done % TRAINING_STEP === 0;
      return isWorthALine
        ? `${event.stage}: ${event.done} of ${event.total}, ${event.message}`
        : undefined;
    }
    case "training":
      return event.progress.type === "failed"
        ? `train: ${event.progress.id} failed (attempt ${event.progress.attempt}): ${singleLine(event.progress.message)}`
        : undefined;
    case "stage-retried":
      return `${event.stage}: attempt ${event.attempt} failed: ${singleLine(event.error.message)}; again in ${event.delay_seconds.toFixed(0)} s`;
    case "stage-finished":
      return `${event.stage}: ${event.reused ? "reused" : "done"} in ${event.duration_seconds.toFixed(1)} s: ${event.summary}`;
    case "stage-failed":
      return `${event.stage}: failed: ${singleLine(event.error.message)}`;
    case "stage-skipped":
      return `${event.stage}: skipped, ${event.reason}`;
    case "attempt-started": {
      const most = event.attempts_max === null ? "" : ` of ${event.attempts_max}`;
      return `attempt ${event.attempt}${most}: ${singleLine(event.argv.join(" "))}`;
    }
    case "attempt-running":
      return undefined;
    case "output":
      return event.text;
    case "output-cut":
      return `${event.bytes} bytes of output are left out here`;
    case "attempt-ended": {
      const next =
        event.again_in_seconds === null ? "" : `; again in ${event.again_in_seconds.toFixed(0)} s`;
      return `attempt ${event.attempt}: ${event.reason}${next}`;
    }
    case "warning":
      return `warning: ${event.message}`;
    case "note":
      return event.message;
    case "run-finished":
      return `run ${event.run}: ${event.state} in ${event.duration_seconds.toFixed(1)} s`;
  }
}

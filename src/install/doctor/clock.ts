import { newestRuns } from "../../ledger/runs.ts";
import { CLOCK_BEHIND_MS } from "../../schedule/due.ts";
import { utcText } from "../../schedule/wall.ts";
import { fail, pass, type Check } from "./check.ts";

/** Whether the clock is where the ledger has seen it before. */
export const clockCheck: Check = {
  name: "clock",
  run: ({ ledger, clock }) => {
    const nowMs = clock.now();
    const newest = ledger && newestRuns(ledger, { limit: 1 })[0];
    const seenMs = newest?.endedMs ?? newest?.startedMs;
    if (seenMs !== undefined && seenMs - nowMs > CLOCK_BEHIND_MS) {
      return Promise.resolve(
        fail(
          `it says ${utcText(nowMs)}, and a run was recorded at ${utcText(seenMs)}`,
          "Set the clock right: until then nothing starts",
        ),
      );
    }
    return Promise.resolve(pass(`it says ${utcText(nowMs)}`));
  },
};

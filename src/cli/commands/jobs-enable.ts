import { switchCommand } from "../switch-job.ts";

/** `cbi jobs enable`. */
export const command = switchCommand("enable", {
  summary: "Let the slots of a job start again",
  description: "Slots that were due while it was disabled are skipped; none of them is caught up.",
  why: "the feed is back",
});

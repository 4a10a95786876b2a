import { switchCommand } from "../switch-job.ts";

/** `cbi jobs disable`. */
export const command = switchCommand("disable", {
  summary: "Keep the slots of a job from starting, until it is enabled",
  description:
    "Each of its slots is recorded as skipped, with who disabled it and why. A run that is under way goes\n" +
    "on; cbi pause stops it.",
  why: "the feed is changing",
});

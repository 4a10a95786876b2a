import { ExitCode } from "../../system/exit-code.ts";
import { decisionOptions, homeOption, jsonOption, type Command } from "../command.ts";
import { switchJob } from "../switch-job.ts";

/** `cbi jobs disable`. */
export const command: Command = {
  words: ["jobs", "disable"],
  summary: "Keep the slots of a job from starting, until it is enabled",
  description:
    "Each of its slots is recorded as skipped, with who disabled it and why. A run that is under way goes\\n" +
    "on; cbi pause stops it.",
  arguments: [{ name: "<job>", summary: "the job's name in cbi.yaml" }],
  options: [...decisionOptions, jsonOption, homeOption],
  examples: [
    { line: "cbi jobs disable scan --why 'the feed is changing'", says: "and the reason is kept" },
  ],
  exits: [
    { code: ExitCode.done, when: "the job is disabled" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  run: (context, input) => switchJob(context, input, "disabled"),
};

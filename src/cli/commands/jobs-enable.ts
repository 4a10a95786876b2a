import { ExitCode } from "../../system/exit-code.ts";
import { decisionOptions, homeOption, jsonOption, type Command } from "../command.ts";
import { switchJob } from "../switch-job.ts";

/** `cbi jobs enable`. */
export const command: Command = {
  words: ["jobs", "enable"],
  summary: "Let the slots of a job start again",
  description: "Slots that were due while it was disabled are skipped; none of them is caught up.",
  arguments: [{ name: "<job>", summary: "the job's name in cbi.yaml" }],
  options: [...decisionOptions, jsonOption, homeOption],
  examples: [
    { line: "cbi jobs enable scan --why 'the feed is changing'", says: "and the reason is kept" },
  ],
  exits: [
    { code: ExitCode.done, when: "the job is enabled" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  run: (context, input) => switchJob(context, input, "enabled"),
};

import path from "node:path";
import { PROBE_NAME } from "../../host/probe.ts";
import { INSIDE_CHECKS } from "../../install/doctor/checks.ts";
import { probeFrom } from "../../install/probe/look.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { homeOption, type Command } from "../command.ts";

/** `cbi probe`: what a scheduler is let start once, to see what its jobs will see. */
export const command: Command = {
  words: [PROBE_NAME],
  summary:
    "Look from within a scheduler, and leave an answer (cbi install and cbi doctor start it)",
  description:
    "Tries what a night needs where the scheduler would run it: reads and writes the home, trains both\n" +
    "libraries, asks the warehouse. The answer is JSON, written whole after each check; `at` names the\n" +
    "check that is under way and is absent when all are done.",
  options: [
    { flags: "--answer <file>", summary: "where the answer goes; its folder must be there" },
    { flags: "--offline", summary: "leave out what needs the network" },
    homeOption,
  ],
  examples: [{ line: "cbi probe --answer /tmp/answer.json", says: "the same, by hand" }],
  exits: [{ code: ExitCode.done, when: "the answer is written, whatever it says" }],
  async run(context, { options }) {
    const { answer, offline, home } = options;
    if (typeof answer !== "string") {
      throw new Failure({
        code: "CBI_USAGE",
        message: "--answer says where the answer goes, and is missing",
        remedy: "See: cbi probe --help",
        exit: ExitCode.usage,
      });
    }
    await probeFrom(
      {
        environment: context.environment,
        workingDirectory: context.workingDirectory,
        homeOption: typeof home === "string" ? home : undefined,
        leavesNoTrace: true,
      },
      INSIDE_CHECKS,
      path.resolve(context.workingDirectory, answer),
      { clock: context.clock, signal: context.signal, isOffline: offline === true },
    );
    return ExitCode.done;
  },
};

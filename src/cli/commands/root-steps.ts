import { HELPER_NAME, serveRootSteps } from "../../host/root-by-helper.ts";
import { ExitCode } from "../../system/exit-code.ts";
import type { Command } from "../command.ts";

/** `cbi root-steps`: what stays root when an installation that root has started becomes the user's. */
export const command: Command = {
  words: [HELPER_NAME],
  summary:
    "Take single steps as root for the cbi that has started this (sudo cbi install starts it)",
  examples: [{ line: `cbi ${HELPER_NAME}`, says: "refused: nobody asks it by hand" }],
  exits: [{ code: ExitCode.done, when: "whoever started it is gone" }],
  async run(context) {
    await serveRootSteps(context.signal);
    return ExitCode.done;
  },
};

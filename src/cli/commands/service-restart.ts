import { patienceMs, restartService } from "../../jobs/service/control.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { decisionOptions, homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { textOption } from "../options.ts";
import { roadOf, whoIs } from "../road.ts";
import { serviceNamed, tellService, waitOption } from "../service.ts";

/** `cbi service restart`: ends a running service and starts it again, by whoever keeps it. */
export const command: Command = {
  words: ["service", "restart"],
  summary: "Restart a running service, if its gates pass",
  description:
    "Its gates are asked first: when one holds, or a pause is in force, the service goes on as it is. Such a\n" +
    "restart does not count against restart.max.",
  arguments: [{ name: "<service>", summary: "the job's name in cbi.yaml" }],
  options: [...decisionOptions, waitOption, jsonOption, homeOption],
  examples: [
    { line: "cbi service restart execute --why 'new list'", says: "and the reason is kept" },
  ],
  exits: [
    { code: ExitCode.done, when: "it is running again" },
    { code: ExitCode.failed, when: "it was not running, or is not up in time" },
    { code: ExitCode.held, when: "a kill switch or a gate held it, and it goes on" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input, { isWritten: true });
    const road = roadOf(context, home);
    using ledgers = road.ledgers;
    void ledgers;
    const job = serviceNamed(road, input.arguments[0] ?? "");
    const { wait } = input.options;
    const state = await restartService(road, job, {
      who: textOption(input, "who") ?? whoIs(context.environment),
      reason: textOption(input, "why") ?? "",
      waitMs: typeof wait === "number" ? wait : patienceMs(job),
    });
    return tellService(context, input, road, job, state);
  },
};

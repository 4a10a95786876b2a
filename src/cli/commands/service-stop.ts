import { patienceMs, stopService } from "../../jobs/service/control.ts";
import { serviceState } from "../../jobs/service/state.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { decisionOptions, homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { textOption } from "../options.ts";
import { roadOf, whoIs } from "../road.ts";
import { serviceNamed, tellService, waitOption } from "../service.ts";

/** `cbi service stop`: ends a service, whoever keeps it. */
export const command: Command = {
  words: ["service", "stop"],
  summary: "Stop a service until its next slot",
  description:
    "Its whole process group gets TERM, and after its grace KILL. Its slot ends as skipped, with who and why,\n" +
    "and does not go on by itself. Stopping what does not run is well; cbi pause keeps it from starting.",
  arguments: [{ name: "<service>", summary: "the job's name in cbi.yaml" }],
  options: [...decisionOptions, waitOption, jsonOption, homeOption],
  examples: [{ line: "cbi service stop execute --why 'halted'", says: "and the reason is kept" }],
  exits: [
    { code: ExitCode.done, when: "it does not run" },
    { code: ExitCode.failed, when: "whoever keeps it did not obey in time" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const road = roadOf(context, home);
    using ledgers = road.ledgers;
    const job = serviceNamed(road, input.arguments[0] ?? "");
    const { wait } = input.options;
    await stopService(road, job, {
      who: textOption(input, "who") ?? whoIs(context.environment),
      reason: textOption(input, "why") ?? "",
      waitMs: typeof wait === "number" ? wait : patienceMs(job),
    });
    return tellService(context, input, road, job, serviceState(ledgers.ledger, job));
  },
};

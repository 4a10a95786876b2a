import { hostOf } from "../../install/installed-host.ts";
import { patienceMs } from "../../jobs/service/control.ts";
import { startService } from "../../jobs/service/start.ts";
import { serviceState } from "../../jobs/service/state.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { roadOf } from "../road.ts";
import { serviceNamed, tellService, waitOption } from "../service.ts";

/** `cbi service start`: a service now, beside this process. */
export const command: Command = {
  words: ["service", "start"],
  summary: "Start a service now, if its gates pass, and leave it running",
  description:
    "Its slot starts or goes on when one is due; else it runs until the end that its day gives it. A process of\n" +
    "cbi of its own keeps it alive, which a closed terminal does not end; where cbi is installed in launchd or\n" +
    "systemd, they start that process and bring it back. Starting what runs does nothing.",
  arguments: [{ name: "<service>", summary: "the job's name in cbi.yaml" }],
  options: [waitOption, jsonOption, homeOption],
  examples: [{ line: "cbi service start execute", says: "and cbi service stop execute ends it" }],
  exits: [
    { code: ExitCode.done, when: "it is running" },
    { code: ExitCode.failed, when: "it ended at once, or is not up in time" },
    { code: ExitCode.lockHeld, when: "another run of its group is under way" },
    { code: ExitCode.held, when: "a kill switch or a gate held it" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input, { isWritten: true });
    const road = roadOf(context, home);
    using ledgers = road.ledgers;
    const job = serviceNamed(road, input.arguments[0] ?? "");
    const before = serviceState(ledgers.ledger, job);
    const { wait } = input.options;
    const waitMs = typeof wait === "number" ? wait : patienceMs(job);
    const host = await hostOf(home, road.world);
    const state =
      before.state === "running" ? before : await startService(road, job, { host, waitMs });
    return tellService(context, input, road, job, state);
  },
};

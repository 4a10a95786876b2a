import { hostOf } from "../../install/installed-host.ts";
import { HomeJobs } from "../../jobs/schedules.ts";
import { serviceState } from "../../jobs/service/state.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { serviceLine, shownService } from "../service.ts";

/** `cbi service list`: how every service is now. */
export const command: Command = {
  words: ["service", "list"],
  summary: "List the services: which run, since when, kept by whom, and until when",
  options: [jsonOption, homeOption],
  examples: [
    { line: "cbi service list", says: "all services of the home" },
    { line: "cbi service list --json | jq '.[].state'", says: "for a program" },
  ],
  exits: [
    { code: ExitCode.done, when: "the services were listed" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const jobs = new HomeJobs(home);
    using ledger = ledgerOf(home);
    const { clock, environment, signal } = context;
    const host = await hostOf(home, { clock, environment, signal });
    const services = jobs.names
      .flatMap((name) => jobs.find(name) ?? [])
      .filter(({ settings }) => settings.kind === "service");
    const shown = await Promise.all(
      services.map((job) => shownService(job.name, serviceState(ledger, job), host)),
    );
    if (input.options["json"] === true) {
      context.write(`${JSON.stringify(shown, undefined, 2)}\n`);
      return ExitCode.done;
    }
    for (const one of shown) context.write(`${serviceLine(one)}\n`);
    if (shown.length === 0) context.remark("cbi: no job of this home is of the kind service");
    return ExitCode.done;
  },
};

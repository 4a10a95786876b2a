import { homeCalendar } from "../../config/calendars.ts";
import { megabytes } from "../../pipeline/cost-line.ts";
import { asOfDay } from "../../pipeline/night.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { estimateNight } from "../../warehouse/bigquery/estimate.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { remoteOf } from "../remote.ts";

/** `cbi warehouse estimate`: what a night's queries would bill, without running them. */
export const command: Command = {
  words: ["warehouse", "estimate"],
  summary: "Tell the bytes that a night's queries would bill, without running them",
  options: [jsonOption, homeOption],
  examples: [{ line: "cbi warehouse estimate", says: "each query by a dry run" }],
  exits: [
    { code: ExitCode.done, when: "the bytes were told" },
    { code: ExitCode.dataRefused, when: "a table or dataset is missing" },
    { code: ExitCode.unavailable, when: "the warehouse cannot be reached" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const world = remoteOf(home);
    const asOf = asOfDay(home.config.as_of, homeCalendar(home), context.clock.now());
    const queries = world ? await estimateNight(world, home.config, asOf, context.signal) : [];
    const bytes = queries.reduce((sum, query) => sum + query.bytes, 0);
    if (input.options["json"] === true) {
      context.write(`${JSON.stringify({ as_of: asOf, queries, bytes }, undefined, 2)}\n`);
      return ExitCode.done;
    }
    for (const query of queries)
      context.write(`${query.query.padEnd(14)} ${megabytes(query.bytes)}\n`);
    const bill = world ? megabytes(bytes) : "0 MB, for the warehouse is embedded";
    context.write(`${"a night".padEnd(14)} ${bill}\n`);
    return ExitCode.done;
  },
};

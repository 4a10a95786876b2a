import { checkBigQuery } from "../../warehouse/bigquery/check.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { remoteOf } from "../remote.ts";

/** `cbi warehouse check`: whether BigQuery can be reached and holds what a night needs. */
export const command: Command = {
  words: ["warehouse", "check"],
  summary: "Look whether the warehouse can be reached and has what a night needs",
  options: [jsonOption, homeOption],
  examples: [{ line: "cbi warehouse check", says: "login, tables, columns, datasets" }],
  exits: [
    { code: ExitCode.done, when: "all is there" },
    { code: ExitCode.unavailable, when: "something is not" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const world = remoteOf(home);
    const checks = world ? await checkBigQuery(world, home.config, context.signal) : [];
    if (input.options["json"] === true) context.write(`${JSON.stringify(checks, undefined, 2)}\n`);
    else if (!world)
      context.write("The embedded warehouse is a file of this home: nothing to reach.\n");
    for (const { name, isGood, message, remedy } of checks) {
      if (input.options["json"] === true) continue;
      context.write(`${isGood ? "good" : "BAD "}  ${name.padEnd(12)} ${message}\n`);
      if (remedy !== undefined) context.write(`${" ".repeat(19)}${remedy}\n`);
    }
    return checks.every(({ isGood }) => isGood) ? ExitCode.done : ExitCode.unavailable;
  },
};

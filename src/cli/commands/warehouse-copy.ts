import path from "node:path";
import { homeCalendar } from "../../config/calendars.ts";
import { asOfDay } from "../../pipeline/night.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { homePaths } from "../../system/home.ts";
import { pullHome, pushTables } from "../../warehouse/copy.ts";
import { openWarehouse } from "../../warehouse/open.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { remoteOf } from "../remote.ts";

/** `cbi warehouse copy`: tables down into a new embedded home, or up into a BigQuery home. */
export const command: Command = {
  words: ["warehouse", "copy"],
  summary: "Copy tables, prices and forecasts between BigQuery and the embedded warehouse",
  description:
    "From a BigQuery home into a new folder, which becomes a home with the embedded warehouse; or from " +
    "an embedded home up into the tables of the BigQuery home in that folder. Forecasts are copied day by " +
    "day: those of the same day and horizon are replaced, others stay.",
  arguments: [{ name: "<dir>", summary: "a new folder, or a home with warehouse.kind: bigquery" }],
  options: [jsonOption, homeOption],
  examples: [
    { line: "cbi warehouse copy ~/offline", says: "a home to work offline, or to replay" },
  ],
  exits: [
    { code: ExitCode.done, when: "the tables were copied" },
    { code: ExitCode.dataRefused, when: "a table or dataset is missing" },
    { code: ExitCode.unavailable, when: "the warehouse cannot be reached" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const folder = path.resolve(context.workingDirectory, input.arguments[0] ?? "");
    const source = {
      config: home.config,
      text: home.text,
      warehouse: openWarehouse(home.config, home.paths, context.environment),
      asOf: asOfDay(home.config.as_of, homeCalendar(home), context.clock.now()),
    };
    const tables = remoteOf(home)
      ? await pullHome(source, homePaths(folder), context.signal)
      : await push();
    if (input.options["json"] === true) context.write(`${JSON.stringify(tables, undefined, 2)}\n`);
    else for (const { table, rows } of tables) context.write(`${table}: ${rows} rows\n`);
    return ExitCode.done;

    async function push() {
      const target = await homeOf(context, { ...input, options: { home: folder } });
      const world = remoteOf(target);
      const settings = target.config.warehouse;
      if (!world || settings.kind !== "bigquery") throw bothEmbedded(folder);
      const { trainingData } = home.paths;
      const place = {
        world,
        warehouse: openWarehouse(target.config, target.paths, context.environment),
        config: target.config,
        settings,
        folder: trainingData,
      };
      return pushTables(source, place, context.signal);
    }
  },
};

function bothEmbedded(folder: string): Failure {
  return new Failure({
    code: "CBI_COPY_LOCAL",
    message: `one of the two homes should have warehouse.kind: bigquery; ${folder} is embedded too`,
    remedy: "Copy the home's folder itself.",
    exit: ExitCode.usage,
  });
}

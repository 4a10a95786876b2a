import path from "node:path";
import { ConfigFailure } from "../../config/config-failure.ts";
import { type Home, loadHome } from "../../config/home.ts";
import { originSummary } from "../../config/origins.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { exists } from "../../system/files.ts";
import { type Command, homeOption, jsonOption } from "../command.ts";

export const command: Command = {
  words: ["config", "check"],
  summary: "Check the configuration and list every problem in it",
  description:
    "A source file that is missing is a warning here, since the night may still bring it; the\n" +
    "export refuses it.",
  options: [homeOption, jsonOption],
  examples: [
    { line: "cbi config check", says: "the home around this folder" },
    { line: "cbi config check --home ~/cbi --json", says: "another home, for a program" },
  ],
  exits: [
    { code: ExitCode.done, when: "the configuration is valid, with or without warnings" },
    { code: ExitCode.configInvalid, when: "there is no home, or its cbi.yaml is not valid" },
  ],
  async run(context, input) {
    const isJson = input.options["json"] === true;
    const homeOption = input.options["home"] as string | undefined;
    try {
      const home = await loadHome({ ...context, homeOption });
      const warnings = [...home.warnings, ...(await missingFiles(home))];
      for (const warning of warnings) context.remark(`warning: ${warning}`);
      context.write(
        isJson ? json({ valid: true, home: home.paths.root, warnings }) : summary(home),
      );
      return ExitCode.done;
    } catch (error) {
      if (!isJson || !(error instanceof ConfigFailure)) throw error;
      context.write(json({ valid: false, problems: error.problems, remedy: error.remedy }));
      return error.exit;
    }
  },
};

/** A sentence for each file or folder that the configuration names and that is not there. */
async function missingFiles({ config, paths }: Home): Promise<string[]> {
  const { warehouse } = config;
  if (warehouse.kind !== "duckdb") return [];
  const named = [
    ...Object.entries(warehouse.sources).map(([table, source]) => ({
      key: `warehouse.sources.${table}`,
      name: typeof source === "string" ? source : source.path,
    })),
    { key: "warehouse.prepare", name: warehouse.prepare },
  ];
  const sentences: string[] = [];
  for (const { key, name } of named) {
    const file = path.resolve(paths.trainingData, name);
    // A pattern of several files is for the warehouse to expand.
    if (/[*?[]/.test(name) || (await exists(file))) continue;
    sentences.push(`${key} names ${file}, which is not there`);
  }
  return sentences;
}

function summary({ paths, config, origins }: Home): string {
  const horizons = Object.entries(config.horizons).map(([name, rows]) => `${name} (${rows})`);
  return [
    `${paths.config} is valid.`,
    `  symbol      ${config.symbol}, priced by ${config.price.table}.${config.price.column}`,
    `  horizons    ${horizons.join(", ")} price rows ahead`,
    `  algorithms  ${config.train.algorithms.join(", ")}`,
    `  values      ${originSummary(origins)}`,
    "",
  ].join("\n");
}

function json(answer: Record<string, unknown>): string {
  return `${JSON.stringify(answer, undefined, 2)}\n`;
}

import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { configSchema } from "../../config/schema.ts";
import { mustBeOnItsVolume } from "../../install/home-volume.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { exists, publish, replaceFile, temporaryNameFor } from "../../system/files.ts";
import { planFolds } from "../../training/folds.ts";
import {
  emptyHomePlan,
  type HomePlan,
  seriesHomePlan,
  symbolFromFileName,
} from "../../warehouse/starter/home-plan.ts";
import { inspectSeries, type Series } from "../../warehouse/starter/series.ts";
import { type Command, type CommandContext, type CommandInput, jsonOption } from "../command.ts";
import { textOption } from "../options.ts";

/** `cbi init`: makes a home, with `--from` a complete one around a file of prices. */
export const command: Command = {
  words: ["init"],
  summary: "Make a home: cbi.yaml and its folders, and with --from the SQL for a file of prices",
  description:
    "With --from the file is copied to TrainingData/raw/, its columns of days and prices are found,\n" +
    "and cbi.yaml and SQL are written that a night can run on. Nothing is ever overwritten.",
  arguments: [{ name: "[dir]", summary: "the folder to make it in (default: this one)" }],
  options: [
    { flags: "--from <file>", summary: "a CSV or Parquet file with one price a day" },
    {
      flags: "--symbol <name>",
      summary: "what is forecast (default: from the file's name)",
      parse: parseSymbol,
    },
    { flags: "--date-column <name>", summary: "the column of days, if several may be it" },
    { flags: "--price-column <name>", summary: "the column of prices, if several may be it" },
    { flags: "--dry-run", summary: "only say what would be made" },
    jsonOption,
  ],
  examples: [
    { line: "cbi init ~/copper --from copper.csv", says: "a home for the prices in copper.csv" },
    {
      line: "cbi init --from fred.csv --symbol WTI --price-column DCOILWTICO",
      says: "named columns",
    },
    { line: "cbi init", says: "a home in this folder, its cbi.yaml to be filled in" },
  ],
  exits: [
    { code: ExitCode.done, when: "the home is made" },
    { code: ExitCode.dataRefused, when: "the file of --from cannot be read as one price series" },
  ],
  async run(context, input) {
    const root = path.resolve(context.workingDirectory, input.arguments[0] ?? ".");
    // Where a home was, and its volume is missing, another one would hide it when it comes back.
    await mustBeOnItsVolume(root, context);
    const from = textOption(input, "from");
    const made =
      from === undefined ? { plan: emptyHomePlan() } : await planFrom(from, context, input);
    const copy = "copy" in made ? made.copy : undefined;
    await refuseOverwriting(root, [...Object.keys(made.plan.files), ...(copy ? [copy.to] : [])]);
    const isDryRun = input.options["dryRun"] === true;
    if (!isDryRun) await makeHome(root, made.plan, copy);
    for (const warning of made.plan.warnings) context.remark(`note: ${warning}`);
    const facts = "facts" in made ? made.facts : undefined;
    context.write(
      input.options["json"] === true
        ? `${JSON.stringify({ home: root, dry_run: isDryRun, files: filesOf(made.plan, copy), ...facts, warnings: made.plan.warnings }, undefined, 2)}\n`
        : report(root, made.plan, copy, facts, {
            isDryRun,
            isHere: root === context.workingDirectory,
          }),
    );
    return ExitCode.done;
  },
};

interface Copy {
  /** Absolute. */
  from: string;
  /** Relative to the home. */
  to: string;
}

interface SeriesFacts {
  symbol: string;
  date_column: string;
  price_column: string;
  rows: number;
  prices: number;
  blank_prices: number;
  first: string;
  last: string;
}

function parseSymbol(text: string): string {
  if (configSchema.shape.symbol.safeParse(text).success) return text;
  throw new Failure({
    code: "CBI_USAGE",
    message: `expected a symbol of a letter, then letters, digits or _, at most 32 in all; got '${text}'`,
    exit: ExitCode.usage,
  });
}

async function planFrom(
  from: string,
  context: CommandContext,
  input: CommandInput,
): Promise<{ plan: HomePlan; copy: Copy; facts: SeriesFacts }> {
  const file = path.resolve(context.workingDirectory, from);
  const series = await inspectSeries(file, {
    dateColumn: textOption(input, "dateColumn"),
    priceColumn: textOption(input, "priceColumn"),
  });
  const fileName = path.basename(file).replaceAll(/[*?[\]]/g, "_");
  const symbol = textOption(input, "symbol") ?? symbolFromFileName(fileName);
  const plan = seriesHomePlan({
    symbol,
    fileName,
    series,
    today: new Date(context.clock.now()).toISOString().slice(0, 10),
    isTrainable: trainableWith(series.days),
  });
  const facts = {
    symbol,
    date_column: series.dateColumn,
    price_column: series.priceColumn,
    rows: series.rows,
    prices: series.days.length,
    blank_prices: series.blankPrices,
    first: series.days[0] ?? "",
    last: series.days.at(-1) ?? "",
  };
  return { plan, copy: { from: file, to: `TrainingData/raw/${fileName}` }, facts };
}

/** Whether the folds of the default configuration fit, by the planner that the night uses. */
function trainableWith(days: Series["days"]): (horizonRows: number) => boolean {
  const train = configSchema.shape.train.parse(undefined);
  return (horizonRows) => {
    const labelled = days.map((_day, index) => index + horizonRows < days.length);
    return planFolds({ dates: days, labelled, horizonRows }, train).kind === "plan";
  };
}

async function refuseOverwriting(root: string, files: string[]): Promise<void> {
  const present = [];
  for (const file of files) if (await exists(path.join(root, file))) present.push(file);
  if (present.length === 0) return;
  throw new Failure({
    code: "CBI_HOME_EXISTS",
    message: `${root} already has ${present.join(", ")}; nothing was changed`,
    remedy: "Make the home in another folder: cbi init <dir>",
    exit: ExitCode.usage,
  });
}

async function makeHome(root: string, plan: HomePlan, copy: Copy | undefined): Promise<void> {
  for (const folder of plan.folders) await mkdir(path.join(root, folder), { recursive: true });
  if (copy) {
    const target = path.join(root, copy.to);
    const temporary = temporaryNameFor(target);
    await copyFile(copy.from, temporary);
    await publish(temporary, target);
  }
  for (const [file, text] of Object.entries(plan.files)) {
    await replaceFile(path.join(root, file), text);
  }
}

function filesOf(plan: HomePlan, copy: Copy | undefined): string[] {
  return [...(copy ? [copy.to] : []), ...Object.keys(plan.files)];
}

function report(
  root: string,
  plan: HomePlan,
  copy: Copy | undefined,
  facts: SeriesFacts | undefined,
  { isDryRun, isHere }: { isDryRun: boolean; isHere: boolean },
): string {
  const lines = [`${isDryRun ? "Would make" : "Made"} a home in ${root}:`];
  for (const file of filesOf(plan, copy)) lines.push(`  ${file}`);
  if (facts) {
    const blanks = facts.blank_prices === 0 ? "" : `, ${facts.blank_prices} blank`;
    lines.push(
      `${facts.symbol}: ${facts.prices} prices in '${facts.price_column}' by '${facts.date_column}', ${facts.first} to ${facts.last}${blanks}`,
    );
  }
  const next = facts ? "cbi run nightly" : "cbi config check (says what to fill in)";
  const where = isHere ? "" : ` --home ${root}`;
  lines.push(`Next: ${next.replace(/^cbi (\w+ \w+)/, `cbi $1${where}`)}`, "");
  return lines.join("\n");
}

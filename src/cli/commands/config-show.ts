import { type Home, loadHome } from "../../config/home.ts";
import { originText } from "../../config/origins.ts";
import { configSchema } from "../../config/schema.ts";
import { type ShownValue, shownValues, valueText } from "../../config/values.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { type Command, type CommandContext, homeOption, jsonOption } from "../command.ts";
import { stylerFor } from "../style.ts";

const VALUE_WIDTH_MAX = 48;

export const command: Command = {
  words: ["config", "show"],
  summary: "Show every value of the configuration and where it came from",
  description:
    "An origin is default, a line of cbi.yaml, or the name of an environment variable. Secrets are\n" +
    "shown as asterisks.",
  options: [
    { flags: "--set", summary: "only values that are set somewhere, without the defaults" },
    homeOption,
    jsonOption,
  ],
  examples: [
    { line: "cbi config show", says: "all values, aligned" },
    { line: "CBI_CONFIG__train__folds=3 cbi config show --set", says: "what an override changes" },
  ],
  exits: [
    { code: ExitCode.done, when: "the configuration is valid and was shown" },
    { code: ExitCode.configInvalid, when: "there is no home, or its cbi.yaml is not valid" },
  ],
  async run(context, input) {
    const home = await loadHome({
      ...context,
      homeOption: input.options["home"] as string | undefined,
    });
    const isWanted = (value: ShownValue): boolean =>
      input.options["set"] !== true || value.origin.kind !== "default";
    const values = shownValues(configSchema, home.config, home.origins).filter(isWanted);
    for (const warning of home.warnings) context.remark(`warning: ${warning}`);
    context.write(input.options["json"] === true ? json(home, values) : table(context, values));
    return ExitCode.done;
  },
};

function table(context: CommandContext, values: readonly ShownValue[]): string {
  const style = stylerFor(context);
  const texts = values.map(({ value }) => valueText(value));
  const keyWidth = Math.max(0, ...values.map(({ key }) => key.length));
  const valueWidth = Math.min(VALUE_WIDTH_MAX, Math.max(0, ...texts.map((text) => text.length)));
  return values
    .map(({ key, origin }, index) => {
      const isDefault = origin.kind === "default";
      const value = (texts[index] ?? "").padEnd(valueWidth);
      const shown = isDefault ? value : style("bold", value);
      return `${key.padEnd(keyWidth)}  ${shown}  ${style("dim", originText(origin))}\n`;
    })
    .join("");
}

function json(home: Home, values: readonly ShownValue[]): string {
  const shown = {
    home: home.paths.root,
    config_hash: home.configHash,
    values: values.map(({ key, value, isSecret, origin }) => ({
      key,
      value,
      ...(isSecret ? { secret: true } : {}),
      origin,
    })),
    warnings: home.warnings,
  };
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

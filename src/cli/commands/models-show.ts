import { aliasOf, decisions, isSameFit } from "../../ledger/champions.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import {
  listModels,
  problemWithModel,
  readManifest,
  type ModelKey,
} from "../../models/registry.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { unknownName } from "../options.ts";
import { championText } from "../show/champion.ts";

const FEATURES_SHOWN = 10;
const DECISIONS_SHOWN = 5;

/** `cbi models show`: where a version came from and what it is worth. */
export const command: Command = {
  words: ["models", "show"],
  summary: "Show a version: data, parameters, folds, features, decisions",
  arguments: [{ name: "<version>", summary: "the version's name, or an unmistakable part of it" }],
  options: [{ ...jsonOption, summary: "its manifest.json" }, homeOption],
  examples: [{ line: "cbi models show 2025-12-31-3fa9c2d1aa", says: "one version" }],
  exits: [
    { code: ExitCode.done, when: "it was shown" },
    { code: ExitCode.failed, when: "it is damaged" },
    { code: ExitCode.usage, when: "there is no such version" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const { keys } = await listModels(home.paths);
    const [name = ""] = input.arguments;
    const matching = keys.filter((key) =>
      `${key.horizon}/${key.algorithm}/${key.version}`.includes(name),
    );
    const [key] = matching;
    if (!key || matching.length > 1) {
      const names = keys.map(({ version }) => version);
      throw unknownName(
        matching.length > 1 ? "single version" : "version",
        name,
        names,
        ExitCode.usage,
      );
    }
    const manifest = await readManifest(home.paths, key);
    const problem = await problemWithModel(home.paths, key);
    if (input.options["json"] === true) {
      context.write(`${JSON.stringify(manifest, undefined, 2)}\n`);
      return problem === undefined ? ExitCode.done : ExitCode.failed;
    }
    const write = (label: string, text: string) => context.write(`${label.padEnd(12)} ${text}\n`);
    write("version", `${key.horizon} ${key.algorithm} ${key.version}`);
    write("files", problem ?? "verified");
    write("as of", `${manifest.as_of}, made by run ${manifest.run}`);
    write(
      "data",
      `${manifest.data.train_rows} labelled rows of ${manifest.data.first} to ${manifest.data.last}`,
    );
    write("rounds", `${manifest.rounds}, seed ${manifest.seed}`);
    write(
      "libraries",
      Object.entries(manifest.libraries)
        .map((pair) => pair.join(" "))
        .join(", "),
    );
    write(
      "parameters",
      Object.entries(manifest.parameters)
        .map((pair) => pair.join("="))
        .join(" "),
    );
    for (const fold of manifest.folds) {
      const { mape_percent: mape, mape_percent_random_walk: naive } = fold.figures;
      write(
        `fold ${fold.fold}`,
        `${fold.first} to ${fold.last}  MAPE ${shown(mape)}  random walk ${shown(naive)}`,
      );
    }
    const strongest = Object.entries(manifest.importance)
      .sort(([, left], [, right]) => right - left)
      .slice(0, FEATURES_SHOWN);
    write(
      "features",
      `${manifest.features.length}; most used: ${strongest.map(([feature]) => feature).join(", ")}`,
    );
    using ledger = ledgerOf(home);
    write("serves", ledger ? servesAs(ledger, key) : "no: no run has ended yet");
    for (const decision of ledger
      ? decisions(ledger, { horizon: key.horizon, limit: DECISIONS_SHOWN })
      : []) {
      write(
        "decision",
        `${decision.asOf} ${decision.kind} ${decision.algorithm}: ${decision.reason}`,
      );
    }
    return problem === undefined ? ExitCode.done : ExitCode.failed;
  },
};

/** As what a version serves, and who else does. */
function servesAs(ledger: Ledger, key: ModelKey): string {
  const champion = aliasOf(ledger, key.horizon, "champion");
  if (!champion) return `no: ${key.horizon} has no champion yet`;
  if (isSameFit(champion, key)) return `as the champion of ${key.horizon}`;
  const previous = aliasOf(ledger, key.horizon, "previous");
  const role =
    previous && isSameFit(previous, key) ? "no: it was the champion before" : "no: in shadow";
  return `${role}; the champion of ${key.horizon} is ${championText(champion)}`;
}

function shown(percent: number | null | undefined): string {
  return percent === null || percent === undefined ? "unknown" : `${percent.toFixed(2)} %`;
}

import { aliases } from "../../ledger/champions.ts";
import { listModels, readManifest } from "../../models/registry.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { messageOf } from "../../system/failure.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";

interface Listed {
  horizon: string;
  algorithm: string;
  version: string;
  alias: "champion" | "previous" | null;
  as_of: string | null;
  rounds: number | null;
  skill: number | null;
  mape_percent: number | null;
  problem: string | null;
}

/** `cbi models list`: every version on disk with its out-of-fold figures. */
export const command: Command = {
  words: ["models", "list"],
  summary: "List the model versions with their figures",
  arguments: [{ name: "[horizon]", summary: "only this horizon" }],
  options: [jsonOption, homeOption],
  examples: [{ line: "cbi models list 3m", says: "the versions of the three-month horizon" }],
  exits: [
    { code: ExitCode.done, when: "the versions were listed" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    using ledger = ledgerOf(home);
    const [horizon] = input.arguments;
    const marked = ledger ? aliases(ledger) : [];
    const keys = (await listModels(home.paths)).filter(
      (key) => horizon === undefined || key.horizon === horizon,
    );
    const rows = await Promise.all(
      keys.map(async (key): Promise<Listed> => {
        const alias = marked.find(
          (one) =>
            one.horizon === key.horizon &&
            one.algorithm === key.algorithm &&
            one.version === key.version,
        );
        const known = { ...key, alias: alias?.alias ?? null };
        try {
          const manifest = await readManifest(home.paths, key);
          return {
            ...known,
            as_of: manifest.as_of,
            rounds: manifest.rounds,
            skill: manifest.figures["skill"] ?? null,
            mape_percent: manifest.figures["mape_percent"] ?? null,
            problem: null,
          };
        } catch (error) {
          const problem = messageOf(error);
          return { ...known, as_of: null, rounds: null, skill: null, mape_percent: null, problem };
        }
      }),
    );
    if (input.options["json"] === true) context.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    else for (const line of lines(rows)) context.write(`${line}\n`);
    return ExitCode.done;
  },
};

function lines(rows: readonly Listed[]): string[] {
  if (rows.length === 0) return ["no models yet: cbi run nightly"];
  const head = `${"horizon".padEnd(8)} ${"algorithm".padEnd(16)} ${"version".padEnd(22)} ${"rounds".padStart(6)} ${"MAPE".padStart(8)} ${"skill".padStart(8)}`;
  return [head, ...rows.map(line)];
}

function line(row: Listed): string {
  const figures = [
    (row.rounds === null ? "" : String(row.rounds)).padStart(6),
    (row.mape_percent === null ? "" : `${row.mape_percent.toFixed(2)} %`).padStart(8),
    (row.skill === null ? "" : `${(row.skill * 100).toFixed(1)} %`).padStart(8),
  ].join(" ");
  const mark = row.alias ?? row.problem ?? "";
  return `${row.horizon.padEnd(8)} ${row.algorithm.padEnd(16)} ${row.version.padEnd(22)} ${figures}  ${mark}`.trimEnd();
}

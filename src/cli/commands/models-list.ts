import { aliases, decisions, isSameFit, type ModelAlias } from "../../ledger/champions.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { listModels, readManifest, type ModelKey } from "../../models/registry.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { messageOf } from "../../system/failure.ts";
import type { HomePaths } from "../../system/home.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";

interface Listed {
  horizon: string;
  algorithm: string;
  /** Null for the random walk, which has none. */
  version: string | null;
  alias: "champion" | "previous" | null;
  as_of: string | null;
  rounds: number | null;
  skill: number | null;
  mape_percent: number | null;
  problem: string | null;
}

/** `cbi models list`: every version on disk with its out-of-fold figures, and who serves. */
export const command: Command = {
  words: ["models", "list"],
  summary: "List the model versions with their figures",
  description:
    "The random walk is listed where it is champion, or was before the champion. Below stand the\n" +
    "horizons whose champion changes with the next night.",
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
    const [wish] = input.arguments;
    const isAsked = ({ horizon }: { horizon: string }): boolean =>
      wish === undefined || horizon === wish;
    const marked = ledger ? aliases(ledger).filter(isAsked) : [];
    const { keys, warnings } = await listModels(home.paths);
    for (const warning of warnings) context.remark(`warning: ${warning}`);
    const models = await Promise.all(
      keys.filter(isAsked).map((key) => listed(home.paths, key, marked)),
    );
    const rows = [...models, ...marked.filter(isRandomWalk).map(walkRow)].toSorted((left, right) =>
      left.horizon < right.horizon ? -1 : left.horizon > right.horizon ? 1 : 0,
    );
    if (input.options["json"] === true) context.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    else {
      const turns = ledger ? changesToCome(ledger, marked) : [];
      for (const line of [...lines(rows), ...turns]) context.write(`${line}\n`);
    }
    return ExitCode.done;
  },
};

async function listed(
  paths: HomePaths,
  key: ModelKey,
  marked: readonly ModelAlias[],
): Promise<Listed> {
  const alias = marked.find((one) => one.horizon === key.horizon && isSameFit(one, key));
  const known = { ...key, alias: alias?.alias ?? null };
  try {
    const manifest = await readManifest(paths, key);
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
}

function isRandomWalk({ version }: ModelAlias): boolean {
  return version === undefined;
}

/** The random walk's skill against itself is nothing; its error is not known here. */
function walkRow({ horizon, algorithm, alias, asOf }: ModelAlias): Listed {
  const figures = { rounds: null, skill: 0, mape_percent: null, problem: null };
  return { horizon, algorithm, version: null, alias, as_of: asOf, ...figures };
}

/** The horizons whose next night goes by a decision that was made after the last one. */
function changesToCome(ledger: Ledger, marked: readonly ModelAlias[]): string[] {
  const champions = marked.filter(({ alias }) => alias === "champion");
  return champions.flatMap(({ horizon, spec }) => {
    const [newest] = decisions(ledger, { horizon, limit: 1 });
    if (!newest || newest.spec === spec) return [];
    const { algorithm, kind, asOf } = newest;
    return [`${horizon}: ${algorithm} predicts from the next night on (${kind} as of ${asOf})`];
  });
}

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
  return `${row.horizon.padEnd(8)} ${row.algorithm.padEnd(16)} ${(row.version ?? "").padEnd(22)} ${figures}  ${mark}`.trimEnd();
}

import { RunLock } from "../../guard/run-lock.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { pruneHome, type Pruned } from "../../pipeline/prune.ts";
import { lockHeld, pipelineLockFile } from "../../pipeline/run-start.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";

/** `cbi prune`: gives back what `retention` no longer keeps; every night does the same at its end. */
export const command: Command = {
  words: ["prune"],
  summary: "Delete what retention no longer keeps: old versions, runs, logs, leftovers",
  description:
    "Never the champion, the version before it, what the newest finished run made, or anything of a run\n" +
    "under way; nothing that is not cbi's own, and nothing behind a symbolic link. The limits are\n" +
    "`retention` in cbi.yaml; every finished night applies them too.",
  options: [
    { flags: "--dry-run", summary: "only list what would be deleted" },
    jsonOption,
    homeOption,
  ],
  examples: [{ line: "cbi prune --dry-run", says: "what would go, and how much room it takes" }],
  exits: [
    { code: ExitCode.done, when: "nothing is left to delete" },
    { code: ExitCode.lockHeld, when: "a run is under way" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input, { isWritten: true });
    const isDryRun = input.options["dryRun"] === true;
    using lock = RunLock.tryTake(pipelineLockFile(home.paths));
    if (!lock) throw lockHeld("a run is under way in this home; it prunes when it is done");
    using ledger = Ledger.open(home.paths.ledger);
    const request = { home, ledger, clock: context.clock, isDryRun };
    const { pruned, warnings } = await pruneHome(request);
    for (const warning of warnings) context.remark(`warning: ${warning}`);
    if (input.options["json"] === true) {
      context.write(`${JSON.stringify({ dry_run: isDryRun, pruned, warnings }, undefined, 2)}\n`);
    } else {
      for (const line of prunedLines(pruned, isDryRun)) context.write(`${line}\n`);
    }
    return ExitCode.done;
  },
};

function prunedLines(pruned: readonly Pruned[], isDryRun: boolean): string[] {
  const bytes = pruned.reduce((sum, item) => sum + item.bytes, 0);
  const verb = isDryRun ? "would delete" : "deleted";
  return [
    ...pruned.map(
      (item) => `${verb} ${item.kind.padEnd(9)} ${item.name}  ${megabytes(item.bytes)}`,
    ),
    pruned.length === 0
      ? "nothing to delete"
      : `${verb} ${pruned.length} in all, ${megabytes(bytes)}`,
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

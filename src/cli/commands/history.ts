import { newestRuns } from "../../ledger/runs.ts";
import { runStatus } from "../../ledger/status-file.ts";
import { stagesOf } from "../../ledger/runs.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { singleLine } from "../../system/text.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { parseCount } from "../options.ts";

const LIMIT_DEFAULT = 20;

/** `cbi history`: the runs of a home, the newest first. */
export const command: Command = {
  words: ["history"],
  summary: "List the runs, the newest first",
  arguments: [{ name: "[job]", summary: "only runs of this job" }],
  options: [
    {
      flags: "-n, --limit <count>",
      summary: `how many (default: ${LIMIT_DEFAULT})`,
      parse: parseCount(1, 100_000),
    },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi history", says: "the last twenty runs" },
    { line: "cbi history nightly -n 100 --json", says: "a hundred nights, for a program" },
  ],
  exits: [
    { code: ExitCode.done, when: "the runs were listed" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    using ledger = ledgerOf(home);
    const [job] = input.arguments;
    const limit = Number(input.options["limit"] ?? LIMIT_DEFAULT);
    const runs = ledger ? newestRuns(ledger, { limit, ...(job === undefined ? {} : { job }) }) : [];
    if (input.options["json"] === true) {
      const statuses = runs.map((run) => runStatus(run, ledger ? stagesOf(ledger, run.id) : []));
      context.write(`${JSON.stringify(statuses, undefined, 2)}\n`);
      return ExitCode.done;
    }
    if (runs.length === 0) context.write("no runs yet\n");
    for (const run of runs) {
      const seconds =
        run.endedMs === undefined ? "" : `${((run.endedMs - run.startedMs) / 1000).toFixed(0)} s`;
      const what = run.error ? singleLine(run.error.message, 80) : "";
      const warned = run.warnings.length === 0 ? "" : `${run.warnings.length} warnings `;
      context.write(
        `${run.id}  ${run.job.padEnd(10)} ${run.state.padEnd(11)} as of ${run.asOf ?? "?"} ${seconds.padStart(7)}  ${warned}${what}`.trimEnd() +
          "\n",
      );
    }
    return ExitCode.done;
  },
};

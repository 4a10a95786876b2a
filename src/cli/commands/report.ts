import { nightResult, nightSummary } from "../../pipeline/summary.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf, runNamed } from "../home.ts";

/** `cbi report`: what a night found out, as a table here and as a page for a browser. */
export const command: Command = {
  words: ["report"],
  summary: "Show how good the models are, and where the report with its plots lies",
  arguments: [{ name: "[run]", summary: "the run's id or a part of it (default: the newest)" }],
  options: [{ ...jsonOption, summary: "the evaluation in JSON" }, homeOption],
  examples: [
    { line: "cbi report", says: "the last night" },
    { line: "cbi report --json | jq '.horizons[].decision.outcome'", says: "the decisions" },
  ],
  exits: [
    { code: ExitCode.done, when: "the report was shown" },
    { code: ExitCode.failed, when: "the run has no evaluation" },
    { code: ExitCode.usage, when: "there is no such run" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    using ledger = ledgerOf(home);
    const run = runNamed(ledger, input.arguments[0]);
    const result = ledger && (await nightResult(home.paths, ledger, run.id));
    if (!result) {
      throw new Failure({
        code: "CBI_NO_REPORT",
        message: `run ${run.id} (${run.state}) has no evaluation`,
        remedy: "See which runs are done: cbi history",
        exit: ExitCode.failed,
      });
    }
    if (input.options["json"] === true) {
      context.write(`${JSON.stringify(result.evaluation, undefined, 2)}\n`);
    } else {
      for (const line of nightSummary(result)) context.write(`${line}\n`);
    }
    return ExitCode.done;
  },
};

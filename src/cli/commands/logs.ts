import { findRun } from "../../ledger/runs.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf, runNamed } from "../home.ts";
import { followLog, lineShower, logLines } from "../show/log-text.ts";

/** `cbi logs`: what a run said, now or while it speaks. */
export const command: Command = {
  words: ["logs"],
  summary: "Print the log of a run, by default of the newest",
  arguments: [{ name: "[run]", summary: "the run's id, or an unmistakable part of it" }],
  options: [
    { flags: "-f, --follow", summary: "go on as the run goes on, until it ends" },
    { ...jsonOption, summary: "the log's own JSON lines" },
    homeOption,
  ],
  examples: [
    { line: "cbi logs", says: "the newest run" },
    { line: "cbi logs --follow", says: "a run under way" },
  ],
  exits: [
    { code: ExitCode.done, when: "the log was printed" },
    { code: ExitCode.failed, when: "the log is gone" },
    { code: ExitCode.usage, when: "there is no such run" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    using ledger = ledgerOf(home);
    const run = runNamed(ledger, input.arguments[0]);
    const show = lineShower(context, input.options["json"] === true);
    if (input.options["follow"] === true && ledger) {
      const isRunning = (): boolean => findRun(ledger, run.id)?.state === "running";
      await followLog(home.paths, run, context, { show, fromStart: true, isRunning });
      return ExitCode.done;
    }
    for (const line of await logLines(home.paths, run.job, run.id)) show(line);
    return ExitCode.done;
  },
};

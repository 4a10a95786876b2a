import { findRun } from "../../ledger/runs.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf, newestRun } from "../home.ts";
import { parseCount } from "../options.ts";
import { roadOf } from "../road.ts";
import { serviceNamed } from "../service.ts";
import { followLog, lineShower, logLines } from "../show/log-text.ts";

const LINES_DEFAULT = 200;

/** `cbi service logs`: what a service said last, or says now. */
export const command: Command = {
  words: ["service", "logs"],
  summary: "Print the last lines of a service's log",
  arguments: [{ name: "<service>", summary: "the job's name in cbi.yaml" }],
  options: [
    {
      flags: "-n, --lines <count>",
      summary: `how many lines (default: ${LINES_DEFAULT})`,
      parse: parseCount(1, 100_000),
    },
    { flags: "-f, --follow", summary: "go on as the service goes on, until its run ends" },
    { ...jsonOption, summary: "the log's own JSON lines" },
    homeOption,
  ],
  examples: [
    { line: "cbi service logs execute", says: "its last lines" },
    { line: "cbi service logs execute --lines 20 --follow", says: "and what it says from now on" },
  ],
  exits: [
    { code: ExitCode.done, when: "the log was printed" },
    { code: ExitCode.failed, when: "the log is gone, or the service never ran" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const road = roadOf(context, home);
    using ledgers = road.ledgers;
    void ledgers;
    const { name } = serviceNamed(road, input.arguments[0] ?? "");
    using ledger = ledgerOf(home);
    const run = ledger && newestRun(ledger, name);
    if (!ledger || !run) {
      throw new Failure({
        code: "CBI_NO_RUN",
        message: `${name} has never run`,
        remedy: `Start it with: cbi service start ${name}`,
        exit: ExitCode.failed,
      });
    }
    const { lines, follow } = input.options;
    const show = lineShower(context, input.options["json"] === true);
    const all = await logLines(home.paths, name, run.id);
    for (const line of all.slice(-(typeof lines === "number" ? lines : LINES_DEFAULT))) show(line);
    if (follow !== true) return ExitCode.done;
    const isRunning = (): boolean => findRun(ledger, run.id)?.state === "running";
    await followLog(home.paths, run, context, { show, fromStart: false, isRunning });
    return ExitCode.done;
  },
};
